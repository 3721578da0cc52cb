// A broker in the contract suite, with all that it has told; and what the cases wait for. Knows no broker.

import assert from 'node:assert/strict'
import type {
  AppendOptions,
  Broker,
  BrokerSink,
  Cursor,
  Publication,
  PublishedMessage,
  Retention,
} from '../topics/broker.ts'
import { TopicReader } from './topic-reader.ts'

/** What the cases keep unless they say otherwise: more than any of them publishes. */
export const AMPLE: Retention = { count: 100_000, bytes: 100_000_000, ageMs: 3_600_000 }

export type HeardPublication = readonly [topic: string, message: PublishedMessage]

export interface ToldPublication {
  readonly topic: string
  readonly epoch: string
  readonly publication: Publication
}

export class BrokerParticipant {
  readonly broker: Broker
  /** What `deliver` was called with. */
  readonly heard: HeardPublication[] = []
  /** What `appended` was called with. */
  readonly told: ToldPublication[] = []
  readonly interruptions: Error[] = []
  restoredCount = 0
  readonly gone: string[] = []
  readonly #readers = new Map<string, TopicReader>()
  readonly #sink: BrokerSink = {
    deliver: (topic, message) => void this.heard.push([topic, copyOf(message)]),
    appended: (topic, epoch, publication) => {
      this.told.push({ topic, epoch, publication })
      this.#readers.get(topic)?.appended(epoch, publication)
    },
    interrupted: (error) => void this.interruptions.push(error),
    restored: () => {
      this.restoredCount++
      for (const reader of this.#readers.values()) reader.catchUp()
    },
    processGone: (processName) => void this.gone.push(processName),
  }

  constructor(broker: Broker) {
    this.broker = broker
  }

  /** Starts the broker, and attaches it to topics without history. */
  async start(...topics: readonly string[]): Promise<void> {
    await this.broker.start(this.#sink)
    for (const topic of topics) {
      assert.equal(await this.broker.attach(topic, null), null, 'the head of no history is null')
    }
  }

  append(
    topic: string,
    message: PublishedMessage,
    options: Partial<AppendOptions> = {},
  ): Promise<Cursor> {
    return this.broker.append(topic, message, appendOptions(options))
  }

  /** Attaches to a topic with history and reads on, from its head or from behind a cursor. */
  async reader(topic: string, after?: Cursor, retention: Retention = AMPLE): Promise<TopicReader> {
    const reader = new TopicReader(this.broker, topic, retention)
    this.#readers.set(topic, reader)
    await reader.start(after)
    return reader
  }

  /** Called at the end of a case: no reader asks for more. */
  endReaders(): void {
    for (const reader of this.#readers.values()) reader.stop()
  }
}

export function appendOptions(options: Partial<AppendOptions> = {}): AppendOptions {
  return { key: null, idempotencyKey: null, retention: AMPLE, ...options }
}

/** Starts them all, attached to the same topics without history. */
export async function startAll(
  participants: readonly BrokerParticipant[],
  ...topics: readonly string[]
): Promise<void> {
  await Promise.all(participants.map((each) => each.start(...topics)))
}

/** Waits until each has heard so many publications, and fails when one has not within five seconds. */
export async function allHear(
  participants: readonly BrokerParticipant[],
  count: number,
): Promise<void> {
  await until(
    () => participants.every(({ heard }) => heard.length >= count),
    () =>
      `${count} publications heard; there were ${participants.map((p) => p.heard.length).join(', ')}`,
  )
}

/** Waits until all readers have read so many publications. */
export async function allRead(
  readers: readonly TopicReader[],
  count: number,
  withinMs?: number,
): Promise<void> {
  await until(
    () => {
      for (const { faults } of readers) if (faults.length > 0) throw faults[0]
      return readers.every(({ read }) => read.length >= count)
    },
    () =>
      `${count} publications read; there were ${readers.map(({ read }) => read.length).join(', ')}`,
    withinMs,
  )
}

/** Waits until something is so, and fails when it is not in time: within five seconds, unless set. */
export async function until(
  isSo: () => boolean,
  what: () => string,
  withinMs = 5_000,
): Promise<void> {
  const giveUpAt = performance.now() + withinMs
  while (!isSo()) {
    if (performance.now() > giveUpAt) assert.fail(`waited ${withinMs} ms in vain for ${what()}`)
    await pass(2)
  }
}

/** Settles as `promise` does; fails where that takes longer. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new assert.AssertionError({ message: what })), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

export function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Time in which something that must not happen would have happened. */
export function quiet(): Promise<void> {
  return pass(50)
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function copyOf(message: PublishedMessage): PublishedMessage {
  return typeof message === 'string' ? message : Uint8Array.from(message)
}
