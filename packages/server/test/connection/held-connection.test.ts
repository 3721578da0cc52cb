// A connection on its own: the close sequence, pauses, pings, what the program is told.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeldConnection } from '../../src/connection/held-connection.ts'
import { PausedBy } from '../../src/connection/held-connection.ts'
import { emptyHub } from '../../src/testing/contract-acceptor.ts'
import { wireClosePayload, wireFrame } from '../../src/testing/wire-frame.ts'
import { held, Stand } from './stand.ts'
import type { Line } from './stand.ts'

const closeFrame = (code: number, reason = ''): Uint8Array =>
  wireFrame(8, wireClosePayload(code, reason))

// --- The close sequence, as a table

/** What happens to a connection, in order. */
type Happening =
  | 'close' // the program closes with 4000
  | 'closed' // the other side's close frame with 4001 arrives
  | 'broken' // a frame that breaks the rules arrives
  | 'message' // a message arrives
  | 'fin' // the other side ends its direction
  | 'terminate' // the program cuts the line
  | 'gone' // the transport is gone

interface Expected {
  /** Frames that left, in short. */
  readonly sent: readonly string[]
  /** Whether the sending direction was ended, or the line cut. */
  readonly line: 'open' | 'ended' | 'cut'
  /** Calls of the behavior. */
  readonly calls: readonly string[]
}

const REFUSED = '8 1002 ERR_FRAME_OPCODE'

const sequences: readonly (readonly [readonly Happening[], Expected])[] = [
  [[], { sent: [], line: 'open', calls: [] }],
  [['message'], { sent: [], line: 'open', calls: ['message m'] }],
  // The program closes first.
  [['close'], { sent: ['8 4000 bye'], line: 'open', calls: [] }],
  [['close', 'close'], { sent: ['8 4000 bye'], line: 'open', calls: [] }],
  [['close', 'message'], { sent: ['8 4000 bye'], line: 'open', calls: [] }],
  [['close', 'closed'], { sent: ['8 4000 bye'], line: 'ended', calls: [] }],
  [['close', 'closed', 'gone'], { sent: ['8 4000 bye'], line: 'ended', calls: ['close 4001 why'] }],
  [['close', 'fin', 'gone'], { sent: ['8 4000 bye'], line: 'ended', calls: ['close 1006'] }],
  [['close', 'gone'], { sent: ['8 4000 bye'], line: 'open', calls: ['close 1006'] }],
  [['close', 'terminate'], { sent: ['8 4000 bye'], line: 'cut', calls: [] }],
  // What breaks the rules behind a close frame ends the wait.
  [
    ['close', 'broken', 'gone'],
    { sent: ['8 4000 bye'], line: 'ended', calls: ['close 1002 ERR_FRAME_OPCODE'] },
  ],
  // The other side closes first.
  [['closed'], { sent: ['8 4001'], line: 'ended', calls: [] }],
  [['closed', 'message', 'broken', 'closed'], { sent: ['8 4001'], line: 'ended', calls: [] }],
  [['closed', 'close'], { sent: ['8 4001'], line: 'ended', calls: [] }],
  [['closed', 'fin', 'gone'], { sent: ['8 4001'], line: 'ended', calls: ['close 4001 why'] }],
  [
    ['message', 'closed', 'gone'],
    { sent: ['8 4001'], line: 'ended', calls: ['message m', 'close 4001 why'] },
  ],
  // Refusals.
  [['broken'], { sent: [REFUSED], line: 'ended', calls: [] }],
  [['broken', 'message', 'closed', 'close'], { sent: [REFUSED], line: 'ended', calls: [] }],
  [['broken', 'gone'], { sent: [REFUSED], line: 'ended', calls: ['close 1002 ERR_FRAME_OPCODE'] }],
  // Ends without a close frame.
  [['fin'], { sent: [], line: 'ended', calls: [] }],
  [['fin', 'message', 'close', 'gone'], { sent: [], line: 'ended', calls: ['close 1006'] }],
  [['gone'], { sent: [], line: 'open', calls: ['close 1006'] }],
  [
    ['gone', 'gone', 'message', 'close', 'fin', 'terminate'],
    { sent: [], line: 'open', calls: ['close 1006'] },
  ],
  [['terminate'], { sent: [], line: 'cut', calls: [] }],
  [
    ['terminate', 'message', 'close', 'closed', 'gone'],
    { sent: [], line: 'cut', calls: ['close 1006'] },
  ],
]

function happen(line: Line, what: Happening): void {
  const { connection } = line
  if (what === 'close') connection.close(4000, 'bye')
  else if (what === 'closed') line.receive(closeFrame(4001, 'why'))
  else if (what === 'broken') line.receive(wireFrame(3))
  else if (what === 'message') line.text('m')
  else if (what === 'fin') connection.ended()
  else if (what === 'terminate') connection.terminate()
  else connection.transportClosed()
  line.stand.clock.runTurns()
}

for (const [happenings, expected] of sequences) {
  test(`close sequence: ${happenings.join(', ') || 'nothing'}`, () => {
    const { stand, line } = held()
    for (const what of happenings) happen(line, what)
    assert.deepEqual(line.shown(), expected.sent)
    const { isDestroyed, hasEnded } = line.transport
    assert.equal(isDestroyed ? 'cut' : hasEnded ? 'ended' : 'open', expected.line)
    const calls = stand.calls.slice(1).filter((call) => !call.startsWith('closed'))
    assert.deepEqual(calls, expected.calls)
    const isGone = happenings.includes('gone')
    assert.equal(stand.calls.filter((call) => call.startsWith('closed')).length, isGone ? 1 : 0)
    assert.equal(
      stand.context.wheel.size === 0,
      isGone || happenings.every((h) => h === 'message' || h === 'terminate'),
    )
  })
}

test('an answer echoes the code of the close frame; without a code it has none', () => {
  for (const [bytes, answer, reported] of [
    [wireFrame(8), '8', 'close 1005'],
    [closeFrame(1000), '8 1000', 'close 1000'],
    [closeFrame(3999, 'ä'), '8 3999', 'close 3999 ä'],
  ] as const) {
    const { stand, line } = held()
    line.receive(bytes)
    assert.deepEqual(line.shown(), [answer])
    line.connection.transportClosed()
    assert.equal(stand.calls.at(-2), reported)
  }
})

test('what cannot be sent in a close frame is refused before anything happens', () => {
  const { line } = held()
  assert.throws(() => line.connection.close(1005), { code: 'ERR_CLOSE_ARGUMENT' })
  assert.throws(() => line.connection.close(1000, new Uint8Array(5) as never), TypeError)
  line.connection.transportClosed()
  assert.throws(() => line.connection.close(999), { code: 'ERR_CLOSE_ARGUMENT' })
  line.connection.close(1000)
})

// --- What is sent when

test('the response leaves first, then what open sends', () => {
  const stand = new Stand({ behavior: { open: (c) => void c.send('welcome') } })
  assert.deepEqual(stand.open().shown(), ['1 welcome'])
})

test('a throw in a handler closes with 1011 and is told to the observer', () => {
  const error = new Error('thrown')
  const fails = (): never => {
    throw error
  }
  for (const where of ['open', 'message', 'drain'] as const) {
    const stand = new Stand({
      limits: { highWaterBytes: 1 },
      behavior: { message: (c) => void c.send('long enough'), [where]: fails },
    })
    const line = stand.open()
    if (where !== 'open') line.text('a', 'b')
    assert.equal(line.shown().at(-1), '8 1011 ERR_HANDLER')
    assert.deepEqual(stand.failures, [['ERR_HANDLER', error]])
    line.connection.transportClosed()
    assert.equal(stand.calls.at(-2), 'close 1011 ERR_HANDLER')
  }
})

test('a throw in close is told, and the observer hears of the end all the same', () => {
  const error = new Error('thrown')
  const { stand, line } = held({
    behavior: {
      close: () => {
        throw error
      },
    },
  })
  line.connection.transportClosed()
  assert.deepEqual(stand.failures, [['ERR_HANDLER', error]])
  assert.equal(stand.calls.at(-1), 'closed 1006')
})

test('a handler that throws behind terminate or close is told to the observer', () => {
  for (const how of ['terminate', 'close'] as const) {
    const error = new Error('thrown')
    const { stand, line } = held({
      behavior: {
        message: (c) => {
          c[how]()
          throw error
        },
      },
    })
    line.text('a')
    assert.deepEqual(stand.failures, [['ERR_HANDLER', error]])
  }
})

test('what failed alone is told to the observer, and the connection goes on', () => {
  const error = new Error('thrown')
  const { stand, line } = held({
    behavior: { message: (c) => (c as HeldConnection).report('ERR_REQUEST_FAILED', error) },
  })
  line.text('a', 'b')
  assert.deepEqual(stand.reports, [
    ['ERR_REQUEST_FAILED', error],
    ['ERR_REQUEST_FAILED', error],
  ])
  assert.deepEqual(stand.failures, [])
  assert.ok(line.connection.isOpen)
})

test('deadlines and turns of the model are those of all connections', () => {
  const { stand, line } = held({})
  assert.equal(line.connection.wheel, stand.context.wheel)
  assert.equal(line.connection.turn, stand.context.turn)
})

test('subscriptions are for open connections, and are left when it is over', () => {
  const calls: string[] = []
  const hub = {
    ...emptyHub,
    subscribe: (c: { subscriptions: unknown }, topic: string) => {
      c.subscriptions = topic
      calls.push(`subscribe ${topic}`)
    },
    leave: (c: { subscriptions: unknown }) => {
      c.subscriptions = null
      calls.push('leave')
    },
  }
  const { line } = held({ hub })
  line.connection.subscribe('a')
  line.connection.close()
  line.connection.subscribe('b')
  line.connection.transportClosed()
  line.connection.subscribe('c')
  assert.deepEqual(calls, ['subscribe a', 'leave'])
})

test('subscriptions are left where the line goes without a close frame too', () => {
  let left = 0
  const hub = { ...emptyHub, leave: () => void left++ }
  const { line } = held({ hub })
  line.connection.subscriptions = 'some'
  line.connection.terminate()
  line.connection.transportClosed()
  assert.equal(left, 1)
})

test('a connection fails once, with the first reason', () => {
  const { stand, line } = held()
  line.connection.fail('ERR_IDLE')
  line.connection.fail('ERR_MESSAGE_RATE')
  stand.clock.runTurns()
  assert.deepEqual(line.shown(), ['8 1001 ERR_IDLE'])
  assert.deepEqual(
    stand.failures.map(([code]) => code),
    ['ERR_IDLE'],
  )
})

test('a ping behind close() has no answer: nothing goes behind a close frame', () => {
  const { line } = held()
  line.connection.close(1000)
  line.receive(wireFrame(9, 'late'))
  assert.equal(line.shown().length, 1)
})

// --- Pauses

test('pause holds the frames behind it; resume gives them in order before what comes later', () => {
  const { stand, line } = held({ behavior: { message: (c, data) => data === 'b' && c.pause() } })
  line.text('a', 'b', 'c')
  assert.ok(line.transport.isPaused)
  line.text('d')
  assert.deepEqual(stand.calls, ['open', 'message a', 'message b'])
  line.connection.resume()
  line.receiveOnly(wireFrame(1, 'e'))
  assert.equal(stand.calls.length, 3)
  stand.clock.runTurns()
  assert.deepEqual(stand.calls.slice(3), ['message c', 'message d', 'message e'])
  assert.ok(!line.transport.isPaused)
})

test('a connection that two have paused runs when both have let go', () => {
  const { stand, line } = held()
  line.connection.pauseFor(PausedBy.MODEL)
  line.connection.pause()
  line.connection.pause()
  line.text('a')
  line.connection.resume()
  stand.clock.runTurns()
  assert.deepEqual(stand.calls, ['open'])
  line.connection.resumeFor(PausedBy.MODEL)
  stand.clock.runTurns()
  assert.deepEqual(stand.calls, ['open', 'message a'])
  line.connection.resume()
})

test('a paused message in the middle is finished by what comes after', () => {
  const { stand, line } = held({ behavior: { message: (c) => c.pause() } })
  const long = wireFrame(1, 'long'.repeat(100))
  line.receive(wireFrame(1, 'a'), long.subarray(0, 10))
  line.receive(long.subarray(10, 100))
  line.connection.resume()
  stand.clock.runTurns()
  line.receive(long.subarray(100))
  assert.deepEqual(stand.calls, ['open', 'message a', `message ${'long'.repeat(100)}`])
})

test('the rest of a message that had begun before the pause waits for the end of the pause', () => {
  const { stand, line } = held()
  const frame = wireFrame(1, 'halves')
  line.receive(frame.subarray(0, 8))
  line.connection.pause()
  line.receive(frame.subarray(8))
  line.text('next')
  assert.deepEqual(stand.calls, ['open'])
  line.connection.resume()
  stand.clock.runTurns()
  assert.deepEqual(stand.calls, ['open', 'message halves', 'message next'])
})

test('close while paused lets the close frame of the other side through, and no message', () => {
  const { stand, line } = held({ behavior: { message: (c) => c.pause() } })
  line.text('a', 'b')
  line.receive(wireFrame(1, 'c'), closeFrame(4000))
  line.connection.close(1000)
  line.connection.pause()
  stand.clock.runTurns()
  assert.ok(!line.transport.isPaused && line.transport.hasEnded)
  line.connection.transportClosed()
  assert.deepEqual(stand.calls, ['open', 'message a', 'close 4000', 'closed 4000'])
})

test('a failure while paused drops what was held', () => {
  const { stand, line } = held({ behavior: { message: (c) => c.pause() } })
  line.text('a', 'b')
  line.connection.fail('ERR_HANDLER', new Error('of a handler that was running'))
  stand.clock.runTurns()
  assert.deepEqual(line.shown(), ['8 1011 ERR_HANDLER'])
  line.connection.resume()
  stand.clock.runTurns()
  assert.deepEqual(stand.calls, ['open', 'message a'])
})

// --- Pings

test('a ping is answered with its payload in the same turn', () => {
  const { line } = held()
  line.receive(wireFrame(9, 'a'), wireFrame(10, 'unasked'), wireFrame(9))
  assert.deepEqual(line.shown(), ['10 a', '10 '])
})

/** A turn ends in which the write that is under way was not taken. */
function blockFor(stand: Stand, line: Line): void {
  line.transport.writesTaken = 0
  line.connection.send('blocking')
  stand.clock.runTurns()
  assert.ok(line.connection.isBlocked)
}

test('pings while a write is under way are answered in their place up to 16, then by the last, in memory of its own', () => {
  const { stand, line } = held()
  for (let round = 0; round < 2; round++) {
    blockFor(stand, line)
    for (let i = 1; i <= 16; i++) line.receive(wireFrame(9, `ping ${i}`))
    line.connection.send('behind')
    const before = line.connection.bufferedBytes
    for (let i = 17; i <= 100; i++) line.receive(wireFrame(9, `ping ${i}`))
    assert.equal(line.connection.bufferedBytes, before)
    line.transport.writesTaken = Infinity
    line.transport.takeUnderWay()
    const prompt = Array.from({ length: 16 }, (_, i) => `10 ping ${i + 1}`)
    assert.deepEqual(line.shown(), ['1 blocking', ...prompt, '1 behind', '10 ping 100'])
    if (round === 0) line.receive(wireFrame(9, 'again'))
    assert.deepEqual(line.shown(), round === 0 ? ['10 again'] : [])
  }
})

test('a ping into a blocked line is answered in its place again once the line has been taken', () => {
  const { stand, line } = held()
  // More of them than are answered in their place at a time.
  for (let i = 0; i < 20; i++) {
    const name = `ping ${i}`
    blockFor(stand, line)
    line.receive(wireFrame(9, name))
    line.connection.send('behind')
    line.transport.writesTaken = Infinity
    line.transport.takeUnderWay()
    assert.deepEqual(line.shown(), ['1 blocking', `10 ${name}`, '1 behind'])
  }
})

test('pings in the turn of a write are all answered: some engines tell later that it was taken', () => {
  const { stand, line } = held()
  line.transport.writesTaken = 0
  // As large as that it is handed over within the turn.
  line.connection.send(new Uint8Array(20_000))
  assert.ok(!line.connection.isBlocked)
  line.receiveOnly(wireFrame(9, 'a'), wireFrame(9, 'b'))
  line.transport.writesTaken = Infinity
  line.transport.takeUnderWay()
  stand.clock.runTurns()
  assert.deepEqual(
    line.frames().map(({ opcode, payload }) => [opcode, payload.length]),
    [
      [2, 20_000],
      [10, 1],
      [10, 1],
    ],
  )
})

test('a flood of pings into a line that takes nothing is bounded by what one turn brings', () => {
  const { stand, line } = held()
  line.transport.writesTaken = 0
  line.connection.send(new Uint8Array(20_000))
  for (let i = 0; i < 50; i++) line.receiveOnly(wireFrame(9, 'x'))
  const most = line.connection.bufferedBytes
  assert.equal(most, 20_004 + 50 * 3)
  stand.clock.runTurns()
  for (let i = 0; i < 100; i++) line.receive(wireFrame(9, 'x'))
  assert.equal(line.connection.bufferedBytes, most + 16 * 3)
})

/** Each message is answered with so much that the next one has to wait until the answer is taken. */
function answering(seen: number[]): { readonly stand: Stand; readonly line: Line } {
  return held({
    limits: { bufferedBytes: 200_000, highWaterBytes: 65_536 },
    keepalive: { pingMs: 25_000, timeoutMs: 20_000 },
    behavior: {
      message: (connection, data) => {
        seen.push(data.length)
        connection.send(new Uint8Array(150_000))
      },
    },
  })
}

test('messages of one who has not taken the answers wait for it, however long, and are not lost', () => {
  const seen: number[] = []
  const { stand, line } = answering(seen)
  line.transport.writesTaken = 0
  line.receiveOnly(wireFrame(1, 'a'), wireFrame(1, 'bb'), wireFrame(1, 'ccc'))
  stand.clock.runTurns()
  assert.deepEqual(seen, [1])
  assert.ok(line.transport.isPaused)
  line.transport.takeUnderWay()
  stand.clock.runTurns()
  assert.deepEqual(seen, [1, 2])
  assert.ok(line.transport.isPaused)
  line.transport.writesTaken = Infinity
  line.transport.takeUnderWay()
  stand.clock.runTurns()
  assert.deepEqual(seen, [1, 2, 3])
  assert.ok(!line.transport.isPaused)
  assert.deepEqual(stand.failures, [])
})

test('one who does not take the answers is closed with 1013 in the end', () => {
  const seen: number[] = []
  const { stand, line } = answering(seen)
  line.transport.writesTaken = 0
  line.receive(wireFrame(1, 'a'), wireFrame(1, 'b'))
  stand.clock.advance(44_000)
  assert.deepEqual([seen, stand.failures], [[1], []])
  stand.clock.advance(3_000)
  assert.deepEqual([seen, stand.failures], [[1], [['ERR_SLOW_CONSUMER', undefined]]])
})

test('what others send to one whose answers wait still closes with 1013 at the cap', () => {
  const { stand, line } = answering([])
  line.transport.writesTaken = 0
  line.receive(wireFrame(1, 'a'))
  assert.equal(line.connection.send(new Uint8Array(100_000)), 'closed')
  assert.deepEqual(stand.failures, [['ERR_SLOW_CONSUMER', undefined]])
})

test('a flood of pings that are not read closes with 1008; one that is read does not', () => {
  const { stand, line } = held()
  for (let i = 0; i < 1_000; i++) line.receive(wireFrame(9, 'x'))
  assert.equal(line.frames().length, 1_000)
  blockFor(stand, line)
  for (let i = 0; i < 1_000; i++) line.receiveOnly(wireFrame(9, 'x'))
  assert.deepEqual(stand.failures, [['ERR_PING_FLOOD', undefined]])
  assert.ok(line.connection.bufferedBytes < 200)
  line.transport.writesTaken = Infinity
  line.transport.takeUnderWay()
  stand.clock.runTurns()
  assert.deepEqual(line.shown(), ['1 blocking', ...Array(16).fill('10 x'), '8 1008 ERR_PING_FLOOD'])
})

test('the payload of a ping that is sent is cut to what a control frame may carry', () => {
  const { stand, line } = held()
  assert.equal(line.connection.ping(new Uint8Array(200)), 'sent')
  stand.clock.runTurns()
  assert.equal(line.frames()[0]!.payload.length, 125)
})

// --- Deadlines

test('messages beyond the rate close with 1008, and those within pass', () => {
  const { stand, line } = held({ limits: { messagesPerSecond: 3 } })
  line.text('a', 'b', 'c')
  stand.clock.advance(1_000)
  line.text('d', 'e', 'f', 'g', 'h')
  assert.deepEqual(
    stand.calls.slice(1),
    ['a', 'b', 'c', 'd', 'e', 'f'].map((m) => `message ${m}`),
  )
  assert.deepEqual(line.shown(), ['8 1008 ERR_MESSAGE_RATE'])
})

test('bytes beyond the rate close with 1008 before they are read', () => {
  const { stand, line } = held({ limits: { bytesPerSecond: 100 } })
  line.receive(wireFrame(2, new Uint8Array(90)))
  line.receive(wireFrame(2, new Uint8Array(90)))
  assert.deepEqual(line.shown(), ['8 1008 ERR_BYTE_RATE'])
  assert.equal(stand.context.counters.messagesReceived, 1)
  assert.equal(stand.context.counters.bytesReceived, 2 * 96)
})

// --- Data

test('text is a string, bytes are a plain view of the memory that was lent', () => {
  const seen: (string | Uint8Array)[] = []
  const { line } = held({
    behavior: {
      message: (_, data) => {
        if (typeof data !== 'string') assert.equal(data.constructor, Uint8Array)
        seen.push(data.slice(0))
      },
    },
  })
  line.receive(wireFrame(1, 'käse'), wireFrame(2, Uint8Array.of(1, 2)), wireFrame(1))
  line.receive(wireFrame(1, '𝄞', { final: false }), wireFrame(0, ''))
  line.receive(wireFrame(1, '', { final: false }), wireFrame(0, ''), wireFrame(2))
  assert.deepEqual(seen, ['käse', Uint8Array.of(1, 2), '', '𝄞', '', new Uint8Array(0)])
})

test('ids rise and are not used again', () => {
  const stand = new Stand()
  const ids = [stand.open(), stand.open(), stand.open()].map(({ connection }) => connection.id)
  assert.deepEqual(ids, [ids[0], ids[0]! + 1, ids[0]! + 2])
})
