// What user code holds and what the core calls: the two sides of the contract that every programming model
// stands on. No implementation here.

import type { Subscribed, SubscribeOptions } from './topic-hub.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/**
 * What became of a send. `sent`: taken, and the connection keeps up. `queued`: taken too, but more than
 * `limits.highWaterBytes` wait; hold back until `drain`. `closed`: not taken, and nothing will be.
 */
export type SendResult = 'sent' | 'queued' | 'closed'

/** One open line. Commands never throw for the state of the line, and never call back before they return. */
export interface Connection<Data = unknown> {
  /** Rises from 1 within a process; never reused. */
  readonly id: number
  /** The program's own: what its `upgrade` function gave, undefined otherwise. */
  data: Data
  /** Bytes that wait to be sent, of direct messages. */
  readonly bufferedBytes: number
  /** A small copy of the request that opened the line. */
  readonly request: UpgradeRequest
  /** The subprotocol that was agreed; '' when none. */
  readonly subprotocol: string
  /** Sends a text (string) or binary message. The bytes are copied before the call returns. */
  send(message: string | Uint8Array): SendResult
  /** Sends a ping of at most 125 bytes; the answer is not reported. */
  ping(payload?: Uint8Array): SendResult
  /**
   * Begins the close handshake. Without a code the frame is empty.
   *
   * @throws HoldlineError ERR_CLOSE_ARGUMENT for a code outside 1000–1003, 1007–1014, 3000–4999, a reason
   * longer than 123 bytes of UTF-8; TypeError for a reason that is not a string.
   */
  close(code?: number, reason?: string): void
  /** Cuts the line at once, without a close frame. */
  terminate(): void
  /** No message is given to the behavior until `resume`, those already received included. */
  pause(): void
  resume(): void
  /** Calls `f`; what it sends leaves in one write. (Each turn of the loop does so already.) */
  cork(f: () => void): void
  /**
   * From now on every publication of the topic is sent to this connection; with `since` those it has missed come first.
   * Twice is once. Resolves when it is subscribed; who does not need to know need not wait.
   *
   * @throws HoldlineError ERR_TOPIC_NAME; rejects with ERR_CONNECTION_CLOSED, ERR_TOPIC_UNKNOWN, ERR_CURSOR_INVALID or what
   * the broker says, which is reported where nobody waits.
   */
  subscribe(topic: string, options?: SubscribeOptions): Promise<Subscribed>
  unsubscribe(topic: string): void
}

/** A request to leave a server that drains, or that has more connections than its share. */
export interface Leave {
  /** When: slots are spread, so that those who leave do not arrive somewhere else all at once. */
  readonly afterMs: number
  /** For a person to read. */
  readonly reason: string
  /** Where to come again; null: at the same address. */
  readonly url: string | null
}

/** What the core calls: one frozen object per route, all functions synchronous. */
export interface Behavior<Data = unknown> {
  open?(c: Connection<Data>): void
  /** Text is a string. Bytes are borrowed until the function returns: keep a copy, not the view. */
  message(c: Connection<Data>, data: string | Uint8Array): void
  /** Once after each run of 'queued', when the backlog is at or below `limits.lowWaterBytes`. */
  drain?(c: Connection<Data>): void
  /**
   * The server is about to close this connection: tells the other side, in the subprotocol's own words, when to leave
   * and come again. Who has not left a moment after is closed with 1012. Without this function the close frame, at the
   * same time, is all that is said.
   */
  leaving?(c: Connection<Data>, leave: Leave): void
  /** Once, last. 1005: closed without a code; 1006: the line broke. */
  close(c: Connection<Data>, code: number, reason: string): void
}
