// What `serve` and `attach` give a program.

import type { PresenceListener, PresentMember } from '../connection/presence-hub.ts'
import type { ListenAddress } from '../connection/engine.ts'
import type {
  Cursor,
  HistoryOptions,
  HistoryPage,
  PublishedMessage,
  PublishOptions,
} from '../connection/topic-hub.ts'
import type { Revocation } from '../line/revocations.ts'
import type { TopicListener } from '../topics/topics.ts'
import type { ServerStats } from './statistics.ts'

export interface CloseOptions {
  /** The code that every connection is closed with. Default 1001, going away; 1012 says: come back soon. */
  readonly code?: number
  readonly reason?: string
  /** Milliseconds until what is left is cut. Default: `graceMs` of the server. */
  readonly graceMs?: number
}

/** A topic, for the program itself: `server.topic('news')`. */
export interface Topic {
  readonly name: string
  /**
   * Publishes; resolves when the broker has it, with its cursor, or null for a topic without history.
   *
   * @throws HoldlineError ERR_TOPIC_NAME; rejects with ERR_SERVER_CLOSED or what the broker says.
   */
  publish(message: PublishedMessage, options?: PublishOptions): Promise<Cursor | null>
  /** Hears the publications in this process, from now on. Returns how to stop. */
  subscribe(listener: TopicListener): () => void
  /** A page of what is kept. Rejects with ERR_TOPIC_UNKNOWN where the topic has no history. */
  history(options?: HistoryOptions): Promise<HistoryPage>
  /**
   * Announces a member on the topic, with any JSON as its state, or its new state. It stays while its holder does: a connection
   * until it closes, another object until `absent`. Nothing happens for a connection that is closed.
   *
   * @throws HoldlineError ERR_PRESENCE_MEMBER, ERR_PRESENCE_STATE, ERR_PRESENCE_FULL
   */
  present(holder: object, member: string, state?: unknown): void
  /** The holder lets go of its member on this topic. */
  absent(holder: object): void
  /** Who is present on the topic, in all processes; a process that has just started asks the others first. */
  members(): Promise<PresentMember[]>
  /** Calls the listener with who joins, leaves, or changes state, from now on, in order. Returns how to stop. */
  watch(listener: PresenceListener): () => void
}

/** Which connections are to go elsewhere, and how fast. */
export interface ShedOptions {
  /** How many, of those of all workers: so many, or this part of them. One of the two. */
  readonly count?: number
  readonly fraction?: number
  /** Milliseconds over which they are spread. Default 10,000. */
  readonly overMs?: number
  /** Where they are to go, for clients that are told: default the same address, where a balancer finds them a place. */
  readonly url?: string
  readonly reason?: string
}

export interface Server extends AsyncDisposable {
  /** `http://localhost:8080`, with the port that was really taken; `unix:/path` for a socket file. */
  readonly url: string
  /** 0 where the server listens on a socket file. */
  readonly port: number
  readonly address: ListenAddress
  /** The engine that runs, and why it was chosen. */
  readonly engine: { readonly name: string; readonly reason: string }
  /** Worker processes; 1 without a supervisor. */
  readonly processCount: number
  /** Number of this worker, from 1; 0 in a server of one process and in the supervisor. */
  readonly workerId: number
  /**
   * Sends a message to every connection, of every worker, that is subscribed to the topic. Resolves when the
   * broker has it.
   *
   * @throws HoldlineError ERR_TOPIC_NAME; rejects with ERR_SERVER_CLOSED or what the broker says.
   */
  publish(
    topic: string,
    message: PublishedMessage,
    options?: PublishOptions,
  ): Promise<Cursor | null>
  /** @throws HoldlineError ERR_TOPIC_NAME */
  topic(name: string): Topic
  /**
   * Ends the lines (`holdline/line`) of an identity, a tenant, a session or a token, in all processes, and lets nobody
   * in with what was issued to them until now. Resolves when the broker has it.
   *
   * @throws HoldlineError ERR_OPTION_INVALID; rejects with ERR_SERVER_CLOSED or what the broker says.
   */
  revoke(what: Revocation): Promise<void>
  /** Hears the publications of a topic in this process, its own included. Returns how to stop. */
  subscribe(topic: string, listener: TopicListener): () => void
  /** Calls the listener with the number of each worker that ended. Returns how to stop. */
  onWorkerLeft(listener: (workerId: number) => void): () => void
  /** Counters and gauges of this process; of all workers together in the supervisor. */
  stats(): Promise<ServerStats>
  /**
   * Sends connections away, to a server that joined later: those whose subprotocol has words for it are told when to leave,
   * all others are closed with 1012. Resolves with how many, when they have been chosen. One call takes the place of the one before.
   *
   * @throws HoldlineError ERR_OPTION_INVALID
   */
  shed(options: ShedOptions): Promise<number>
  /** Takes no more connections, closes those that are open, and ends when they are gone or the grace is over. */
  close(options?: CloseOptions): Promise<void>
}
