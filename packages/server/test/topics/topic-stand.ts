// A server on the memory engine with a broker whose faults a test chooses, and subscribers that keep what they were sent.
import assert from 'node:assert/strict'
import { serve } from 'holdline'
import type { Connection, Limits, PublicationFormat, Server, TopicOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { FakeClock, MemoryEngine, WireFrameReader } from '../../src/testing/index.ts'
import type { MemoryPeer } from '../../src/testing/index.ts'
import type { Cursor, Gap, Subscribed, SubscribeOptions } from '../../src/connection/topic-hub.ts'
import { FaultyBroker } from './faulty-broker.ts'

/** Tells offsets and gaps on the line. */
export const tellingFormat: PublicationFormat = {
  name: 'telling',
  encode: (topic, { offset, message }) =>
    JSON.stringify({ topic, offset, message: String(message) }),
  gap: (gap) => JSON.stringify({ gap }),
}

export type Received =
  | {
      readonly topic: string
      readonly offset: number
      readonly message: string
      readonly gap?: undefined
    }
  | { readonly gap: Gap }

export class StandLine {
  readonly connection: Connection
  readonly peer: MemoryPeer
  readonly texts: string[] = []
  readonly gaps: Gap[] = []
  answer: Subscribed | null = null
  /** How much had been received when the answer came. */
  receivedBefore = 0
  closeCode: number | null = null
  since: SubscribeOptions['since']
  overflow: SubscribeOptions['overflow']

  constructor(connection: Connection, peer: MemoryPeer) {
    this.connection = connection
    this.peer = peer
    const reader = new WireFrameReader()
    peer.read()
    peer.onBytes = (bytes) => {
      for (const { opcode, payload } of reader.push(bytes)) {
        if (opcode === 1) this.texts.push(Buffer.from(payload).toString())
        if (opcode === 8) this.closeCode = Buffer.from(payload).readUInt16BE(0)
      }
    }
  }

  get received(): Received[] {
    return this.texts.map((text) => JSON.parse(text) as Received)
  }

  /** Offsets, and gaps as `from-to reason`. */
  get story(): (number | string)[] {
    return this.received.map((one) =>
      one.gap === undefined
        ? one.offset
        : `${one.gap.from?.offset}-${one.gap.to?.offset} ${one.gap.reason}`,
    )
  }

  subscribe(topic: string, options: SubscribeOptions = {}): Promise<Subscribed> {
    this.since = options.since
    this.overflow = options.overflow
    const asked = this.connection.subscribe(topic, {
      format: tellingFormat,
      onGap: (gap) => this.gaps.push(gap),
      ...options,
    })
    asked.then(
      (answer) => {
        this.answer = answer
        this.receivedBefore = this.texts.length
      },
      () => {},
    )
    return asked
  }
}

export class TopicStand {
  readonly clock = new FakeClock()
  readonly engine = new MemoryEngine(this.clock)
  readonly broker: FaultyBroker
  readonly #connections: Connection[] = []
  server!: Server

  constructor(broker: FaultyBroker) {
    this.broker = broker
  }

  static async start(
    topics: Record<string, TopicOptions>,
    limits: Partial<Limits> = {},
    broker: FaultyBroker = new FaultyBroker(),
  ): Promise<TopicStand> {
    const stand = new TopicStand(broker)
    stand.server = await serve({
      engine: stand.engine,
      broker: stand.broker,
      topics,
      limits,
      logger: null,
      routes: {
        '/': callbacks({ open: (connection) => void stand.#connections.push(connection) }),
      },
    })
    return stand
  }

  async line(): Promise<StandLine> {
    const peer = this.engine.connect()
    await this.clock.settle()
    return new StandLine(this.#connections.at(-1)!, peer)
  }

  async publish(topic: string, ...messages: string[]): Promise<(Cursor | null)[]> {
    const cursors = await Promise.all(messages.map((text) => this.server.publish(topic, text)))
    await this.settle()
    return cursors
  }

  async settle(): Promise<void> {
    // Reads of history are answered between turns.
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      await this.clock.settle()
    }
  }

  async pass(ms: number): Promise<void> {
    await this.settle()
    await this.clock.pass(ms)
    await this.settle()
  }

  async end(): Promise<void> {
    const closed = this.server.close({ graceMs: 0 })
    await this.clock.pass(10)
    await closed
  }
}

/** Fails unless what the subscriber was sent is what its answer and the gaps say. Returns where it stands. */
export function checkStream(line: StandLine, broker: FaultyBroker): Cursor {
  const { answer, received } = line
  assert.ok(answer !== null && answer.cursor !== null)
  assert.equal(line.receivedBefore, 0, 'sent before the answer')
  if (answer.recovered && line.since !== 'start') assert.deepEqual(answer.cursor, line.since)
  let at: Cursor = answer.cursor
  const said = JSON.stringify({ answer, story: line.story, overflow: line.overflow })
  for (const one of received) {
    if (one.gap !== undefined) {
      assert.deepEqual(one.gap.from, at, `a gap from elsewhere: ${said}`)
      at = one.gap.to!
      continue
    }
    const { offset, message } = one
    assert.equal(broker.journal.get(at.epoch)?.[offset], message, `another publication: ${said}`)
    if (line.overflow === 'conflate') {
      assert.ok(offset > at.offset, `twice, or out of order: ${said}`)
      const keys = broker.keys.get(at.epoch)!
      for (let skipped = at.offset + 1; skipped < offset; skipped++) {
        const later = keys.indexOf(keys[skipped]!, skipped + 1)
        assert.ok(later > skipped, `${skipped} was the latest of its key: ${said}`)
      }
    } else assert.equal(offset, at.offset + 1, `a hole: ${said}`)
    at = { epoch: at.epoch, offset }
  }
  return at
}
