// What a line with topics does by itself, on an injected clock against a scripted server. Misbehaving servers:
// live-line-hostile.test.ts; real sockets: live.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { script, settle } from './script-line.ts'

test('without a token it is open at the welcome, not before', () => {
  const { line, world, states, connect } = script()
  world.socket.open()
  assert.equal(line.state, 'connecting')
  world.socket.lose()
  world.advance(500)
  connect()
  assert.equal(line.state, 'open')
  assert.deepEqual(
    states.map(([state]) => state),
    ['reconnecting', 'open'],
  )
})

test('who this is, as the welcome says; what is no name is nobody', () => {
  for (const [identity, expected] of [
    ['ann', 'ann'],
    [7, null],
    [undefined, null],
  ]) {
    const { line, world, say } = script()
    world.socket.open()
    say({ type: 'welcome', session: 's', identity })
    assert.equal(line.identity, expected)
    line.close()
  }
})

test('with a token it says hello first, and why it wants one', async () => {
  const reasons: string[] = []
  const { line, server, connect, said } = script({
    token: (reason) => {
      reasons.push(reason)
      return Promise.resolve('t1')
    },
  })
  server.tokens = new Set(['t1'])
  connect()
  await settle()
  assert.equal(line.state, 'open')
  assert.deepEqual(said(), [{ type: 'hello', token: 't1', id: 1 }])
  assert.deepEqual(reasons, ['connect'])
})

test('4401: a fresh token, once; the second refusal in a row ends it', async () => {
  const reasons: string[] = []
  const { line, world, server, connect } = script({
    token: (reason) => {
      reasons.push(reason)
      return 't1'
    },
  })
  server.tokens = new Set(['t1'])
  for (let round = 0; round < 3; round += 1) {
    connect()
    await settle()
    assert.equal(line.state, 'open')
    world.socket.lose(4401, 'ERR_TOKEN_EXPIRED')
    line.retry()
  }
  assert.deepEqual(reasons, ['connect', 'refused', 'refused'])
  server.tokens.clear()
  connect()
  await settle()
  world.socket.lose(4401, 'ERR_TOKEN_INVALID')
  assert.equal(line.state, 'closed')
})

test('4403 ends it for good, and every subscription with it', async () => {
  const { line, world, server, connect } = script()
  server.topic('news')
  connect()
  const news = line.subscribe('news')
  world.socket.lose(4403, 'ERR_IDENTITY_REVOKED')
  assert.equal(line.state, 'closed')
  assert.equal(news.state, 'ended')
  await assert.rejects(news[Symbol.asyncIterator]().next(), { code: 'ERR_LINE_CLOSED' })
  assert.equal(world.timerCount, 0)
  assert.throws(() => line.subscribe('news'), { code: 'ERR_LINE_CLOSED' })
  await assert.rejects(line.publish('news', 1), { code: 'ERR_LINE_CLOSED' })
})

test('a token is renewed before it expires, on the open line', async () => {
  const { server, world, connect, said } = script({ token: (reason) => reason })
  server.tokens = new Set(['connect'])
  server.expiresInMs = 100_000
  connect()
  await settle()
  world.advance(69_000)
  await settle()
  assert.equal(said('token').length, 0)
  world.advance(21_001)
  await settle()
  assert.deepEqual(said('token')[0]?.['token'], 'expiring')
  world.advance(90_001)
  await settle()
  assert.equal(said('token').length, 2)
})

test('a server that says that every token expires now is asked once in a second at most', async () => {
  const { server, world, connect, said } = script({ token: () => 't' })
  server.tokens = new Set(['t'])
  server.expiresInMs = 0
  connect()
  await settle()
  for (let step = 0; step < 50; step += 1) {
    world.advance(100)
    await settle()
  }
  assert.equal(said('token').length, 5)
})

test('a token function that throws is told, and asked again on the next line', async () => {
  let isAway = true
  const { line, world, server, connect, errors } = script({
    token: () => {
      if (isAway) throw new Error('no network')
      return 't'
    },
  })
  server.tokens = new Set(['t'])
  connect()
  await settle()
  assert.deepEqual(errors, ['ERR_TOKEN_FAILED'])
  assert.equal(line.state, 'reconnecting')
  isAway = false
  world.advance(500)
  connect()
  await settle()
  assert.equal(line.state, 'open')
})

test('a token that comes after its line was lost is not said on the next', async () => {
  const given: ((token: string) => void)[] = []
  const { world, server, connect, said } = script({
    token: () => new Promise((resolve) => given.push(resolve)),
  })
  server.tokens = new Set(['new'])
  connect()
  world.socket.lose()
  world.advance(500)
  connect()
  given[0]?.('old')
  given[1]?.('new')
  await settle()
  assert.deepEqual(
    said('hello').map(({ token }) => token),
    ['new'],
  )
})

test('a subscription goes on behind its cursor on the next line, with the proof', async () => {
  const { line, world, server, connect, said } = script()
  server.topic('news')
  connect()
  const read: unknown[] = []
  const news = line.subscribe('news', { onMessage: ({ data, gap }) => read.push(data, gap) })
  await news.ready
  server.publish('news', 'one')
  world.socket.lose()
  assert.equal(news.state, 'subscribing')
  server.publish('news', 'two')
  server.publish('news', 'three')
  world.advance(500)
  connect()
  assert.deepEqual(read, ['one', null, 'two', null, 'three', null])
  assert.equal(news.recovered, true)
  assert.deepEqual(said('subscribe')[0]?.['since'], {
    epoch: 'e1',
    offset: 1,
    proof: 'proof of e1',
  })
  assert.deepEqual(news.cursor, { epoch: 'e1', offset: 3, proof: 'proof of e1' })
})

test('a topic without history: the program is told that it was away', () => {
  const { line, world, server, connect } = script()
  server.topic('ticks', false)
  connect()
  const gaps: string[] = []
  const read: unknown[] = []
  line.subscribe('ticks', {
    onGap: ({ reason }) => gaps.push(reason),
    onMessage: ({ data, gap, offset }) => read.push([data, offset, gap?.reason]),
  })
  server.publish('ticks', 1)
  world.socket.lose()
  world.advance(500)
  connect()
  server.publish('ticks', 3)
  assert.deepEqual(gaps, ['away'])
  assert.deepEqual(read, [
    [1, null, undefined],
    [3, null, 'away'],
  ])
})

test('history that is gone is told in its place, with the reason; what is stored goes on from there', () => {
  const { line, world, server, connect } = script()
  server.topic('news')
  connect()
  const read: unknown[] = []
  line.subscribe('news', { onMessage: ({ data, gap }) => read.push([data, gap?.reason ?? null]) })
  server.publish('news', 'one')
  world.socket.lose()
  server.forget('news')
  server.publish('news', 'lost')
  world.advance(500)
  connect()
  server.publish('news', 'two')
  assert.deepEqual(read, [
    ['one', null],
    ['two', 'epoch'],
  ])
})

test('a stored cursor: a new program goes on where the last one was', async () => {
  const { line, server, connect } = script()
  for (const data of ['a', 'b', 'c']) server.publish('news', data)
  connect()
  const read: unknown[] = []
  const since = { epoch: 'e1', offset: 1, proof: 'proof of e1' }
  const news = line.subscribe('news', { since, onMessage: ({ data }) => read.push(data) })
  await news.ready
  assert.equal(news.recovered, true)
  assert.deepEqual(read, ['b', 'c'])
  const all: unknown[] = []
  news.end()
  line.subscribe('news', { since: 'start', onMessage: ({ data }) => all.push(data) })
  assert.deepEqual(all, ['a', 'b', 'c'])
})

test('a gap on the line is told at once and with the next message; gaps add up', () => {
  const { line, server, connect, say } = script()
  server.topic('news')
  connect()
  const gaps: unknown[] = []
  const read: unknown[] = []
  const news = line.subscribe('news', {
    onGap: ({ from, to, count }) => gaps.push([from?.offset, to?.offset, count]),
    onMessage: ({ data, gap }) => read.push([data, gap?.from?.offset, gap?.to?.offset, gap?.count]),
  })
  const gap = { type: 'gap', topic: 'news', epoch: 'e1', reason: 'overflow' }
  say({ ...gap, from: 0, to: 4, count: 4 })
  say({ ...gap, from: 4, to: 9, count: 5 })
  // Behind the cursor already: nothing is missing.
  say({ ...gap, from: 4, to: 9, count: 5 })
  say({ type: 'pub', topic: 'news', offset: 10, data: 'ten' })
  assert.deepEqual(gaps, [
    [0, 4, 4],
    [4, 9, 5],
  ])
  assert.deepEqual(read, [['ten', 0, 9, 9]])
  say({ ...gap, epoch: 'e2', from: null, to: null, count: null, reason: 'epoch', proof: 'p2' })
  say({ type: 'pub', topic: 'news', offset: 1, data: 'anew' })
  assert.deepEqual(news.cursor, { epoch: 'e2', offset: 1, proof: 'p2' })
  assert.deepEqual(read.length, 2)
})

test('a cursor that the server takes no longer: it begins anew and says so', () => {
  const { line, connect, say, said } = script()
  connect()
  const gaps: string[] = []
  const read: unknown[] = []
  const news = line.subscribe('news', {
    since: { epoch: 'e1', offset: 7, proof: 'of another' },
    onGap: ({ reason, from }) => gaps.push(`${reason} ${from?.offset}`),
    onMessage: ({ data }) => read.push(data),
  })
  // The script server does not know the topic: the test answers in its place.
  assert.equal(news.state, 'ended')
  const second = line.subscribe('news2', { onMessage: ({ data }) => read.push(data) })
  assert.equal(second.state, 'ended')
  assert.equal(said('subscribe').length, 2)
  say({ type: 'pub', topic: 'news', offset: 8, data: 'late' })
  assert.deepEqual([gaps, read], [[], []])
})

test('a subscription to a pattern gets what fits it, with the name', () => {
  const { line, server, connect, say } = script()
  server.topic('room.*', false)
  server.topic('room.1', false)
  connect()
  const read: unknown[] = []
  line.subscribe('room.*', { onMessage: ({ topic, data }) => read.push([topic, data]) })
  line.subscribe('room.1', { onMessage: ({ data }) => read.push(data) })
  say({ type: 'pub', topic: 'room.2', data: 'a' })
  say({ type: 'pub', topic: 'room.1', data: 'b' })
  say({ type: 'pub', topic: 'hall.1', data: 'c' })
  assert.deepEqual(read, [['room.2', 'a'], 'b'])
})

test('a subscription that is refused ends with the code; readers and `ready` hear it', async () => {
  const { line, connect } = script()
  connect()
  const states: string[] = []
  const none = line.subscribe('none', { onState: (state) => states.push(state) })
  await assert.rejects(none.ready, { name: 'RefusedError', code: 'ERR_TOPIC_UNKNOWN' })
  await assert.rejects(none[Symbol.asyncIterator]().next(), { code: 'ERR_TOPIC_UNKNOWN' })
  assert.deepEqual(states, ['ended'])
  // The name is free again.
  line.subscribe('none').end()
})

test('a broker that is away is asked again, and so is whoever says when', () => {
  const { line, world, server, say, said } = script()
  world.socket.open()
  say({ type: 'welcome', session: 's' })
  const news = line.subscribe('news')
  const refuse = (fields: object): void => {
    const id = said('subscribe').at(-1)?.['id']
    say({ type: 'error', id, message: '', ...fields })
  }
  refuse({ code: 'ERR_BROKER_AWAY', retryAfterMs: 0 })
  assert.equal(news.state, 'subscribing')
  world.advance(1000)
  assert.equal(said('subscribe').length, 2)
  refuse({ code: 'ERR_LINE_RATE', retryAfterMs: 3000 })
  world.advance(2999)
  assert.equal(said('subscribe').length, 2)
  world.advance(1)
  assert.equal(said('subscribe').length, 3)
  refuse({ code: 'ERR_CURSOR_INVALID' })
  assert.equal(news.state, 'ended')
  assert.equal(server.heard.length, 0)
})

test('a refused cursor is forgotten, with a gap', () => {
  const { line, world, say, said } = script()
  world.socket.open()
  say({ type: 'welcome', session: 's' })
  const gaps: unknown[] = []
  const news = line.subscribe('news', {
    since: { epoch: 'e1', offset: 7 },
    onGap: ({ from, reason }) => gaps.push([from?.offset, reason]),
  })
  say({ type: 'error', id: said('subscribe')[0]?.['id'], code: 'ERR_CURSOR_INVALID', message: '' })
  assert.equal(news.state, 'subscribing')
  assert.equal(said('subscribe')[1]?.['since'], undefined)
  assert.deepEqual(gaps, [[7, 'epoch']])
})

test('the server ends a subscription', async () => {
  const { line, server, connect, say } = script()
  server.topic('news')
  connect()
  const news = line.subscribe('news')
  await news.ready
  say({ type: 'unsubscribed', topic: 'news', code: 'ERR_TOPIC_FORBIDDEN' })
  assert.equal(news.state, 'ended')
  assert.equal(news.error?.code, 'ERR_TOPIC_FORBIDDEN')
})

test('one subscription for a topic; ended by hand, by its signal, by the signal of the line', async () => {
  const abort = new AbortController()
  const { line, server, connect, said } = script({ signal: abort.signal })
  server.topic('news')
  connect()
  const news = line.subscribe('news')
  assert.throws(() => line.subscribe('news'), { code: 'ERR_TOPIC_SUBSCRIBED' })
  news.end()
  news.end()
  assert.equal(said('unsubscribe').length, 1)
  const one = new AbortController()
  const second = line.subscribe('news', { signal: one.signal })
  one.abort()
  assert.equal(second.state, 'ended')
  assert.equal(line.subscribe('news', { signal: AbortSignal.abort() }).state, 'ended')
  const third = line.subscribe('news')
  abort.abort()
  assert.equal(third.state, 'ended')
  assert.equal((await line.closed).code, 1000)
})

test('a publication waits for a line, is sent again until it is answered, and is taken once', async () => {
  const { line, world, server, connect, said } = script()
  server.topic('news')
  const first = line.publish('news', 'one', { key: 'k' })
  connect()
  assert.deepEqual(await first, { epoch: 'e1', offset: 1 })
  // The answer is lost with the line.
  const { hear } = server
  server.hear = (target, envelope) => hear.call(server, { ...target, say: () => {} }, envelope)
  const second = line.publish('news', 'two')
  server.hear = hear
  const keyBefore = said('publish').at(-1)?.['idempotencyKey']
  world.socket.lose()
  world.advance(500)
  connect()
  assert.deepEqual(await second, { epoch: 'e1', offset: 2 })
  assert.equal(said('publish')[0]?.['idempotencyKey'], keyBefore)
  assert.equal(server.topic('news').head, 2)
  server.topic('ticks', false)
  assert.equal(await line.publish('ticks', 1), null)
})

test('a publication is refused, not kept for ever, not too large, and not beyond the bound', async () => {
  const { line, server, world, connect } = script({ bufferBytes: 1000 })
  await assert.rejects(line.publish('news', 'x'.repeat(1000)), { code: 'ERR_BUFFER_FULL' })
  server.maxMessageBytes = 200
  server.topic('news')
  connect()
  await assert.rejects(line.publish('none', 1), { name: 'RefusedError', code: 'ERR_TOPIC_UNKNOWN' })
  await assert.rejects(line.publish('news', 'ä'.repeat(150)), { code: 'ERR_MESSAGE_TOO_LARGE' })
  await assert.rejects(line.publish('news', 1n), TypeError)
  server.hear = () => {}
  const never = assert.rejects(line.publish('news', 'x'), { code: 'ERR_UNANSWERED' })
  // Something arrives all the time, so the line itself is well.
  for (let beat = 0; beat < 8; beat += 1) {
    world.socket.receive('{"type":"pong"}')
    world.advance(10_000)
  }
  await never
  assert.equal(line.state, 'open')
  const closed = assert.rejects(line.publish('news', 'y'), { code: 'ERR_LINE_CLOSED' })
  line.close()
  await closed
})

test('an unanswered publication that is too old to be harmless is not sent again', async () => {
  const { line, world, server, connect } = script()
  server.topic('news')
  connect()
  server.hear = () => {}
  const old = assert.rejects(line.publish('news', 'x'), { code: 'ERR_UNANSWERED' })
  world.socket.lose()
  world.advance(120_000)
  await old
})

test('history, members and presence', async () => {
  const { line, server, connect } = script()
  server.publish('news', 'a')
  connect()
  const page = await line.history('news', { limit: 10 })
  assert.deepEqual(page.publications, [
    { topic: 'news', data: 'a', offset: 1, key: null, gap: null },
  ])
  assert.deepEqual(page.head, { epoch: 'e1', offset: 1 })
  assert.equal(page.lost, null)
  assert.deepEqual(await line.members('news'), [{ member: 'm1', state: 1 }])
})

test('who is present: the list at first, then what changes', () => {
  const { line, server, connect, say, world } = script()
  server.topic('room')
  connect()
  const changes: number[][] = []
  const room = line.subscribe('room', {
    presence: true,
    state: { name: 'ann' },
    onPresence: (_, { joined, left, changed }) =>
      changes.push([joined.length, left.length, changed.length]),
  })
  const diff = { type: 'presence', topic: 'room', joined: [], left: [], changed: [] }
  say({ ...diff, joined: [{ member: 'a', identity: 'ann', state: 1 }, { member: 7 }, null] })
  say({ ...diff, changed: [{ member: 'a', identity: 'ann', state: 2 }] })
  assert.deepEqual([...room.members.values()], [{ member: 'a', identity: 'ann', state: 2 }])
  say({ ...diff, left: [{ member: 'a' }] })
  assert.equal(room.members.size, 0)
  assert.deepEqual(changes, [
    [0, 0, 0],
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
  ])
  world.socket.lose()
  world.advance(500)
  connect()
  const states = server.heard.filter(({ type }) => type === 'subscribe').map(({ state }) => state)
  assert.deepEqual(states, [{ name: 'ann' }, { name: 'ann' }])
})

test('presence without a subscription is announced again on the next line, until it ends', async () => {
  const { line, world, server, connect, said } = script()
  server.topic('room')
  connect()
  await line.present('room', 'here')
  world.socket.lose()
  world.advance(500)
  connect()
  assert.deepEqual(
    said('present').map(({ state }) => state),
    ['here'],
  )
  await line.present('room', null)
  world.socket.lose()
  world.advance(2000)
  connect()
  assert.equal(said('present').length, 0)
  await assert.rejects(line.present('none', 1), { code: 'ERR_TOPIC_UNKNOWN' })
})

test('goaway: it keeps its slot, then comes back at once and resumes', () => {
  const { line, world, server, connect, say } = script()
  server.topic('news')
  connect()
  const read: unknown[] = []
  line.subscribe('news', { onMessage: ({ data }) => read.push(data) })
  world.advance(5000)
  say({ type: 'goaway', afterMs: 700, reason: 'drain' })
  world.advance(699)
  assert.equal(world.sockets.length, 1)
  server.publish('news', 1)
  world.advance(1)
  assert.equal(world.sockets.length, 2)
  assert.deepEqual(world.sockets[0]?.closes, [[1000, undefined]])
  server.publish('news', 2)
  connect()
  assert.equal(line.state, 'open')
  assert.deepEqual(read, [1, 2])
})

test('goaway with an address: only its own origin and those that the program allows', () => {
  for (const [url, expected] of [
    ['/other', 'ws://test/other'],
    ['ws://test/other?x', 'ws://test/other?x'],
    ['http://test/other', 'ws://test/other'],
    ['wss://b.example/live', 'wss://b.example/live'],
    ['wss://evil.example/live', 'ws://test/live'],
    ['wss://test/live', 'ws://test/live'],
    ['javascript:alert(1)', 'ws://test/live'],
    ['ws://[', 'ws://test/live'],
    [17, 'ws://test/live'],
    [undefined, 'ws://test/live'],
  ] as const) {
    const { line, world, connect, say } = script({ moveTo: ['wss://b.example'] })
    connect()
    world.advance(5000)
    say({ type: 'goaway', afterMs: 0, url })
    world.advance(0)
    assert.equal(world.socket.url, expected, String(url))
    // It is a hint for one attempt, not for ever.
    world.socket.lose()
    world.advance(60_000)
    assert.equal(world.sockets[2]?.url, 'ws://test/live')
    line.close()
  }
})

test('the heartbeat: silence is asked about, and ends the line; an answer keeps it', () => {
  const { line, world, server, connect, said } = script()
  connect()
  world.advance(19_000)
  assert.equal(said('ping').length, 0)
  world.advance(1000)
  assert.equal(said('ping').length, 1)
  world.advance(60_000)
  assert.equal(line.state, 'open')
  server.hear = () => {}
  world.advance(30_000)
  assert.equal(line.state, 'reconnecting')
})

test('who watches hears each change, until he stops', () => {
  const { line, world, connect } = script()
  let count = 0
  const stop = line.watch(() => (count += 1))
  connect()
  world.socket.lose()
  assert.equal(count, 2)
  stop()
  line.retry()
  connect()
  assert.equal(count, 2)
  assert.equal(line.state, 'open')
})
