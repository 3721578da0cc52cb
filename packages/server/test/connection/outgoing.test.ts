// The sending half of a connection: one write a turn, memory that is lent and left alone, backpressure, the cap.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Connection, SendResult } from '../../src/connection/connection.ts'
import type { Piece } from '../../src/connection/slab.ts'
import type { TopicHub } from '../../src/connection/topic-hub.ts'
import { emptyHub } from '../../src/testing/contract-acceptor.ts'
import { wireFrame } from '../../src/testing/wire-frame.ts'
import { piece } from './pieces.ts'
import { Stand } from './stand.ts'
import type { Line, StandOptions } from './stand.ts'

function pattern(count: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i * 7 + seed) & 255)
}

// --- What every order of events has to keep

type Step =
  | { readonly kind: 'text'; readonly line: number; readonly size: number }
  | { readonly kind: 'binary'; readonly line: number; readonly size: number }
  | { readonly kind: 'ping'; readonly line: number }
  | { readonly kind: 'take'; readonly line: number }
  | { readonly kind: 'break'; readonly line: number }
  | { readonly kind: 'allow'; readonly line: number; readonly writes: number }
  | { readonly kind: 'turn' }

const line = fc.nat(2)
const size = fc.oneof(
  { weight: 5, arbitrary: fc.nat(60) },
  { weight: 3, arbitrary: fc.integer({ min: 100, max: 2_000 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(125, 126, 9_000, 16_000, 16_384, 16_385, 30_000, 65_536),
  },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('text', 'binary'), line, size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ping'), line }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('turn') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take'), line }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('allow'), line, writes: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('break'), line }) },
) as fc.Arbitrary<Step>

/** What was sent on one line and has to arrive, as texts. */
class Expected {
  readonly frames: string[] = []
  isBroken = false
  #count = 0

  send(target: Line, kind: 'text' | 'binary', bytes: number): void {
    const seed = ++this.#count
    const message =
      kind === 'binary' ? pattern(bytes, seed) : `${seed}é€`.repeat(bytes / 6 + 1).slice(0, bytes)
    const result = target.connection.send(message)
    if (this.isBroken) assert.equal(result, 'closed')
    else this.frames.push(shown(kind === 'text' ? 1 : 2, Buffer.from(message as string)))
    // The caller may do with its memory what it likes.
    if (typeof message !== 'string') message.fill(0)
  }
}

function shown(opcode: number, payload: Uint8Array): string {
  return `${opcode} ${Buffer.from(payload).toString('base64')}`
}

function runStep(stand: Stand, lines: readonly Line[], all: readonly Expected[], next: Step): void {
  if (next.kind === 'turn') {
    const before = lines.map(({ transport }) => transport.writes.length)
    stand.clock.runTurn()
    lines.forEach(({ transport }, i) => assert.ok(transport.writes.length <= before[i]! + 1))
    return
  }
  const target = lines[next.line]!
  const expected = all[next.line]!
  if (next.kind === 'take') target.transport.takeUnderWay()
  else if (next.kind === 'allow') target.transport.writesTaken = next.writes
  else if (next.kind === 'break') {
    expected.isBroken = true
    target.transport.breakOff()
  } else if (next.kind === 'ping') {
    if (target.connection.ping(Uint8Array.of(1)) !== 'closed') {
      expected.frames.push(shown(9, Uint8Array.of(1)))
    }
  } else {
    expected.send(target, next.kind, next.size)
  }
}

test('whatever is sent, blocked and taken, each line gets its frames whole and in order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      // What drains sends, to itself and to the next: while flushes are going on.
      const stand = new Stand({
        limits: { bufferedBytes: 100_000_000, highWaterBytes: 1_000 },
        behavior: {
          drain: (c) => {
            const i = lines.findIndex(({ connection }) => connection === c)
            for (const j of [i, (i + 1) % lines.length]) all[j]!.send(lines[j]!, 'text', 30)
          },
        },
      })
      const lines = [stand.open(), stand.open(), stand.open()]
      const all = lines.map(() => new Expected())
      for (const next of steps) runStep(stand, lines, all, next)
      for (const { transport } of lines) transport.writesTaken = Infinity
      stand.clock.runTurns()
      for (const { transport } of lines) transport.takeUnderWay()
      stand.clock.runTurns()
      for (const [i, only] of lines.entries()) {
        const got = only.frames().map(({ opcode, payload }) => shown(opcode, payload))
        const { frames, isBroken } = all[i]!
        // A broken line got what had left before.
        assert.deepEqual(got, isBroken ? frames.slice(0, got.length) : frames)
        assert.equal(only.connection.bufferedBytes, 0)
      }
    }),
    { numRuns: 300 },
  )
})

test('what a blocked connection sends meanwhile is safe from all that others send', () => {
  const stand = new Stand({ limits: { bufferedBytes: 10_000_000 } })
  const [slow, quick] = [stand.open(), stand.open()] as const
  slow.transport.writesTaken = 0
  slow.connection.send('under way')
  stand.clock.runTurns()
  for (let round = 0; round < 30; round++) {
    slow.connection.send(pattern(50, round))
    for (let i = 0; i < 10; i++) quick.connection.send(new Uint8Array(1_000).fill(0xff))
    if (round % 2 === 0) stand.clock.runTurns()
  }
  slow.transport.writesTaken = Infinity
  slow.transport.takeUnderWay()
  stand.clock.runTurns()
  const frames = slow.frames()
  assert.equal(frames.length, 31)
  frames.slice(1).forEach(({ payload }, round) => assert.deepEqual(payload, pattern(50, round)))
})

// --- One write a turn

test('what a turn sends leaves in one write, however many connections take turns', () => {
  const stand = new Stand()
  const lines = [stand.open(), stand.open()] as const
  for (let i = 0; i < 20; i++) for (const { connection } of lines) connection.send(`message ${i}`)
  assert.equal(lines[0].transport.writes.length, 0)
  stand.clock.runTurn()
  for (const each of lines) {
    assert.equal(each.transport.writes.length, 1)
    assert.deepEqual(
      each.shown(),
      Array.from({ length: 20 }, (_, i) => `1 message ${i}`),
    )
  }
})

test('what is sent in the meantime leaves in one write when the last one was taken', () => {
  const stand = new Stand()
  const only = stand.open()
  only.transport.writesTaken = 0
  only.connection.send('first')
  stand.clock.runTurns()
  for (let i = 0; i < 300; i++) {
    only.connection.send('x'.repeat(i))
    stand.clock.runTurns()
  }
  only.transport.writesTaken = Infinity
  only.transport.takeUnderWay()
  assert.equal(only.transport.writes.length, 2)
  assert.equal(only.frames().length, 301)
  assert.equal(only.connection.bufferedBytes, 0)
})

test('a turn in which nothing was sent writes nothing', () => {
  const stand = new Stand()
  const only = stand.open()
  only.connection.flushLater()
  stand.clock.runTurns()
  assert.equal(only.transport.writes.length, 0)
})

test('what is large leaves at once, behind what was sent before and before what is sent behind it', () => {
  const stand = new Stand()
  const only = stand.open()
  const { connection, transport } = only
  const large = pattern(20_000, 1)
  connection.send('before')
  assert.equal(transport.writes.length, 0)
  assert.equal(connection.send(large), 'sent')
  assert.deepEqual([transport.writes.length, connection.bufferedBytes], [1, 0])
  connection.send('behind')
  assert.equal(transport.writes.length, 1)
  stand.clock.runTurns()
  assert.equal(transport.writes.length, 2)
  const frames = only.frames().map(({ opcode, payload }) => shown(opcode, payload))
  const texts = ['before', 'behind'].map((text) => shown(1, Buffer.from(text)))
  assert.deepEqual(frames, [texts[0], shown(2, large), texts[1]])
})

test('many short messages leave when they are large together; while a write is under way nothing does', () => {
  const stand = new Stand()
  const only = stand.open()
  const { connection, transport } = only
  const message = pattern(1_020, 3)
  for (let i = 0; i < 15; i++) connection.send(message)
  assert.equal(transport.writes.length, 0)
  connection.send(message)
  assert.deepEqual([transport.writes.length, transport.writes[0]!.length], [1, 16_384])
  transport.writesTaken = 0
  for (let i = 0; i < 16 * 3; i++) connection.send(message)
  assert.deepEqual([transport.writes.length, connection.bufferedBytes], [1, 3 * 16_384])
  transport.writesTaken = Infinity
  transport.takeUnderWay()
  assert.deepEqual(
    transport.writes.map(({ length }) => length),
    [16_384, 16_384, 2 * 16_384],
  )
  assert.equal(only.frames().length, 64)
  stand.clock.runTurns()
  assert.equal(transport.writes.length, 0)
})

// --- Frames

test('headers have the shortest length, and texts of every length and alphabet are UTF-8', () => {
  const stand = new Stand()
  const only = stand.open()
  const texts = [
    '',
    'a',
    '\u0000',
    '€'.repeat(41),
    '€'.repeat(42),
    '𝄞',
    'é'.repeat(62),
    'é'.repeat(63),
  ]
  for (let length = 20; length < 130; length++) texts.push('x'.repeat(length), 'ä'.repeat(length))
  for (const text of texts) only.connection.send(text)
  for (const length of [125, 126, 65_535, 65_536]) only.connection.send(new Uint8Array(length))
  stand.clock.runTurns()
  const wire = Buffer.concat(only.transport.writes)
  const expected = [
    ...texts.map((text) => wireFrame(1, text, { mask: null })),
    ...[125, 126, 65_535, 65_536].map((n) => wireFrame(2, new Uint8Array(n), { mask: null })),
  ]
  assert.ok(wire.equals(Buffer.concat(expected)))
})

test('half of a surrogate pair becomes U+FFFD, in short and in long texts', () => {
  const stand = new Stand()
  const only = stand.open()
  only.connection.send('\ud83d')
  only.connection.send(`${'x'.repeat(30)}\ude00`)
  only.connection.send(`${'x'.repeat(300)}\ud83d`)
  stand.clock.runTurns()
  assert.deepEqual(only.shown(), [
    '1 \ufffd',
    `1 ${'x'.repeat(30)}\ufffd`,
    `1 ${'x'.repeat(300)}\ufffd`,
  ])
})

test('other views and ArrayBuffers are taken; what is no message throws', () => {
  const stand = new Stand()
  const only = stand.open()
  only.connection.send(new Uint16Array([0x4141, 0x4242]) as never)
  only.connection.send(new Uint8Array([0x43]).buffer as never)
  assert.throws(() => only.connection.send(5 as never), TypeError)
  assert.throws(() => only.connection.send({} as never), TypeError)
  stand.clock.runTurns()
  assert.deepEqual(only.shown(), ['2 AABB', '2 C'])
})

test('a deflater sees text as UTF-8, sets RSV1 on what it compressed and nothing else', () => {
  const seen: string[] = []
  const stand = new Stand({
    deflater: {
      deflate: (bytes) => {
        seen.push(Buffer.from(bytes).toString())
        return bytes.length < 4 ? null : Uint8Array.of(1, 2)
      },
    },
  })
  const only = stand.open()
  only.connection.send('é')
  only.connection.send('éé€')
  only.connection.send(Buffer.from('bytes'))
  only.connection.ping()
  stand.clock.runTurns()
  assert.deepEqual(seen, ['é', 'éé€', 'bytes'])
  assert.deepEqual(
    only.frames().map(({ opcode, rsv1, payload }) => [opcode, rsv1, payload.length]),
    [
      [1, false, 2],
      [1, true, 2],
      [2, true, 2],
      [9, false, 0],
    ],
  )
})

// --- Backpressure

const marks = { highWaterBytes: 1_000, lowWaterBytes: 100, bufferedBytes: 5_000 }

function blocked(options: StandOptions = {}): { stand: Stand; only: Line } {
  const stand = new Stand({ limits: marks, ...options })
  const only = stand.open()
  only.transport.writesTaken = 0
  return { stand, only }
}

test('queued begins above the high mark, and drain comes once, at or below the low mark', () => {
  const { stand, only } = blocked()
  const { connection, transport } = only
  assert.equal(connection.send(new Uint8Array(996)), 'sent')
  assert.equal(connection.bufferedBytes, 1_000)
  assert.equal(connection.send(''), 'queued')
  stand.clock.runTurns()
  assert.equal(connection.send(new Uint8Array(300)), 'queued')
  transport.takeUnderWay()
  assert.ok(transport.isBlocked && !stand.calls.includes('drain'))
  transport.takeUnderWay()
  assert.deepEqual(stand.calls, ['open', 'drain'])
  transport.writesTaken = Infinity
  connection.send('x')
  stand.clock.runTurns()
  assert.deepEqual(stand.calls, ['open', 'drain'])
})

test('large messages that leave at once are queued where they are not taken, and lead to one drain', () => {
  const { stand, only } = blocked({ limits: { ...marks, bufferedBytes: 1_000_000 } })
  const { connection, transport } = only
  assert.equal(connection.send(new Uint8Array(20_000)), 'queued')
  assert.equal(connection.send(new Uint8Array(20_000)), 'queued')
  assert.equal(connection.send(new Uint8Array(20_000)), 'queued')
  // Taken before the turn ends, as an engine may tell: once for all three.
  transport.writesTaken = Infinity
  transport.takeUnderWay()
  assert.deepEqual(stand.calls, ['open', 'drain'])
  stand.clock.runTurns()
  assert.deepEqual(stand.calls, ['open', 'drain'])
  assert.equal(connection.send(new Uint8Array(20_000)), 'sent')
  stand.clock.runTurns()
  assert.deepEqual(stand.calls, ['open', 'drain'])
  assert.equal(only.frames().length, 4)
})

test('what was queued and then left with a large message leads to one drain, at the end of the turn', () => {
  const stand = new Stand({ limits: marks })
  const only = stand.open()
  assert.equal(only.connection.send(new Uint8Array(2_000)), 'queued')
  assert.equal(only.connection.send(new Uint8Array(50_000)), 'sent')
  assert.deepEqual(stand.calls, ['open'])
  stand.clock.runTurns()
  assert.deepEqual(stand.calls, ['open', 'drain'])
})

test('a drain handler may send what is large', () => {
  let rounds = 0
  const stand = new Stand({
    limits: marks,
    behavior: {
      drain: (c) => {
        if (rounds++ < 3) c.send(new Uint8Array(30_000))
      },
    },
  })
  const only = stand.open()
  only.transport.writesTaken = 0
  only.connection.send(new Uint8Array(30_000))
  stand.clock.runTurns()
  for (let i = 0; i < 6; i++) {
    only.transport.takeUnderWay()
    stand.clock.runTurns()
  }
  assert.deepEqual(stand.calls, ['open', 'drain', 'drain', 'drain', 'drain'])
  assert.equal(only.frames().length, 4)
})

test('a drain handler may send; being queued again leads to a drain again', () => {
  let rounds = 0
  const results: SendResult[] = []
  const stand = new Stand({
    limits: marks,
    behavior: {
      drain: (c) => {
        if (rounds++ < 3) results.push(c.send(new Uint8Array(2_000)))
      },
    },
  })
  const only = stand.open()
  only.connection.send(new Uint8Array(2_000))
  stand.clock.runTurns()
  assert.deepEqual(results, ['queued', 'queued', 'queued'])
  assert.deepEqual(stand.calls, ['open', 'drain', 'drain', 'drain', 'drain'])
  assert.equal(only.frames().length, 4)
})

test('there is no drain for a connection that is closing or gone', () => {
  for (const how of ['close', 'terminate', 'gone'] as const) {
    const { stand, only } = blocked()
    only.connection.send(new Uint8Array(2_000))
    if (how === 'gone') only.connection.transportClosed()
    else only.connection[how]()
    stand.clock.runTurns()
    only.transport.takeUnderWay()
    only.transport.takeUnderWay()
    stand.clock.runTurns()
    assert.ok(!stand.calls.includes('drain'), how)
  }
})

test('beyond the cap the connection fails with 1013, and nothing is put behind the close frame', () => {
  const { stand, only } = blocked()
  const { connection, transport } = only
  connection.send(new Uint8Array(2_000))
  stand.clock.runTurns()
  const results: SendResult[] = []
  for (let i = 0; i < 5; i++) results.push(connection.send(new Uint8Array(1_000)))
  results.push(connection.send('x'), connection.ping())
  assert.deepEqual(results, ['queued', 'queued', 'closed', 'closed', 'closed', 'closed', 'closed'])
  assert.deepEqual(stand.failures, [['ERR_SLOW_CONSUMER', undefined]])
  assert.ok(connection.bufferedBytes <= marks.bufferedBytes)
  transport.writesTaken = Infinity
  transport.takeUnderWay()
  stand.clock.runTurns()
  assert.deepEqual(
    only.frames().map(({ opcode, payload }) => [opcode, payload.length]),
    [
      [2, 2_000],
      [2, 1_000],
      [2, 1_000],
      [8, 2 + 'ERR_SLOW_CONSUMER'.length],
    ],
  )
  assert.ok(transport.hasEnded)
})

test('a backlog of this turn alone is flushed before the cap is held against it', () => {
  const stand = new Stand({ limits: marks })
  const only = stand.open()
  for (let i = 0; i < 100; i++) assert.notEqual(only.connection.send(new Uint8Array(500)), 'closed')
  stand.clock.runTurns()
  assert.equal(only.frames().length, 100)
  assert.deepEqual(stand.failures, [])
})

test('one message beyond the cap is taken when nothing waits, and not behind another', () => {
  const { stand, only } = blocked()
  assert.equal(only.connection.send(new Uint8Array(50_000)), 'queued')
  // In the same turn nobody can say yet that the other side is slow.
  assert.equal(only.connection.send('x'), 'queued')
  stand.clock.runTurns()
  assert.equal(only.connection.send('y'), 'closed')
  assert.equal(stand.failures.length, 1)
})

test('a message as long as the cap is taken behind half of it, and not behind more', () => {
  for (const [waiting, result] of [
    [2_400, 'queued'],
    [2_600, 'closed'],
  ] as const) {
    const { stand, only } = blocked()
    only.connection.send(new Uint8Array(waiting))
    stand.clock.runTurns()
    assert.equal(only.connection.send(new Uint8Array(marks.bufferedBytes)), result)
  }
})

test('the cap counts text in bytes of UTF-8', () => {
  const { stand, only } = blocked()
  only.connection.send('x')
  stand.clock.runTurns()
  assert.equal(only.connection.send('€'.repeat(1_600)), 'queued')
  assert.equal(only.connection.send('€'.repeat(100)), 'closed')
})

test('pings count against the cap, and are answered as messages are', () => {
  const { stand, only } = blocked()
  const results = new Set<SendResult>()
  let count = 0
  while (stand.failures.length === 0 && count < 1_000) {
    results.add(only.connection.ping(new Uint8Array(100)))
    count++
  }
  assert.deepEqual([...results], ['sent', 'queued', 'closed'])
  assert.ok(count * 100 < 2 * marks.bufferedBytes)
})

// --- The end

test('the line ends behind the last byte, once', () => {
  const { stand, only } = blocked()
  only.connection.send('last')
  only.connection.close(1000)
  only.receive(wireFrame(8, Uint8Array.of(3, 232)))
  assert.ok(!only.transport.hasEnded)
  only.transport.takeUnderWay()
  stand.clock.runTurns()
  assert.ok(only.transport.hasEnded)
  only.connection.ended()
  stand.clock.runTurns()
  assert.deepEqual(only.shown(), ['1 last', '8 1000'])
})

test('nothing is written once the transport is gone', () => {
  const { stand, only } = blocked()
  only.connection.send('under way')
  stand.clock.runTurns()
  only.connection.send('waiting')
  only.connection.transportClosed()
  assert.equal(only.connection.bufferedBytes, 0)
  only.connection.bytesWritten()
  stand.clock.runTurns()
  assert.equal(only.transport.writes.length, 0)
  assert.equal(only.connection.send('late'), 'closed')
})

test('what was written and sent is counted', () => {
  const stand = new Stand()
  const only = stand.open()
  const { counters } = stand.context
  const before = counters.bytesSent
  only.connection.send('abc')
  only.connection.ping()
  stand.clock.runTurns()
  assert.deepEqual([counters.messagesSent, counters.bytesSent - before], [1, 5 + 2])
})

// --- Publications

/** Has for whoever is subscribed what a test lets wait. */
class WaitingHub implements TopicHub {
  waiting: Piece[] = []
  readonly left: Connection[] = []

  subscribe: TopicHub['subscribe'] = (c, topic) => {
    c.subscriptions = 'some'
    return Promise.resolve({ topic, cursor: null, recovered: false, reason: null })
  }

  publish: TopicHub['publish'] = emptyHub.publish
  history: TopicHub['history'] = emptyHub.history
  listen: TopicHub['listen'] = emptyHub.listen
  unsubscribe: TopicHub['unsubscribe'] = emptyHub.unsubscribe
  leave: TopicHub['leave'] = (c) => void this.left.push(c)
  lagBytes: TopicHub['lagBytes'] = () =>
    this.waiting.reduce((sum, { start, end }) => sum + end - start, 0)

  take: TopicHub['take'] = (c, pieces) => {
    const bytes = this.lagBytes(c)
    pieces.push(...this.waiting.splice(0))
    return bytes
  }
}

const published = piece(wireFrame(1, 'published', { mask: null }))

function subscribed(): { hub: WaitingHub; stand: Stand; only: Line } {
  const hub = new WaitingHub()
  const stand = new Stand({ hub })
  const only = stand.open()
  void only.connection.subscribe('topic')
  return { hub, stand, only }
}

test('publications go behind a large message that leaves at once, and before what is sent later', () => {
  const { hub, stand, only } = subscribed()
  hub.waiting = [published]
  only.connection.send('direct')
  only.connection.send('x'.repeat(20_000))
  assert.deepEqual([only.transport.writes.length, hub.waiting.length], [1, 0])
  hub.waiting = [published]
  only.connection.send('later')
  stand.clock.runTurns()
  assert.deepEqual(
    only.shown().map((text) => text.slice(0, 12)),
    ['1 direct', '1 xxxxxxxxxx', '1 published', '1 later', '1 published'],
  )
})

test('nothing is behind a close frame that leaves at once because of what waits before it', () => {
  const broken = Uint8Array.of(0x83, 0x80, 0, 0, 0, 0)
  for (const [how, end] of [
    ['close', (only: Line) => only.connection.close(1000)],
    ['broken', (only: Line) => only.receive(broken)],
    ['closed', (only: Line) => only.receive(wireFrame(8, Uint8Array.of(3, 232)))],
    ['failed', (only: Line) => only.connection.fail('ERR_HANDLER')],
  ] as const) {
    const { hub, stand, only } = subscribed()
    // With the header one byte less than what would leave by itself.
    only.connection.send(new Uint8Array(16_383 - 4))
    assert.equal(only.transport.writes.length, 0)
    hub.waiting = [published]
    end(only)
    stand.clock.runTurns()
    const opcodes = only.frames().map(({ opcode }) => opcode)
    assert.deepEqual(opcodes, how === 'close' ? [2, 1, 8] : [2, 8], how)
  }
})

test('large publications before a close frame leave before it', () => {
  const { hub, stand, only } = subscribed()
  hub.waiting = [piece(wireFrame(2, new Uint8Array(50_000), { mask: null })), published]
  only.connection.send('direct')
  only.connection.close(1000)
  hub.waiting = [published]
  stand.clock.runTurns()
  assert.deepEqual(
    only.frames().map(({ opcode }) => opcode),
    [1, 2, 1, 8],
  )
})

test('publications go behind direct messages in the same write, and never behind a close frame', () => {
  const { hub, stand, only } = subscribed()
  hub.waiting = [published, published]
  only.connection.send('direct')
  stand.clock.runTurns()
  assert.equal(only.transport.writes.length, 1)
  assert.deepEqual(only.shown(), ['1 direct', '1 published', '1 published'])

  hub.waiting = [published]
  only.connection.flushLater()
  stand.clock.runTurns()
  assert.deepEqual(only.shown(), ['1 published'])

  only.transport.writesTaken = 0
  hub.waiting = [published]
  only.connection.send('blocked')
  stand.clock.runTurns()
  hub.waiting = [published]
  only.connection.flushLater()
  stand.clock.runTurns()
  assert.equal(hub.waiting.length, 1)
  only.connection.close(1000)
  only.transport.writesTaken = Infinity
  only.transport.takeUnderWay()
  stand.clock.runTurns()
  assert.equal(only.shown().at(-1), '8 1000')
  only.connection.transportClosed()
  assert.ok(hub.left.includes(only.connection))
})

test('what one line has under way is not overwritten by what another sends in a later turn', () => {
  const stand = new Stand()
  const [slow, other] = [stand.open(), stand.open()]
  slow.transport.writesTaken = 0
  slow.connection.send('under way')
  stand.clock.runTurns()
  for (const text of ['another', 'one more']) {
    other.connection.send(text)
    stand.clock.runTurns()
  }
  slow.transport.takeUnderWay()
  assert.deepEqual(slow.shown(), ['1 under way'])
})
