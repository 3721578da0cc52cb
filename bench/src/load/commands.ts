// What the bench says to a load generator process, and what it answers. Each command has one answer.
import type { DialectName, ResumePoint } from '../process/dialect.ts'
import type { PayloadKind } from './request-frame.ts'

export interface MessageShape {
  readonly kind: PayloadKind
  readonly payloadBytes: number
}

/** A stretch of time in which the generator worked. */
export interface LoadRound {
  readonly elapsedMs: number
  /** CPU time of the generator itself, to tell whether it was the bottleneck. */
  readonly generatorCpuUs: number
}

export interface EchoLoadRound extends LoadRound {
  readonly messages: number
}

export interface PacedLoadRound extends EchoLoadRound {
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly highestUs: number
  /** How late the generator itself was, at the 99th percentile. */
  readonly lateP99Us: number
}

export interface PublicationsRound extends LoadRound {
  readonly publications: number
  readonly deliveries: number
}

export interface HandshakesRound extends LoadRound {
  readonly handshakes: number
}

/** By command: what it takes, and what it gives back. */
export interface Commands {
  /** Which engine moves the bytes. */
  describe: { takes: object; gives: { readonly engine: string } }
  /** Connects all: to `/`, or, where there are topics, connection c to topic c % topicCount. */
  open: {
    takes: {
      readonly port: number
      readonly dialect: DialectName
      readonly connectionCount: number
      readonly topicCount: number
      /** As many at a time as wait in a listening socket's queue; each is open when it has what it missed. */
      readonly resume?: ResumePoint
    }
    gives: LoadRound
  }
  /** Compares every byte of echoes, or of a publication in each topic. */
  verify: { takes: MessageShape & { readonly messageCount: number }; gives: LoadRound }
  echo: {
    takes: MessageShape & { readonly window: number; readonly roundMs: number }
    gives: EchoLoadRound
  }
  paced: {
    takes: MessageShape & { readonly messagesPerSecond: number; readonly roundMs: number }
    gives: PacedLoadRound
  }
  /** Messages on a schedule beside a burst at the start, every byte compared; `firstNumber` goes on from round to round. */
  mix: {
    takes: {
      readonly payloadBytes: number
      readonly messagesPerSecond: number
      readonly roundMs: number
      readonly firstNumber: number
      readonly burst?: { readonly payloadBytes: number; readonly connectionCount: number }
    }
    gives: EchoLoadRound
  }
  publish: {
    takes: MessageShape & {
      readonly inFlight: number
      /** The next ones leave together, when all that are under way are complete. */
      readonly atOnce?: boolean
      readonly roundMs: number
    }
    gives: PublicationsRound
  }
  handshakes: {
    takes: {
      readonly port: number
      readonly dialect: DialectName
      readonly atOnce: number
      readonly roundMs: number
    }
    gives: HandshakesRound
  }
  /** Cuts all connections at once, and connects them again, as many at a time as wait in a listening socket's queue. */
  storm: { takes: object; gives: LoadRound }
  /** Cuts all connections. */
  close: { takes: object; gives: LoadRound }
}

export type CommandName = keyof Commands

export interface Command<Name extends CommandName = CommandName> {
  readonly name: Name
  readonly options: Commands[Name]['takes']
}

export type Answer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly message: string }
