// Token buckets for one connection: messages and bytes a second, each with a burst of one second.

import type { Limits } from './limits.ts'

export class RateLimit {
  readonly #messagesPerSecond: number
  readonly #bytesPerSecond: number
  #messages: number
  #bytes: number
  #messagesAtMs = 0
  #bytesAtMs = 0

  constructor(messagesPerSecond: number, bytesPerSecond: number) {
    this.#messagesPerSecond = messagesPerSecond
    this.#bytesPerSecond = bytesPerSecond
    this.#messages = messagesPerSecond
    this.#bytes = bytesPerSecond
  }

  /** null when the route sets neither limit. */
  static of(limits: Limits): RateLimit | null {
    const { messagesPerSecond, bytesPerSecond } = limits
    if (messagesPerSecond === 0 && bytesPerSecond === 0) return null
    return new RateLimit(messagesPerSecond, bytesPerSecond)
  }

  /** Takes one message at the time `nowMs`; false: over the limit. */
  takeMessage(nowMs: number): boolean {
    const rate = this.#messagesPerSecond
    if (rate === 0) return true
    this.#messages = refill(this.#messages, rate, nowMs - this.#messagesAtMs)
    this.#messagesAtMs = nowMs
    return --this.#messages >= 0
  }

  /** Takes bytes at the time `nowMs`; false: over the limit. */
  takeBytes(count: number, nowMs: number): boolean {
    const rate = this.#bytesPerSecond
    if (rate === 0) return true
    this.#bytes = refill(this.#bytes, rate, nowMs - this.#bytesAtMs)
    this.#bytesAtMs = nowMs
    this.#bytes -= count
    return this.#bytes >= 0
  }
}

function refill(tokens: number, perSecond: number, elapsedMs: number): number {
  return Math.min(perSecond, tokens + (perSecond * elapsedMs) / 1_000)
}
