// What the contract suite needs of an engine under test: to start it, to reach it, and to let time pass.

import type { Clock } from '../connection/clock.ts'
import type { Acceptor, Listener } from '../connection/engine.ts'

/** The far end of one line. What arrives is given to `onBytes`; nothing arrives before it is set. */
export interface WireLine {
  onBytes: ((bytes: Uint8Array) => void) | null
  /** Whether the server has ended its direction. */
  readonly hasEnded: boolean
  /** Whether the line is gone. */
  readonly isClosed: boolean
  write(bytes: Uint8Array): void
  /** Ends this direction (FIN). */
  end(): void
  /** Breaks the line (RST). */
  cut(): void
  stopReading(): void
  startReading(): void
}

export interface WireRequest {
  readonly path: string
  /** Beside those of an ordinary upgrade, or instead of them; `null` leaves one out. */
  readonly headers: Readonly<Record<string, string | null>>
  readonly method: string
  /** Bytes that are sent in one piece with the request. */
  readonly behind: Uint8Array
}

export interface RunningEngine {
  readonly clock: Clock
  readonly listener: Listener
  /** Opens a line and sends the request. Rejects where nobody listens. */
  dial(request: WireRequest): Promise<WireLine>
  /** Waits, letting time pass, until something is so. Rejects with `what` when it does not become so. */
  until(what: string, isSo: () => boolean): Promise<void>
  /** Closes the listener. */
  stop(): Promise<void>
}

export interface EngineHarness {
  readonly name: string
  /** Starts the engine on a free address, with an acceptor made for its clock. */
  start(acceptorFor: (clock: Clock) => Acceptor): Promise<RunningEngine>
}
