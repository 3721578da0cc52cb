// Play: messages leave on a schedule, whatever the server does (open loop), and the time of each is counted
// from the moment it was meant to leave. A server that stalls so pays for every message that had to wait,
// those included that the generator could not send meanwhile: no coordinated omission.
import { LatencyHistogram } from '../latency-histogram.ts'
import type { LoadEngine, Play, StableFrame } from '../load-engine.ts'
import { ReplyError } from './reply-error.ts'

export interface PacedLoadOptions {
  readonly connectionCount: number
  readonly request: StableFrame
  readonly reply: Uint8Array
  readonly messagesPerSecond: number
  readonly roundMs: number
}

export class PacedLoad implements Play {
  readonly spins = true
  /** From the intended send to the last byte of the echo. */
  readonly latency = new LatencyHistogram()
  /** From the intended send to the actual one: how late the generator itself was. */
  readonly lateness = new LatencyHistogram()
  messageCount = 0
  sentCount = 0
  readonly #engine: LoadEngine
  readonly #options: PacedLoadOptions
  readonly #replyBytes: number
  readonly #intervalMs: number
  readonly #arrivedBytes: Int32Array
  /** Complete echoes, by connection: message j of connection c is number j × connections + c of the schedule. */
  readonly #echoCounts: Int32Array
  readonly #plannedCount: number
  #startMs = 0

  constructor(engine: LoadEngine, options: PacedLoadOptions) {
    this.#engine = engine
    this.#options = options
    this.#replyBytes = options.reply.length
    this.#intervalMs = 1000 / options.messagesPerSecond
    this.#arrivedBytes = new Int32Array(options.connectionCount)
    this.#echoCounts = new Int32Array(options.connectionCount)
    this.#plannedCount = Math.max(1, Math.floor(options.roundMs / this.#intervalMs))
  }

  begin(nowMs: number): void {
    this.#startMs = nowMs
  }

  opened(): void {}

  received(connection: number, _chunk: Uint8Array, start: number, end: number): void {
    let arrived = this.#arrivedBytes[connection]! + end - start
    if (arrived >= this.#replyBytes) {
      const nowMs = performance.now()
      const { connectionCount } = this.#options
      let echoCount = this.#echoCounts[connection]!
      while (arrived >= this.#replyBytes) {
        arrived -= this.#replyBytes
        const number = echoCount++ * connectionCount + connection
        if (number >= this.sentCount) {
          throw new ReplyError(connection, 'more bytes came than the echoes have')
        }
        this.latency.add((nowMs - this.#startMs - number * this.#intervalMs) * 1000)
        this.messageCount++
      }
      this.#echoCounts[connection] = echoCount
    }
    this.#arrivedBytes[connection] = arrived
  }

  turn(nowMs: number): boolean {
    const dueCount = Math.min(
      this.#plannedCount,
      Math.floor((nowMs - this.#startMs) / this.#intervalMs) + 1,
    )
    while (this.sentCount < dueCount) {
      const number = this.sentCount++
      this.lateness.add((nowMs - this.#startMs - number * this.#intervalMs) * 1000)
      this.#engine.send(number % this.#options.connectionCount, this.#options.request, 1)
    }
    return this.messageCount === this.#plannedCount
  }
}
