// Topics with real connections on the memory engine: a clock that is told the time, lines that are blocked at will.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { serve } from 'holdline'
import type { Connection, Limits, Server } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import type { HeldConnection } from '../../src/connection/held-connection.ts'
import { FakeClock, MemoryEngine, WireFrameReader } from '../../src/testing/index.ts'
import type { MemoryPeer, WireFrame } from '../../src/testing/index.ts'
import { TopicLog } from '../../src/topics/topic-log.ts'
import { checkTopicName } from '../../src/topics/topic-name.ts'

/** One connection, from both ends. */
interface Line {
  readonly connection: Connection
  readonly peer: MemoryPeer
  readonly frames: WireFrame[]
  /** What arrived in one piece each. */
  readonly arrivals: Uint8Array[]
}

interface World {
  readonly clock: FakeClock
  readonly server: Server
  readonly lines: readonly Line[]
}

async function world(lineCount: number, limits: Partial<Limits> = {}): Promise<World> {
  const clock = new FakeClock()
  const engine = new MemoryEngine(clock)
  const connections: Connection[] = []
  const server = await serve({
    engine,
    limits,
    logger: null,
    routes: { '/': callbacks({ open: (connection) => void connections.push(connection) }) },
  })
  const lines: Line[] = []
  for (let i = 0; i < lineCount; i++) {
    const peer = engine.connect()
    await clock.settle()
    const connection = connections[i]
    assert.ok(connection)
    peer.read()
    const reader = new WireFrameReader()
    const frames: WireFrame[] = []
    const arrivals: Uint8Array[] = []
    peer.onBytes = (bytes) => {
      arrivals.push(bytes)
      frames.push(...reader.push(bytes))
    }
    lines.push({ connection, peer, frames, arrivals })
  }
  return { clock, server, lines }
}

function texts({ frames }: Line): string[] {
  return frames
    .filter(({ opcode }) => opcode === 1)
    .map(({ payload }) => Buffer.from(payload).toString())
}

type Step =
  | { readonly kind: 'publish'; readonly topic: number }
  | { readonly kind: 'subscribe' | 'unsubscribe'; readonly line: number; readonly topic: number }
  | { readonly kind: 'send' | 'block' | 'unblock'; readonly line: number }
  | { readonly kind: 'turn' }

const topic = fc.nat(2)
const line = fc.nat(3)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('publish' as const), topic }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('subscribe', 'unsubscribe'), line, topic }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('send', 'block', 'unblock'), line }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
)

test('property: a subscriber receives exactly what was published between its subscribe and unsubscribe, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const { clock, server, lines } = await world(4)
      const subscribed = lines.map(() => new Set([0, 1, 2]))
      for (const { connection } of lines) {
        for (const name of [0, 1, 2]) void connection.subscribe(`topic ${name}`)
      }
      // What each line has to receive, by source: a topic, or `direct`.
      const expected = lines.map(() => new Map<string, string[]>())
      const expect = (at: number, source: string, text: string): void => {
        const list = expected[at]!.get(source) ?? []
        expected[at]!.set(source, [...list, text])
      }
      let count = 0
      for (const what of steps) {
        count++
        if (what.kind === 'publish') {
          const text = `${what.topic} ${count} ${'x'.repeat((count * 37) % 500)}`
          void server.publish(`topic ${what.topic}`, text)
          for (const [at, topics] of subscribed.entries()) {
            if (topics.has(what.topic)) expect(at, String(what.topic), text)
          }
        } else if (what.kind === 'subscribe') {
          void lines[what.line]!.connection.subscribe(`topic ${what.topic}`)
          subscribed[what.line]!.add(what.topic)
        } else if (what.kind === 'unsubscribe') {
          lines[what.line]!.connection.unsubscribe(`topic ${what.topic}`)
          subscribed[what.line]!.delete(what.topic)
        } else if (what.kind === 'send') {
          lines[what.line]!.connection.send(`direct ${count}`)
          expect(what.line, 'direct', `direct ${count}`)
        } else if (what.kind === 'block') lines[what.line]!.peer.windowBytes = 0
        else if (what.kind === 'unblock') lines[what.line]!.peer.windowBytes = Infinity
        else clock.runTurn()
      }
      for (const { peer } of lines) peer.windowBytes = Infinity
      await clock.settle()
      for (const [at, one] of lines.entries()) {
        const bySource = new Map<string, string[]>()
        for (const text of texts(one)) {
          const source = text.split(' ', 1)[0]!
          bySource.set(source, [...(bySource.get(source) ?? []), text])
        }
        assert.deepEqual(bySource, expected[at])
      }
    }),
    { numRuns: 150 },
  )
})

test('what a turn publishes leaves each subscriber in one piece', async () => {
  const { clock, server, lines } = await world(2)
  for (const { connection } of lines) void connection.subscribe('t')
  for (let i = 0; i < 10; i++) void server.publish('t', `${i}`)
  await clock.settle()
  for (const { arrivals } of lines) assert.equal(arrivals.length, 1)
})

test('direct messages and publications share the line at frame borders, whatever the window lets through', async () => {
  const { clock, server, lines } = await world(1)
  const [only] = lines as [Line]
  void only.connection.subscribe('t')
  for (let i = 0; i < 60; i++) {
    only.peer.windowBytes = (i * 7) % 50
    only.connection.send(`d${i} ${'y'.repeat(i)}`)
    void server.publish('t', `p${i} ${'z'.repeat(i * 3)}`)
    clock.runTurns()
  }
  only.peer.windowBytes = Infinity
  await clock.settle()
  const got = texts(only)
  assert.equal(got.length, 120)
  const of = (letter: string): string[] => got.filter((text) => text.startsWith(letter))
  assert.deepEqual(
    of('d').map((text) => text.split(' ', 1)[0]),
    Array.from({ length: 60 }, (_, i) => `d${i}`),
  )
  assert.deepEqual(
    of('p').map((text) => text.split(' ', 1)[0]),
    Array.from({ length: 60 }, (_, i) => `p${i}`),
  )
})

test('the close frame stands behind what was published before close, and nothing behind it', async () => {
  for (const isBlocked of [false, true]) {
    const { clock, server, lines } = await world(1)
    const [only] = lines as [Line]
    void only.connection.subscribe('t')
    if (isBlocked) {
      only.peer.windowBytes = 0
      void server.publish('t', 'earlier')
      clock.runTurns()
    }
    void server.publish('t', 'before')
    only.connection.close(1000)
    void server.publish('t', 'after')
    clock.runTurns()
    only.peer.windowBytes = Infinity
    await clock.settle()
    const opcodes = only.frames.map(({ opcode }) => opcode)
    assert.deepEqual(texts(only), isBlocked ? ['earlier', 'before'] : ['before'])
    assert.equal(opcodes.at(-1), 8)
    assert.equal(opcodes.filter((opcode) => opcode === 8).length, 1)
  }
})

test('a blocked subscriber that lags beyond its buffer is closed with 1013; the others receive all', async () => {
  const { clock, server, lines } = await world(3, {
    bufferedBytes: 10_000,
    lowWaterBytes: 1,
    highWaterBytes: 1_000,
  })
  for (const { connection } of lines) void connection.subscribe('t')
  const [slow, ...healthy] = lines as [Line, Line, Line]
  slow.peer.windowBytes = 0
  const all: string[] = []
  for (let i = 0; i < 40; i++) {
    const text = `${i} ${'x'.repeat(1_000)}`
    all.push(text)
    void server.publish('t', text)
    clock.runTurns()
    // In the same turn, also in that in which the slow one leaves.
    for (const one of healthy) assert.equal(texts(one).length, i + 1)
  }
  assert.deepEqual((await server.stats()).failures, { ERR_SLOW_CONSUMER: 1 })
  slow.peer.windowBytes = Infinity
  await clock.settle()
  const close = slow.frames.at(-1)!
  assert.equal(close.opcode, 8)
  assert.equal(Buffer.from(close.payload).readUInt16BE(), 1013)
  // It was skipped nowhere: what came is the beginning of what was published.
  const got = texts(slow)
  assert.ok(got.length > 0 && got.length < 40)
  assert.deepEqual(got, all.slice(0, got.length))
  for (const one of healthy) assert.deepEqual(texts(one), all)
  assert.equal((await server.stats()).subscriptions, 2)
})

test('a blocked subscriber within its buffer catches up', async () => {
  const { clock, server, lines } = await world(1, { bufferedBytes: 20_000 })
  const [only] = lines as [Line]
  void only.connection.subscribe('t')
  only.peer.windowBytes = 0
  for (let i = 0; i < 15; i++) {
    void server.publish('t', 'x'.repeat(1_000))
    clock.runTurns()
  }
  only.peer.windowBytes = Infinity
  await clock.settle()
  assert.equal(texts(only).length, 15)
})

test('the log of a topic is trimmed when all are caught up, and kept for one that lags', async (t) => {
  let kept = 0
  const { append } = TopicLog.prototype
  t.mock.method(TopicLog.prototype, 'append', function (this: TopicLog, message: string) {
    append.call(this, message)
    kept = this.keptBytes
  })
  const { clock, server, lines } = await world(2)
  for (const { connection } of lines) void connection.subscribe('t')
  const publish = (): void => {
    for (let i = 0; i < 500; i++) {
      void server.publish('t', 'x'.repeat(498))
      clock.runTurns()
    }
  }
  publish()
  assert.ok(kept <= 1_024, `${kept} bytes are kept`)
  lines[0]!.peer.windowBytes = 0
  publish()
  assert.ok(kept >= 249_000 && kept <= 251_024, `${kept} bytes are kept`)
  lines[0]!.peer.windowBytes = Infinity
  await clock.settle()
  publish()
  assert.ok(kept <= 65_536, `${kept} bytes are kept`)
  assert.equal(texts(lines[0]!).length, 1_500)
})

test('a topic without subscribers and listeners is forgotten', async () => {
  const { clock, server, lines } = await world(2)
  const counts = async (): Promise<number[]> => {
    const { topics, subscriptions } = await server.stats()
    return [topics, subscriptions]
  }
  const stop = server.subscribe('a', () => {})
  void lines[0]!.connection.subscribe('a')
  void lines[0]!.connection.subscribe('b')
  void lines[1]!.connection.subscribe('b')
  assert.deepEqual(await counts(), [2, 3])
  stop()
  lines[0]!.connection.unsubscribe('a')
  assert.deepEqual(await counts(), [1, 2])
  lines[0]!.peer.cut()
  await clock.settle()
  assert.deepEqual(await counts(), [1, 1])
  lines[1]!.connection.close()
  assert.deepEqual(await counts(), [0, 0])
})

test('subscribing twice is once, and a connection that closed subscribes to nothing', async () => {
  const { clock, server, lines } = await world(1)
  const [only] = lines as [Line]
  void only.connection.subscribe('t')
  void only.connection.subscribe('t')
  void server.publish('t', 'once')
  await clock.settle()
  assert.deepEqual(texts(only), ['once'])
  only.connection.close()
  void only.connection.subscribe('t')
  assert.equal((await server.stats()).subscriptions, 0)
})

test('who subscribes gets nothing of what came before, of this turn or an earlier one', async () => {
  const { clock, server, lines } = await world(2)
  const [first, second] = lines as [Line, Line]
  void first.connection.subscribe('t')
  void server.publish('t', 'earlier')
  await clock.settle()
  void server.publish('t', 'just before')
  void second.connection.subscribe('t')
  void server.publish('t', 'new')
  await clock.settle()
  assert.deepEqual(texts(first), ['earlier', 'just before', 'new'])
  assert.deepEqual(texts(second), ['new'])
})

test('a listener hears what is published here until it is stopped', async () => {
  const { server } = await world(0)
  const heard: unknown[] = []
  const stop = server.subscribe('t', (message) => heard.push(message))
  await server.publish('t', 'one')
  await server.publish('other', 'two')
  stop()
  await server.publish('t', 'three')
  assert.deepEqual(heard, ['one'])
})

test('topic names are 1 to 255 bytes without control characters', () => {
  for (const name of ['a', 'ä'.repeat(127), 'x'.repeat(255), 'a b/c:d', '__proto__', '💬']) {
    checkTopicName(name)
  }
  for (const name of [
    '',
    'x'.repeat(256),
    'ä'.repeat(128),
    'a\nb',
    '\u0000',
    '\u007f',
    1,
    null,
    {},
  ]) {
    assert.throws(() => checkTopicName(name), { code: 'ERR_TOPIC_NAME' })
  }
})

test('a bad name is refused where somebody subscribes or listens', async () => {
  const { server, lines } = await world(1)
  assert.throws(() => lines[0]!.connection.subscribe(''), { code: 'ERR_TOPIC_NAME' })
  assert.throws(() => server.subscribe('', () => {}), { code: 'ERR_TOPIC_NAME' })
  const { hub } = lines[0]!.connection as HeldConnection
  assert.throws(() => hub.listen('', () => {}), { code: 'ERR_TOPIC_NAME' })
})

test('whoever leaves takes the place of nobody, in any order', async () => {
  const { clock, server, lines } = await world(3)
  const [one, two, three] = lines as [Line, Line, Line]
  for (const { connection } of lines) void connection.subscribe('t')
  one.connection.unsubscribe('t')
  three.connection.unsubscribe('t')
  void server.publish('t', 'for the second')
  await clock.settle()
  assert.deepEqual(lines.map(texts), [[], ['for the second'], []])
  two.connection.unsubscribe('t')
  assert.equal((await server.stats()).subscriptions, 0)
  assert.equal((await server.stats()).topics, 0)
})

test('a topic that only had a listener is forgotten, once, when it stops', async () => {
  const { server } = await world(0)
  const stop = server.subscribe('t', () => {})
  stop()
  assert.equal((await server.stats()).topics, 0)
  const heard: unknown[] = []
  server.subscribe('t', (message) => heard.push(message))
  stop()
  await server.publish('t', 'still here')
  assert.deepEqual(heard, ['still here'])
})

test('a listener stays when the last subscriber leaves', async () => {
  const { clock, server, lines } = await world(1)
  const [only] = lines as [Line]
  const heard: unknown[] = []
  server.subscribe('t', (message) => heard.push(message))
  void only.connection.subscribe('t')
  only.connection.unsubscribe('t')
  await server.publish('t', 'for the listener')
  await clock.settle()
  assert.deepEqual(heard, ['for the listener'])
  assert.deepEqual(texts(only), [])
})

test('what waits on the line itself counts as lag', async () => {
  const { clock, server, lines } = await world(1, { bufferedBytes: 10_000 })
  const { connection, peer } = lines[0]!
  void connection.subscribe('t')
  peer.windowBytes = 0
  connection.send('x'.repeat(6_000))
  await clock.settle()
  void server.publish('t', 'x'.repeat(6_000))
  await clock.settle()
  assert.deepEqual((await server.stats()).failures, { ERR_SLOW_CONSUMER: 1 })
})

test('a connection without subscriptions keeps nothing for them', async () => {
  const { clock, lines } = await world(2)
  const [one, two] = lines.map(({ connection }) => connection as HeldConnection)
  void one!.subscribe('t')
  one!.unsubscribe('t')
  assert.ok(one!.subscriptions === null)
  void two!.subscribe('t')
  two!.terminate()
  await clock.settle()
  assert.ok(two!.subscriptions === null)
})
