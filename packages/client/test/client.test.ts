// The client's own decisions, on an injected clock. Real sockets: see line.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { connect } from 'holdline-client'
import type { Client, ClientOptions, State, StateDetail } from 'holdline-client'
import { FakeEnvironment } from './fake-environment.ts'

type Text = string | Uint8Array<ArrayBuffer>
type Plain = ClientOptions<Text> & { format?: 'plain'; contract?: never }

function setUp(options: Plain = {}): {
  client: Client<Text, Text>
  world: FakeEnvironment
  states: [State, StateDetail][]
} {
  const world = new FakeEnvironment()
  const states: [State, StateDetail][] = []
  const client = connect('ws://test/', {
    environment: world,
    onMessage: () => {},
    onState: (state, detail) => states.push([state, detail]),
    ...options,
  })
  return { client, world, states }
}

test('states: connecting, open, reconnecting, open, closed', async () => {
  const { client, world, states } = setUp()
  assert.equal(client.state, 'connecting')
  world.socket.open()
  world.socket.lose(1001, 'restart')
  assert.deepEqual(states.at(-1), [
    'reconnecting',
    { attempt: 1, retryInMs: 500, close: { code: 1001, reason: 'restart' } },
  ])
  world.advance(500)
  world.socket.open()
  client.close(1000, 'done')
  assert.deepEqual(
    states.map(([state]) => state),
    ['open', 'reconnecting', 'open', 'closed'],
  )
  assert.deepEqual(world.socket.closes, [[1000, 'done']])
  assert.deepEqual(await client.closed, { code: 1000, reason: 'done' })
  assert.equal(world.timerCount, 0)
  assert.equal(world.watching, false)
})

test('every wait lies within [0, min(cap, base × 2^n)], and the attempt comes exactly then', () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(unit, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 60_000 }),
      (draws, baseMs, capMs) => {
        const { world, states } = setUp({ backoff: { baseMs, capMs } })
        for (const [attempt, draw] of draws.entries()) {
          world.randomValue = draw
          world.socket.lose()
          const wait = states.at(-1)?.[1].retryInMs as number
          assert.ok(wait >= 0 && wait <= Math.min(capMs, baseMs * 2 ** attempt))
          const before = world.sockets.length
          if (wait > 0.5) {
            world.advance(wait - 0.5)
            assert.equal(world.sockets.length, before)
          }
          world.advance(1)
          assert.equal(world.sockets.length, before + 1)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('it never gives up by itself', () => {
  const { client, world } = setUp()
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    world.socket.lose()
    client.retry()
  }
  assert.equal(world.sockets.length, 1001)
  assert.equal(client.state, 'reconnecting')
})

test('the backoff begins anew only after a steady line, so a server that closes at once is spared', () => {
  const { client, world, states } = setUp()
  for (let round = 0; round < 6; round += 1) {
    world.socket.open()
    world.socket.lose()
    client.retry()
  }
  assert.deepEqual(
    states.filter(([state]) => state === 'reconnecting').map(([, { retryInMs }]) => retryInMs),
    [500, 1000, 2000, 4000, 8000, 16_000],
  )
  world.socket.open()
  world.advance(5000)
  world.socket.lose()
  assert.equal(states.at(-1)?.[1].retryInMs, 500)
})

test('a close code that says so ends it, and the program can decide otherwise', () => {
  const { client, world, states } = setUp()
  world.socket.open()
  world.socket.lose(4003, 'banned')
  assert.equal(client.state, 'closed')
  assert.deepEqual(states.at(-1)?.[1].close, { code: 4003, reason: 'banned' })
  assert.equal(world.timerCount, 0)

  const stubborn = setUp({ reconnect: (_close, attempt) => attempt < 2 })
  stubborn.world.socket.lose(4003)
  stubborn.world.advance(500)
  stubborn.world.socket.lose(4003)
  stubborn.world.advance(1000)
  assert.equal(stubborn.client.state, 'reconnecting')
  stubborn.world.socket.lose(4003)
  assert.equal(stubborn.client.state, 'closed')
})

test('a hint in the close reason lengthens the wait', () => {
  const { world, states } = setUp()
  world.socket.open()
  world.socket.lose(1013, 'retry-after=20')
  assert.equal(states.at(-1)?.[1].retryInMs, 20_500)
})

test('an attempt that does not open in time is given up, and heard no more', () => {
  const { client, world, states } = setUp({ connectTimeoutMs: 3000 })
  const slow = world.socket
  world.advance(3000)
  assert.deepEqual(states.at(-1)?.[1].close, { code: 1006, reason: 'connect timeout' })
  assert.equal(slow.closes.length, 1)
  slow.open()
  slow.lose()
  assert.equal(client.state, 'reconnecting')
  assert.equal(states.length, 1)
})

test('send tells what became of the message; what was queued leaves in order', () => {
  const { client, world } = setUp({ queueBytes: 10 })
  assert.equal(client.send('ab'), 'queued')
  assert.equal(client.send(Uint8Array.of(1, 2, 3, 4, 5)), 'queued')
  assert.equal(client.bufferedBytes, 9)
  assert.equal(client.send('c'), 'full')
  world.socket.open()
  assert.equal(client.bufferedBytes, 0)
  assert.equal(client.send('d'), 'sent')
  assert.deepEqual(world.socket.sent, ['ab', Uint8Array.of(1, 2, 3, 4, 5), 'd'])
  world.socket.bufferedAmount = 11
  assert.equal(client.send('e'), 'full')
  client.close()
  assert.equal(client.send('f'), 'closed')
  assert.equal(world.socket.sent.length, 3)
})

test('a socket that is closing takes nothing: the message waits for the next line', () => {
  const { client, world } = setUp()
  world.socket.open()
  world.socket.readyState = 2
  assert.equal(client.send('kept'), 'queued')
  world.socket.lose()
  world.advance(500)
  world.socket.open()
  assert.deepEqual(world.socket.sent, ['kept'])
})

test('what a listener sends on open goes first', () => {
  const { client, world } = setUp({
    onState: (state) => {
      if (state === 'open') client.send('join')
    },
  })
  client.send('kept')
  world.socket.open()
  assert.deepEqual(world.socket.sent, ['join', 'kept'])
})

test('what was queued and never left is counted at the end', () => {
  const { client, states } = setUp()
  client.send('a')
  client.send('b')
  client.close()
  assert.equal(states.at(-1)?.[1].unsentCount, 2)
})

test('the network goes: the line is let go at once; it returns: the attempt is made at once', () => {
  const { client, world, states } = setUp()
  world.socket.open()
  world.network('offline')
  assert.equal(client.state, 'reconnecting')
  assert.equal(states.at(-1)?.[1].close?.reason, 'offline')
  assert.equal(world.sockets.length, 1)
  world.network('online')
  assert.equal(world.sockets.length, 2)
  // An attempt is under way: a second event must not make another.
  world.network('visible')
  assert.equal(world.sockets.length, 2)
  world.socket.open()
  world.network('visible')
  assert.equal(client.state, 'open')
})

test('a page that is seen again does not wait out a long backoff', () => {
  const { world } = setUp()
  world.socket.lose()
  world.network('visible')
  assert.equal(world.sockets.length, 2)
})

test('retry makes the next attempt now, and only where one is due', () => {
  const { client, world } = setUp()
  client.retry()
  assert.equal(world.sockets.length, 1)
  world.socket.lose()
  client.retry()
  client.retry()
  assert.equal(world.sockets.length, 2)
  client.close()
  client.retry()
  assert.equal(world.sockets.length, 2)
})

test('an AbortSignal closes it, also one that aborted before', async () => {
  const abort = new AbortController()
  const { client, world } = setUp({ signal: abort.signal })
  world.socket.open()
  abort.abort()
  assert.equal(client.state, 'closed')
  assert.equal((await client.closed).code, 1000)
  assert.equal(setUp({ signal: AbortSignal.abort() }).client.state, 'closed')
})

test('a code that no program may send throws and changes nothing', () => {
  const { client, world } = setUp()
  world.socket.open()
  assert.throws(() => client.close(1006), { name: 'InvalidAccessError' })
  assert.equal(client.state, 'open')
})

test('a listener that throws upsets nothing, and is not swallowed', async (context) => {
  const uncaught: unknown[] = []
  const original = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => uncaught.push(error))
  context.after(() => {
    process.removeAllListeners('uncaughtException')
    for (const listener of original) process.on('uncaughtException', listener)
  })
  const { client, world } = setUp({
    onState: () => {
      throw new Error('from a listener')
    },
  })
  client.send('kept')
  world.socket.open()
  assert.deepEqual(world.socket.sent, ['kept'])
  await new Promise((resolve) => setImmediate(resolve))
  assert.match(String(uncaught[0]), /from a listener/)
})

test('messages that come before the first reader wait for it; the end ends it', async () => {
  const world = new FakeEnvironment()
  const client = connect('ws://test/', { environment: world })
  world.socket.open()
  world.socket.receive('one')
  world.socket.receive('two')
  client.close()
  const read: unknown[] = []
  for await (const message of client) read.push(message)
  assert.deepEqual(read, ['one', 'two'])
})

test('a message that is not valid is reported and left out', () => {
  const world = new FakeEnvironment()
  const errors: string[] = []
  const messages: number[] = []
  connect<{ in: string; out: number }>('ws://test/', {
    environment: world,
    format: 'json',
    onMessage: (message) => messages.push(message),
    onError: (error) => errors.push(error.code),
  })
  world.socket.open()
  world.socket.receive('1')
  world.socket.receive('{{')
  world.socket.receive('2')
  assert.deepEqual(messages, [1, 2])
  assert.deepEqual(errors, ['ERR_MESSAGE_INVALID'])
})
