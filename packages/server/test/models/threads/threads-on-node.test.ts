// The threads model, on a server: what a session can do, and what becomes of threads that fail. What may depend on the
// engine is in threads.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WirePeer } from 'holdline/testing'
import { threads } from 'holdline/threads'
import { Sum } from './sessions/typed.ts'
import { canary, closedWith, echoes, tasks, ThreadStand, threadStand } from './thread-stand.ts'
import { numbers } from '../messages.ts'

const engine = 'node'

test('for (;;) {} in more handlers than there are cores starves nobody either', async () => {
  await using stand = await threadStand(engine, { graceMs: 10 })
  const spinning: WirePeer[] = []
  for (let i = 0; i < 4; i++) {
    const peer = await stand.connect('/?task=spin')
    assert.equal(await peer.message(), 'spinning')
    spinning.push(peer)
  }
  const other = await stand.connect('/')
  for (const message of numbers(20)) await echoes(other, message)
  for (const peer of spinning) peer.cut()
  for (const _ of spinning) {
    assert.equal((await stand.report()).error.code, 'ERR_THREAD_GRACE')
  }
})

test('a request may wait for a thread: it gets the next that is free, or 503 after waitMs', async () => {
  await using stand = await threadStand(engine, { maxThreads: 1, waitMs: 10_000 })
  const first = await stand.connect('/')
  const second = await stand.dial('/')
  await echoes(first, 'x')
  assert.equal(second.status, 0)
  await first.leave()
  await second.answered()
  assert.equal(second.status, 101)
  await echoes(second, 'y')
  await second.leave()
  await using strict = await threadStand(engine, { maxThreads: 1, waitMs: 20 })
  await strict.connect('/')
  const late = await strict.dial('/')
  await late.answered()
  assert.equal(late.status, 503)
})

test('fifty connections at once have fifty threads', async () => {
  await using stand = await threadStand(engine)
  const peers = await Promise.all(numbers(50).map(() => stand.connect('/?task=thread-id')))
  const ids = await Promise.all(peers.map((peer) => peer.message()))
  assert.equal(new Set(ids).size, 50)
  await Promise.all(peers.map((peer, i) => echoes(peer, `I am ${i}`)))
  await Promise.all(peers.map((peer) => peer.leave()))
})

test('recv and sleep take a time: TIMEOUT, and an end that cuts a sleep short', async () => {
  await using stand = await threadStand(engine)
  const peer = await stand.connect('/?task=timeouts')
  const told = JSON.parse(String(await peer.message())) as Record<string, unknown>
  assert.deepEqual([told['none'], told['asked']], [true, true])
  assert.ok((told['waitedMs'] as number) >= 29)
  await echoes(peer, 'in time')
  const sleeper = await stand.connect('/?task=sleep')
  const { slept, ms } = JSON.parse(String(await sleeper.message())) as Record<string, unknown>
  assert.equal(slept, true)
  assert.ok((ms as number) >= 29)
  sleeper.cut()
  await stand.until('the sleep to end', () => stand.words[0] === 1)
})

test('an error outside of the handler ends its own connection with 1011', async () => {
  await using stand = await threadStand(engine)
  const peer = await stand.connect('/?task=timer-throws')
  peer.text('now')
  await closedWith(peer, 1011)
  const { error } = await stand.report()
  assert.equal(error.code, 'ERR_THREAD_EXITED')
  assert.equal((error.cause as Error).message, 'outside')
  await canary(stand)
})

test('a handler that runs out of memory ends its own connection with 1011', async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 }
  await using stand = await threadStand(engine, { resourceLimits })
  const other = await stand.connect('/')
  const peer = await stand.connect('/?task=out-of-memory')
  peer.text('now')
  await closedWith(peer, 1011)
  const { error } = await stand.report()
  assert.equal(error.code, 'ERR_THREAD_EXITED')
  assert.equal((error.cause as { code?: string }).code, 'ERR_WORKER_OUT_OF_MEMORY')
  await echoes(other, 'still here')
})

test('a handler that takes no messages for stallMs is stopped', async () => {
  await using stand = await threadStand(engine, { ringBytes: 256, stallMs: 30 })
  const peer = await stand.connect('/?task=spin-on-message')
  peer.text('go')
  assert.equal(await peer.message(), 'spinning')
  for (let i = 0; i < 100; i++) peer.text('x'.repeat(100))
  await closedWith(peer, 1011)
  assert.equal((await stand.report()).error.code, 'ERR_THREAD_STALLED')
})

test('trySend never blocks: full, and an error for what could never be sent', async () => {
  await using stand = await threadStand(engine)
  const peer = await stand.connect('/?task=try-send')
  peer.line.stopReading()
  peer.text('go')
  await stand.until('trySend to say full', () => stand.words[0]! > 0)
  assert.equal(stand.words[1], 1)
  peer.line.startReading()
  for (let i = 0; i < stand.words[0]!; i++) {
    assert.equal((await peer.message()).length, 10_000)
  }
  assert.equal(await peer.message(), 'full')
})

test('threads share what upgrade hands over in a SharedArrayBuffer', async () => {
  await using stand = await threadStand(engine)
  const peers = await Promise.all(numbers(4).map(() => stand.connect('/?task=add')))
  for (const peer of peers) for (const text of numbers(50)) peer.text(text)
  await Promise.all(peers.map((peer) => peer.leave()))
  await stand.until('all messages to be counted', () => stand.words[0] === 200)
})

test('a session has the request, the subprotocol and the number of its connection', async () => {
  await using stand = await ThreadStand.of(engine, {
    '/of/:who': threads(tasks, { subprotocols: ['chat.v1'] }),
  })
  const peer = await stand.connect('/of/ann?task=request&name=a%20b', {
    headers: { cookie: 'a=1', 'x-own': 'yes', 'sec-websocket-protocol': 'chat.v1' },
  })
  const told = JSON.parse(String(await peer.message())) as Record<string, unknown>
  assert.ok((told['id'] as number) > 0)
  assert.deepEqual(
    { ...told, id: 0 },
    {
      path: '/of/ann',
      name: 'a b',
      cookie: '1',
      header: 'yes',
      address: 'string',
      params: { who: 'ann' },
      key: '',
      subprotocol: 'chat.v1',
      id: 0,
    },
  )
})

test('a topic that is none, and a route without publish: typed errors in the thread', async () => {
  await using stand = await ThreadStand.of(engine, { '/': threads(tasks) })
  const peer = await stand.connect('/?task=bad-topic')
  assert.equal(await peer.message(), 'ERR_TOPIC_NAME')
  assert.equal(await peer.message(), 'ERR_THREAD_PUBLISH')
  await peer.leave()
})

test('a publish that fails ends the connection with 1011', async () => {
  const failing = [
    () => Promise.reject(new Error('no broker')),
    () => {
      throw new Error('no broker')
    },
  ]
  for (const publish of failing) {
    await using stand = await ThreadStand.of(engine, { '/': threads(tasks, { publish }) })
    const peer = await stand.connect('/?task=chat&room=a')
    assert.equal(await peer.message(), 'in')
    peer.text('x')
    await closedWith(peer, 1011)
    assert.equal((await stand.report()).error.message, 'no broker')
    // `somebody left`, which is published when the handler ends.
    assert.equal((await stand.report()).error.message, 'no broker')
  }
})

test('a module that is no handler: 1011 and ERR_THREAD_MODULE', async () => {
  const at = (name: string): URL => new URL(`./sessions/${name}.ts`, import.meta.url)
  await using stand = await ThreadStand.of(engine, {
    '/none': threads(at('not-there')),
    '/no-handler': threads(at('no-handler')),
    '/broken': threads(at('broken')),
    '/no-contract': threads(Sum, tasks),
  })
  for (const path of ['/none', '/no-handler', '/broken', '/no-contract']) {
    const peer = await stand.connect(path)
    await closedWith(peer, 1011)
    const { error } = await stand.report()
    assert.equal(error.code, 'ERR_THREAD_MODULE')
    if (path === '/broken') assert.match((error.cause as Error).message, /a broken module/)
  }
})

test('data that cannot be cloned: 1011 and ERR_THREAD_DATA', async () => {
  await using stand = await ThreadStand.of(engine, {
    '/': threads<unknown>(tasks, {
      maxThreads: 1,
      upgrade: (request) => ({
        data: request.query.has('bad') ? { f: () => {} } : {},
      }),
    }),
  })
  const peer = await stand.connect('/?bad')
  await closedWith(peer, 1011)
  assert.equal((await stand.report()).error.code, 'ERR_THREAD_DATA')
  await echoes(await stand.connect('/'), 'its thread is free')
})

test('a request that upgrade refuses takes no thread', async () => {
  await using stand = await ThreadStand.of(engine, {
    '/': threads<unknown>(tasks, {
      maxThreads: 1,
      upgrade: async (request) => {
        await Promise.resolve()
        return request.query.has('in') ? { data: {} } : { refuse: 401 }
      },
    }),
  })
  for (let i = 0; i < 3; i++) {
    const stranger = await stand.dial('/')
    await stranger.answered()
    assert.equal(stranger.status, 401)
  }
  await echoes(await stand.connect('/?in'), 'in')
})

test('a promise that the handler returns is awaited', async () => {
  await using stand = await threadStand(engine)
  const peer = await stand.connect('/?task=async')
  assert.equal(await peer.message(), 'after a wait')
  await closedWith(peer, 1000)
})

test('a session that is kept after its handler returned is dead, and disturbs nobody', async () => {
  await using stand = await threadStand(engine, { maxThreads: 1 })
  const first = await stand.connect('/?task=leave-over')
  const id = Number(await first.message())
  await closedWith(first, 1000)
  const second = await stand.connect('/?task=use-left-over')
  const told = JSON.parse(String(await second.message())) as unknown[]
  assert.deepEqual(told, [id, 'closed', 'closed', null, false, false])
  await echoes(second, 'mine')
})
