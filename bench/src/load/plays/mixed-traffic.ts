// Play: messages that leave on a schedule, on one connection after the other, beside a burst at the start of the
// round. Every byte that comes back is compared, and a connection has one message under way at a time.
import type { LoadEngine, Play, StableFrame } from '../load-engine.ts'
import { ReplyError } from './reply-error.ts'

/** A message and what must come back for it. */
export interface Echoed {
  readonly request: StableFrame
  readonly reply: Buffer
}

export interface Burst {
  /** One of these for each connection, in turn. */
  readonly messages: readonly Echoed[]
  readonly connectionCount: number
}

export interface MixedTrafficOptions {
  readonly connectionCount: number
  readonly messages: readonly Echoed[]
  readonly messagesPerSecond: number
  readonly roundMs: number
  /** The schedule goes on where the last round ended, so that a short round reaches other connections. */
  readonly firstNumber: number
  /** Sent at once when the round begins. */
  readonly burst: Burst | undefined
}

export class MixedTraffic implements Play {
  /** It sleeps between batches: what is due waits for 20 ms at most, and the core is left to others. */
  readonly spins = false
  messageCount = 0
  readonly #engine: LoadEngine
  readonly #options: MixedTrafficOptions
  readonly #intervalMs: number
  readonly #plannedCount: number
  readonly #underWay: (Echoed | undefined)[]
  readonly #arrivedBytes: Int32Array
  #underWayCount = 0
  #scheduledCount = 0
  #startMs = 0

  constructor(engine: LoadEngine, options: MixedTrafficOptions) {
    this.#engine = engine
    this.#options = options
    this.#intervalMs = 1000 / options.messagesPerSecond
    this.#plannedCount = Math.max(1, Math.floor(options.roundMs / this.#intervalMs))
    this.#underWay = Array.from({ length: options.connectionCount }, () => undefined)
    this.#arrivedBytes = new Int32Array(options.connectionCount)
  }

  begin(nowMs: number): void {
    this.#startMs = nowMs
    const { burst, firstNumber, connectionCount } = this.#options
    if (burst === undefined) return
    for (let i = 0; i < Math.min(burst.connectionCount, connectionCount); i++) {
      this.#send((firstNumber + i) % connectionCount, burst.messages, firstNumber + i)
    }
  }

  opened(): void {}

  received(connection: number, chunk: Uint8Array, start: number, end: number): void {
    const echoed = this.#underWay[connection]
    const before = this.#arrivedBytes[connection]!
    if (echoed === undefined) {
      throw new ReplyError(connection, 'bytes came, and nothing was under way')
    }
    const { reply } = echoed
    const arrived = before + end - start
    if (arrived > reply.length) {
      throw new ReplyError(connection, 'more bytes came than the echo has')
    }
    // The native comparison first: these are all bytes of the run.
    if (reply.compare(chunk, start, end, before, arrived) !== 0) {
      throw new ReplyError(connection, differenceOf(reply, before, chunk, start))
    }
    if (arrived < reply.length) {
      this.#arrivedBytes[connection] = arrived
      return
    }
    this.#arrivedBytes[connection] = 0
    this.#underWay[connection] = undefined
    this.#underWayCount--
    this.messageCount++
  }

  turn(nowMs: number): boolean {
    const { connectionCount, firstNumber, messages } = this.#options
    const isDue = Math.floor((nowMs - this.#startMs) / this.#intervalMs) + 1
    const dueCount = Math.min(this.#plannedCount, isDue)
    while (this.#scheduledCount < dueCount) {
      const number = firstNumber + this.#scheduledCount
      // The schedule waits for a connection that is busy: an echo that never comes so ends the round.
      if (this.#underWay[number % connectionCount] !== undefined) break
      this.#scheduledCount++
      this.#send(number % connectionCount, messages, number)
    }
    return this.#scheduledCount === this.#plannedCount && this.#underWayCount === 0
  }

  #send(connection: number, messages: readonly Echoed[], number: number): void {
    const echoed = messages[number % messages.length]!
    this.#underWay[connection] = echoed
    this.#underWayCount++
    this.#engine.send(connection, echoed.request, 1)
  }
}

function differenceOf(reply: Buffer, before: number, chunk: Uint8Array, start: number): string {
  let at = 0
  while (reply[before + at] === chunk[start + at]) at++
  return `byte ${before + at} of the reply is ${chunk[start + at]} instead of ${reply[before + at]}`
}
