// Play: some connections send one message each, and every byte that comes back, on these or on others, is
// compared. Runs before the clock does.
import type { LoadEngine, Play, StableFrame } from '../load-engine.ts'
import { ReplyError } from './reply-error.ts'

export interface Exchange {
  /** What this connection sends; undefined: it only listens. */
  readonly request: StableFrame | undefined
  /** What must come on it. */
  readonly reply: Uint8Array
}

export class Verification implements Play {
  readonly spins = false
  readonly #engine: LoadEngine
  readonly #connectionCount: number
  readonly #exchangeOf: (connection: number) => Exchange
  readonly #arrivedBytes: Int32Array
  #missingCount: number

  constructor(
    engine: LoadEngine,
    connectionCount: number,
    exchangeOf: (connection: number) => Exchange,
  ) {
    this.#engine = engine
    this.#connectionCount = connectionCount
    this.#exchangeOf = exchangeOf
    this.#arrivedBytes = new Int32Array(connectionCount)
    this.#missingCount = connectionCount
  }

  begin(): void {
    for (let connection = 0; connection < this.#connectionCount; connection++) {
      const { request } = this.#exchangeOf(connection)
      if (request !== undefined) this.#engine.send(connection, request, 1)
    }
  }

  opened(): void {}

  received(connection: number, chunk: Uint8Array, start: number, end: number): void {
    const { reply } = this.#exchangeOf(connection)
    const before = this.#arrivedBytes[connection]!
    for (let i = start, at = before; i < end; i++, at++) {
      if (chunk[i] !== reply[at]) {
        throw new ReplyError(
          connection,
          `byte ${at} of the reply is ${chunk[i]} instead of ${reply[at]}`,
        )
      }
    }
    this.#arrivedBytes[connection] = before + end - start
    if (before + end - start === reply.length) this.#missingCount--
  }

  turn(): boolean {
    return this.#missingCount === 0
  }
}
