// Publishes to a topic with history for as long as it is told to, each publication with an idempotency key and again
// until it is acknowledged; and notes what was. Knows no broker.

import assert from 'node:assert/strict'
import { HoldlineError } from '../protocol/errors.ts'
import type { Cursor } from '../topics/broker.ts'
import type { BrokerParticipant } from './broker-participant.ts'

export interface Acknowledged {
  readonly message: string
  readonly cursor: Cursor
}

const PAUSE_MS = 5
const RETRY_MS = 20
/** How long a broker may take to answer, whatever happens to it; the rest is for a loaded machine. */
const ANSWER_MS = 5_000 + 1_000

export class PatientPublisher {
  readonly acknowledged: Acknowledged[] = []
  /** What is wrong with the broker's answers. */
  readonly #wrong: string[] = []
  readonly #participant: BrokerParticipant
  readonly #topic: string
  readonly #name: string
  #isStopped = false
  #run: Promise<void> | null = null

  constructor(participant: BrokerParticipant, topic: string, name: string) {
    this.#participant = participant
    this.#topic = topic
    this.#name = name
  }

  start(): void {
    this.#run = this.#publishAll()
  }

  /** Resolves when the last one is acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#run
  }

  /** Every refusal was a HoldlineError, and came in time. */
  check(): void {
    assert.deepEqual(this.#wrong, [])
  }

  async #publishAll(): Promise<void> {
    for (let i = 0; !this.#isStopped; i++) {
      const message = `${this.#name}/${i}`
      const cursor = await this.#publish(message)
      this.acknowledged.push({ message, cursor })
      await pass(PAUSE_MS)
    }
  }

  async #publish(message: string): Promise<Cursor> {
    for (;;) {
      const askedAt = performance.now()
      try {
        return await this.#participant.append(this.#topic, message, { idempotencyKey: message })
      } catch (error) {
        if (!(error instanceof HoldlineError)) this.#wrong.push(String(error))
        await pass(RETRY_MS)
      } finally {
        const tookMs = performance.now() - askedAt
        if (tookMs > ANSWER_MS) this.#wrong.push(`an answer took ${tookMs.toFixed()} ms`)
      }
    }
  }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
