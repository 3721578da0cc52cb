// A line with topics against servers that misbehave in every way there is, and the property that it keeps: the program
// sees each publication once and in order, or is told of a gap.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { live } from 'holdline-client'
import { connect, script, settle } from './script-line.ts'
import { FakeEnvironment } from './fake-environment.ts'
import { ScriptServer } from './script-server.ts'

test('envelopes that are none, of unknown types, with fields of wrong types: nothing throws, the line goes on', () => {
  const { line, server, world, connect: open, say, errors } = script()
  server.topic('news')
  open()
  const read: unknown[] = []
  line.subscribe('news', { presence: true, onMessage: ({ data }) => read.push(data) })
  const odd = [undefined, null, true, -1, 1.5, 1e300, '', 'x', [], [[]], {}, { a: 1 }]
  const types =
    'welcome renewed subscribed unsubscribed pub gap published presence members history done pong error goaway nonsense __proto__'
  for (const type of types.split(' ')) {
    for (const value of odd) {
      const fields =
        'id session expiresInMs maxMessageBytes topic cursor recovered reason members offset data64 key from to epoch count joined left changed publications head lost code message retryAfterMs'
      // goaway is a wish that is granted; here it is about the fields.
      const envelope = Object.fromEntries(fields.split(' ').map((field) => [field, value]))
      say({ ...envelope, type })
      if (type !== 'goaway' && type !== 'unsubscribed') say({ ...envelope, type, topic: 'news' })
    }
  }
  errors.length = 0
  for (const text of ['', '{', 'null', '7', '[]', '"pub"', '{}', '{"type":7}']) {
    world.socket.receive(text)
  }
  assert.deepEqual(errors, Array(8).fill('ERR_ENVELOPE_INVALID'))
  world.socket.receive('{"__proto__":{"type":"pub"},"constructor":1}')
  world.socket.receive('['.repeat(100_000) + ']'.repeat(100_000))
  world.socket.receive(`{"type":"x","a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`)
  world.socket.receive(new ArrayBuffer(100_000))
  world.socket.receive(`"${'x'.repeat(10_000_000)}"`)
  assert.equal(Object.hasOwn(Object.prototype, 'type'), false)
  assert.equal(line.state, 'open')
  const before = read.length
  server.publish('news', 'still here')
  say({ type: 'pub', topic: 'news', offset: 2 ** 53 - 1, data: 'last' })
  assert.equal(read.at(-1), 'last')
  assert.ok(read.length > before)
})

test('any JSON at all', () => {
  fc.assert(
    fc.property(fc.array(fc.json(), { maxLength: 20 }), (texts) => {
      const { line, server, world, connect: open } = script()
      server.topic('news')
      open()
      line.subscribe('news')
      for (const text of texts) world.socket.receive(text)
      assert.equal(line.state, 'open')
      line.close()
      assert.equal(world.timerCount, 0)
    }),
  )
})

test('answers to what was never asked, twice, or of another type settle nothing', async () => {
  const { line, server, say, said, connect: open } = script()
  server.topic('news')
  open()
  server.hear = () => {}
  let settledWith: unknown
  void line.publish('news', 1).then((cursor) => (settledWith = cursor))
  const id = said('publish')[0]?.['id'] as number
  say({ type: 'published', id: id + 1, cursor: { epoch: 'e', offset: 7 } })
  say({ type: 'subscribed', id, topic: 'news', cursor: null })
  say({ type: 'published', cursor: { epoch: 'e', offset: 8 } })
  say({ type: 'done', id })
  await settle()
  assert.equal(settledWith, undefined)
  say({ type: 'published', id, cursor: { epoch: 'e', offset: 9 } })
  say({ type: 'published', id, cursor: { epoch: 'e', offset: 10 } })
  await settle()
  assert.deepEqual(settledWith, { epoch: 'e', offset: 9 })
})

test('1,000 goaways at once: one move', () => {
  const { world, connect: open, say } = script()
  open()
  world.advance(5000)
  for (let count = 0; count < 1000; count += 1) say({ type: 'goaway', afterMs: 100 + (count % 7) })
  assert.ok(world.timerCount < 5)
  world.advance(1000)
  assert.equal(world.sockets.length, 2)
})

test('a server that sends everyone away as they come is not hammered', () => {
  const { line, world, server } = script()
  for (let round = 0; round < 20; round += 1) {
    const before = world.sockets.length
    connect(world, server)
    world.socket.receive('{"type":"goaway","afterMs":0}')
    world.advance(0)
    while (world.sockets.length === before) world.advance(100)
  }
  assert.ok(world.nowMs > 60_000, `20 moves in ${world.nowMs} ms`)
  line.close()
})

test('goaways with times that are none: now, or not for ever', () => {
  for (const afterMs of [-5, null, 'soon', undefined, {}, NaN]) {
    const { world, connect: open, say } = script()
    open()
    world.advance(5000)
    say({ type: 'goaway', afterMs })
    world.advance(0)
    assert.equal(world.sockets.length, 2, JSON.stringify(afterMs))
  }
  const { world, connect: open, say } = script()
  open()
  say({ type: 'goaway', afterMs: 1e300 })
  world.advance(9000)
  assert.equal(world.sockets.length, 1)
})

test('a server that hangs is left in every state: before the open, the welcome, the answer, and later', async () => {
  const { line, world, server, connect: open } = script({ token: () => 't' })
  server.tokens = new Set(['t'])
  server.topic('news')
  // The connection never opens.
  world.advance(10_000)
  assert.equal(line.state, 'reconnecting')
  line.retry()
  // There is no welcome.
  const { hear } = server
  server.hear = () => {}
  open()
  await settle()
  world.advance(10_000)
  assert.equal(line.state, 'reconnecting')
  // A subscription is not answered, though the line is alive.
  line.retry()
  server.hear = (target, envelope) => {
    if (envelope.type !== 'subscribe') hear.call(server, target, envelope)
  }
  open()
  await settle()
  assert.equal(line.state, 'open')
  line.subscribe('news')
  world.advance(80_000)
  assert.notEqual(line.state, 'open')
  // All goes silent: half open.
  server.hear = hear
  line.retry()
  world.advance(60_000)
  line.retry()
  open()
  await settle()
  assert.equal(line.state, 'open')
  server.hear = () => {}
  world.advance(30_001)
  assert.notEqual(line.state, 'open')
  line.close()
  assert.equal(world.timerCount, 0)
})

test('closed with every code, before and after the welcome: it comes back, or it is closed and says so', async () => {
  const codes = [
    1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015,
  ]
  const final = new Set([1000, 1003, 1008, 1010, 3000, 3003])
  for (const code of [...codes, 2999, 3000, 3001, 3003, 4000, 4401, 4403, 4999, 65_535, 0, NaN]) {
    for (const isWelcome of [false, true]) {
      const { line, world, server } = script()
      server.topic('news')
      if (isWelcome) connect(world, server)
      else world.socket.open()
      const news = line.subscribe('news')
      world.socket.lose(code, 'x'.repeat(123))
      const isFinal = final.has(code) || (code >= 4000 && code !== 4401 && code < 5000)
      assert.equal(line.state, isFinal ? 'closed' : 'reconnecting', String(code))
      assert.equal(news.state, isFinal ? 'ended' : 'subscribing')
      if (isFinal) assert.equal((await line.closed).code, code)
      else line.close()
      assert.equal(world.timerCount, 0)
    }
  }
})

// The property

type Step =
  | { readonly do: 'publish' | 'connect' | 'trim' | 'forget' | 'withhold' | 'repeat' | 'goaway' }
  | { readonly do: 'lose'; readonly code: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'send' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ do: 'publish' }) },
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'connect' }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(1001, 1006, 1012, 1013).map((code): Step => ({ do: 'lose', code })),
  },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ do: 'send' }, { do: 'repeat' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>(
      { do: 'trim' },
      { do: 'forget' },
      { do: 'withhold' },
      { do: 'goaway' },
    ),
  },
  { weight: 2, arbitrary: fc.nat(12_000).map((ms): Step => ({ do: 'wait', ms })) },
)

test('any interleaving of drops and publications: each is seen once, in order, or a gap is told where it is missing; each acknowledged publication was taken once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = new FakeEnvironment()
      const server = new ScriptServer()
      const topic = server.topic('news')
      // All that was ever published, in order, whatever became of it.
      const all: number[] = []
      const seen: { n: number; hasGap: boolean }[] = []
      const acknowledged: number[] = []
      const line = live('ws://test/', { environment: world, onError: () => {} })
      line.subscribe('news', {
        since: 'start',
        onMessage: ({ data, gap }) => seen.push({ n: data as number, hasGap: gap !== null }),
      })
      let next = 0
      const { publish } = server
      server.publish = (name, data, ...rest) => {
        all.push(data as number)
        return publish.call(server, name, data, ...rest)
      }
      let isWithheld = false
      const hear = server.hear.bind(server)
      // `start` is the first that is kept when it is asked.
      let floor: number | undefined
      server.hear = (target, envelope) => {
        if (envelope.type === 'subscribe') floor ??= all.length - topic.kept.length
        if (!isWithheld || envelope.type !== 'publish') return hear(target, envelope)
        // The server takes it, and its answer does not arrive.
        const { say } = target
        hear({ ...target, say: (told) => told.type !== 'published' && say(told) }, envelope)
      }
      const isUp = (): boolean => world.socket.readyState === 1
      const run = (one: Step): void => {
        if (one.do === 'publish') server.publish('news', next++)
        else if (one.do === 'send') {
          const n = next++
          line.publish('news', n).then(
            () => acknowledged.push(n),
            () => {},
          )
        } else if (one.do === 'connect') {
          line.retry()
          if (world.socket.readyState === 0) connect(world, server)
        } else if (one.do === 'lose') {
          if (isUp()) world.socket.lose(one.code)
        } else if (one.do === 'wait') world.advance(one.ms)
        else if (one.do === 'trim') topic.kept.splice(0, Math.ceil(topic.kept.length / 2))
        else if (one.do === 'forget') {
          // The topic begins anew where nobody listens; on the line it would be told with a gap.
          if (isUp()) world.socket.lose()
          server.forget('news')
        } else if (one.do === 'withhold') isWithheld = !isWithheld
        else if (one.do === 'repeat') {
          const kept = topic.kept.at(-1)
          if (isUp() && kept)
            world.socket.receive(JSON.stringify({ type: 'pub', topic: 'news', ...kept }))
        } else if (isUp()) world.socket.receive('{"type":"goaway","afterMs":5}')
      }
      for (const one of steps) {
        run(one)
        await Promise.resolve()
      }
      isWithheld = false
      // The last fault is over: everything recovers.
      for (let tries = 0; line.state !== 'open' || !isUp(); tries += 1) {
        assert.ok(tries < 10, `it did not recover: ${line.state}`)
        run({ do: 'lose', code: 1006 })
        run({ do: 'connect' })
      }
      server.publish('news', next++)
      await settle()
      let last = (floor ?? 0) - 1
      for (const { n, hasGap } of seen) {
        const at = all.indexOf(n)
        assert.ok(at > last, `${n} was seen twice or out of order`)
        if (!hasGap)
          assert.equal(at, last + 1, `${n}: something is missing before it, and nobody told`)
        last = at
      }
      assert.equal(last, all.length - 1)
      for (const n of acknowledged) assert.equal(all.filter((one) => one === n).length, 1)
      line.close()
      assert.equal(world.timerCount, 0)
    }),
    { numRuns: 300 },
  )
})
