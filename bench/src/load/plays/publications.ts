// Play: one publisher per topic keeps a number of publications under way; one is complete when every subscriber
// of the topic, the publisher included, has it. Connection c is in topic c % topics; the first of each publishes.
import type { LoadEngine, Play, StableFrame } from '../load-engine.ts'
import { FrameCounter } from '../frame-counter.ts'
import { ReplyError } from './reply-error.ts'

export interface PublicationsOptions {
  readonly connectionCount: number
  readonly topicCount: number
  readonly request: StableFrame
  /** What each subscriber gets for it; null: messages of different lengths, a frame each. */
  readonly reply: Uint8Array | null
  /** Publications under way in each topic. */
  readonly inFlight: number
  /** The next ones of a topic leave together, when all that are under way are complete. Default: each by itself. */
  readonly atOnce?: boolean
  readonly roundMs: number
}

export class Publications implements Play {
  readonly spins = false
  deliveryCount = 0
  publicationCount = 0
  readonly #engine: LoadEngine
  readonly #options: PublicationsOptions
  readonly #replyBytes: number
  readonly #frames: FrameCounter | null
  readonly #arrivedBytes: Int32Array
  /** Publications that a connection has in full. */
  readonly #deliveredCounts: Int32Array
  /** Connections that have publication k, in slot `topic × inFlight + k % inFlight`: so many are under way at most. */
  readonly #reached: Int32Array
  /** By topic. */
  readonly #sentCounts: Int32Array
  /** By topic: complete since the last ones left. */
  readonly #completeCounts: Int32Array
  #underWayCount: number
  #endMs = 0
  #isStopping = false

  constructor(engine: LoadEngine, options: PublicationsOptions) {
    this.#engine = engine
    this.#options = options
    this.#replyBytes = options.reply?.length ?? 0
    this.#frames = options.reply === null ? new FrameCounter(options.connectionCount) : null
    this.#arrivedBytes = new Int32Array(options.connectionCount)
    this.#deliveredCounts = new Int32Array(options.connectionCount)
    this.#reached = new Int32Array(options.topicCount * options.inFlight)
    this.#sentCounts = new Int32Array(options.topicCount).fill(options.inFlight)
    this.#completeCounts = new Int32Array(options.topicCount)
    this.#underWayCount = options.topicCount * options.inFlight
  }

  begin(nowMs: number): void {
    const { topicCount, request, inFlight, roundMs } = this.#options
    this.#endMs = nowMs + roundMs
    for (let topic = 0; topic < topicCount; topic++) this.#engine.send(topic, request, inFlight)
  }

  opened(): void {}

  received(connection: number, chunk: Uint8Array, start: number, end: number): void {
    if (this.#frames !== null) {
      for (let i = this.#frames.count(connection, chunk, start, end); i > 0; i--) {
        this.#delivered(connection)
      }
      return
    }
    let arrived = this.#arrivedBytes[connection]! + end - start
    while (arrived >= this.#replyBytes) {
      arrived -= this.#replyBytes
      this.#delivered(connection)
    }
    this.#arrivedBytes[connection] = arrived
  }

  turn(nowMs: number): boolean {
    if (nowMs >= this.#endMs) this.#isStopping = true
    return this.#isStopping && this.#underWayCount === 0
  }

  #delivered(connection: number): void {
    const { topicCount, inFlight, connectionCount } = this.#options
    const topic = connection % topicCount
    const publication = this.#deliveredCounts[connection]!++
    if (publication >= this.#sentCounts[topic]!) {
      throw new ReplyError(connection, 'more came than was published')
    }
    const slot = topic * inFlight + (publication % inFlight)
    const reached = this.#reached[slot]! + 1
    this.deliveryCount++
    const subscriberCount = Math.ceil((connectionCount - topic) / topicCount)
    if (reached < subscriberCount) {
      this.#reached[slot] = reached
      return
    }
    this.#reached[slot] = 0
    this.publicationCount++
    this.#underWayCount--
    if (!this.#isStopping) this.#next(topic)
  }

  #next(topic: number): void {
    const { request, inFlight, atOnce = false } = this.#options
    const complete = this.#completeCounts[topic]! + 1
    this.#completeCounts[topic] = complete
    if (atOnce && complete < inFlight) return
    this.#completeCounts[topic] = 0
    this.#sentCounts[topic]! += complete
    this.#underWayCount += complete
    this.#engine.send(topic, request, complete)
  }
}
