// Play: every connection keeps a number of messages under way, and sends the next when an echo is complete.
// Replies are counted by their bytes; they were compared before (verification.ts).
import type { LoadEngine, Play, StableFrame } from '../load-engine.ts'
import { ReplyError } from './reply-error.ts'

export interface ClosedLoopOptions {
  readonly connectionCount: number
  readonly request: StableFrame
  readonly reply: Uint8Array
  /** Messages under way on each connection. */
  readonly window: number
  readonly roundMs: number
}

export class ClosedLoop implements Play {
  readonly spins = false
  messageCount = 0
  readonly #engine: LoadEngine
  readonly #options: ClosedLoopOptions
  readonly #replyBytes: number
  readonly #firstByte: number
  /** Of the reply that is arriving, by connection. */
  readonly #arrivedBytes: Int32Array
  readonly #underWay: Int32Array
  #underWayCount = 0
  #endMs = 0
  #isStopping = false

  constructor(engine: LoadEngine, options: ClosedLoopOptions) {
    this.#engine = engine
    this.#options = options
    this.#replyBytes = options.reply.length
    this.#firstByte = options.reply[0]!
    this.#arrivedBytes = new Int32Array(options.connectionCount)
    this.#underWay = new Int32Array(options.connectionCount)
  }

  begin(nowMs: number): void {
    const { connectionCount, window, roundMs } = this.#options
    this.#endMs = nowMs + roundMs
    this.#underWayCount = connectionCount * window
    for (let connection = 0; connection < connectionCount; connection++) {
      this.#underWay[connection] = window
      this.#engine.send(connection, this.#options.request, window)
    }
  }

  opened(): void {}

  received(connection: number, chunk: Uint8Array, start: number, end: number): void {
    let arrived = this.#arrivedBytes[connection]!
    if (arrived === 0 && chunk[start] !== this.#firstByte) {
      throw new ReplyError(
        connection,
        `a frame that starts with ${chunk[start]} instead of ${this.#firstByte}`,
      )
    }
    arrived += end - start
    if (arrived < this.#replyBytes) {
      this.#arrivedBytes[connection] = arrived
      return
    }
    const count = Math.floor(arrived / this.#replyBytes)
    this.#arrivedBytes[connection] = arrived - count * this.#replyBytes
    const underWay = this.#underWay[connection]!
    if (count > underWay) throw new ReplyError(connection, 'more bytes came than the echoes have')
    this.messageCount += count
    if (this.#isStopping) {
      this.#underWay[connection] = underWay - count
      this.#underWayCount -= count
    } else this.#engine.send(connection, this.#options.request, count)
  }

  turn(nowMs: number): boolean {
    if (nowMs >= this.#endMs) this.#isStopping = true
    return this.#isStopping && this.#underWayCount === 0
  }
}
