// The servlet model on every engine: each property that it promises is a test named after it. What its parts do by
// themselves stands in their own files.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import type { Connection, UpgradeRequest } from 'holdline'
import { contract } from 'holdline'
import { RequestError, servlet } from 'holdline/servlet'
import type { Exchange, ServletHandler, ServletOptions } from 'holdline/servlet'
import type { WirePeer } from 'holdline/testing'
import { z } from 'zod'
import { wireEngines, wireServer } from '../../server/wire-server.ts'
import type { WireEngine, WireServer } from '../../server/wire-server.ts'
import { besideCanary, canary, rejections } from '../canary.ts'
import { gate, gates } from '../gate.ts'
import { numbers, texts } from '../messages.ts'

type Text = string | Uint8Array
type Plain = ServletHandler<Text, Text, Connection, undefined>

const requests = (...ids: readonly unknown[]): Uint8Array =>
  texts(...ids.map((id) => JSON.stringify({ id, data: id })))

async function errorOf(peer: WirePeer): Promise<{ id?: unknown; code: string; data?: unknown }> {
  const { id, error } = JSON.parse((await peer.message()) as string) as {
    id?: unknown
    error: { code: string; message: string; fix?: string }
  }
  assert.ok(error.message.length > 0)
  if (error.code.startsWith('ERR_')) assert.ok(error.fix!.length > 0)
  return id === undefined ? error : { id, ...error }
}

async function json(peer: WirePeer): Promise<unknown> {
  return JSON.parse((await peer.message()) as string)
}

const logged: unknown[] = []
const logger = {
  info() {},
  warn() {},
  error: (_: string, error: unknown) => void logged.push(error),
}

const echo = servlet((message) => message)

function served(
  engine: WireEngine,
  handler: Plain,
  options: ServletOptions<undefined> & { readonly concurrency?: 1 } = {},
): Promise<WireServer> {
  return besideCanary(engine, servlet(handler, options), echo, { logger })
}

function servedWithIds(
  engine: WireEngine,
  handler: ServletHandler<unknown, unknown, Connection, undefined>,
  options: ServletOptions<undefined> & { readonly concurrency: number },
): Promise<WireServer> {
  return besideCanary(engine, servlet(handler, options), echo, { logger })
}

for (const engine of wireEngines) {
  describe(`servlet on the ${engine} engine`, () => {
    test('one call per message, and its return value is the reply: text or bytes', async () => {
      const calls: Text[] = []
      await using wire = await served(engine, (message) => {
        calls.push(typeof message === 'string' ? message : message.slice())
        return message
      })
      const peer = await wire.connect()
      peer.text('one')
      peer.binary(Uint8Array.of(2))
      assert.equal(await peer.message(), 'one')
      assert.deepEqual(Buffer.from((await peer.message()) as Uint8Array), Buffer.of(2))
      assert.deepEqual(calls, ['one', Uint8Array.of(2)])
      await canary(wire)
    })

    test('undefined is no reply, returned or promised', async () => {
      await using wire = await served(engine, (message) => {
        if (message === 'later') return Promise.resolve()
        return message === 'now' ? undefined : 'reply'
      })
      const peer = await wire.connect()
      peer.raw(texts('now', 'later', 'reply'))
      assert.equal(await peer.message(), 'reply')
      assert.equal(peer.frameCount, 0)
    })

    test('an async iterable is several replies, a generator too, and one behind a promise', async () => {
      async function* later(): AsyncGenerator<string> {
        yield 'a'
        await Promise.resolve()
        yield 'b'
      }
      function* now(): Generator<string | undefined> {
        yield 'c'
        yield undefined
        yield 'd'
      }
      await using wire = await served(engine, (message) => {
        if (message === 'later') return later()
        if (message === 'now') return now()
        return Promise.resolve(message === 'stream' ? Readable.from([Buffer.from('e')]) : later())
      })
      const peer = await wire.connect()
      peer.raw(texts('later', 'now', 'promised', 'stream'))
      assert.deepEqual(await peer.messages(6), ['a', 'b', 'c', 'd', 'a', 'b'])
      assert.equal(Buffer.from((await peer.message()) as Uint8Array).toString(), 'e')
      await canary(wire)
    })

    test('replies leave in request order, and one handler runs at a time', async () => {
      let running = 0
      await using wire = await served(engine, async (message) => {
        assert.equal(++running, 1)
        // Later requests would be done sooner.
        for (let i = Number(message); i < 10; i++) await Promise.resolve()
        running--
        return message
      })
      const peer = await wire.connect()
      peer.raw(texts(...numbers(10)))
      assert.deepEqual(await peer.messages(10), numbers(10))
      await canary(wire)
    })

    test('a slow handler holds the line back, and nothing is lost', async () => {
      const first = gate()
      let calls = 0
      await using wire = await served(engine, async (message) => {
        if (calls++ === 0) await first.passed
        return message
      })
      const peer = await wire.connect()
      peer.raw(texts(...numbers(500)))
      await wire.until('the first call', () => calls === 1)
      await wire.pass(50)
      assert.equal((await wire.server.stats()).routes[0]!.messagesReceived, 17)
      first.open()
      assert.deepEqual(await peer.messages(500), numbers(500))
    })

    test('above 1 replies carry ids: as many handlers run as may, and each reply leaves when it is ready', async () => {
      const gateOf = gates()
      const begun: unknown[] = []
      await using wire = await servedWithIds(
        engine,
        async (id) => {
          begun.push(id)
          await gateOf(id).passed
          return `done ${String(id)}`
        },
        { concurrency: 2 },
      )
      const peer = await wire.connect()
      peer.raw(requests(1, 'two', 3))
      await wire.until('two handlers', () => begun.length === 2)
      await wire.pass(20)
      assert.deepEqual(begun, [1, 'two'])
      gateOf('two').open()
      assert.deepEqual(await json(peer), { id: 'two', data: 'done two' })
      await wire.until('the third handler', () => begun.length === 3)
      gateOf(3).open()
      assert.deepEqual(await json(peer), { id: 3, data: 'done 3' })
      gateOf(1).open()
      assert.deepEqual(await json(peer), { id: 1, data: 'done 1' })
      await canary(wire)
    })

    test('with ids, several replies end with done, and so does none', async () => {
      await using wire = await servedWithIds(
        engine,
        async function* (count) {
          for (let i = 0; i < (count as number); i++) yield { i }
        },
        { concurrency: 4 },
      )
      const peer = await wire.connect()
      peer.text('{"id":"a","data":2}')
      assert.deepEqual(await json(peer), { id: 'a', data: { i: 0 } })
      assert.deepEqual(await json(peer), { id: 'a', data: { i: 1 } })
      assert.deepEqual(await json(peer), { id: 'a', done: true })
      peer.text('{"id":"b","data":0}')
      assert.deepEqual(await json(peer), { id: 'b', done: true })
    })

    test('with ids, past the handlers that run and a bound of requests that wait the line is paused', async () => {
      const all = gate()
      await using wire = await servedWithIds(
        engine,
        async (id) => {
          await all.passed
          return id
        },
        { concurrency: 3 },
      )
      const peer = await wire.connect()
      peer.raw(requests(...numbers(100)))
      await wire.until('the pause', () => true)
      await wire.pass(50)
      assert.equal((await wire.server.stats()).routes[0]!.messagesReceived, 3 + 16)
      all.open()
      const ids = (await peer.messages(100)).map(
        (m) => (JSON.parse(m as string) as { id: string }).id,
      )
      assert.deepEqual(ids, numbers(100))
    })

    test('an id that is in use is refused with a code; when it is answered it is free', async () => {
      const gateOf = gates()
      await using wire = await servedWithIds(
        engine,
        async (id) => {
          await gateOf(id).passed
          return 'done'
        },
        { concurrency: 4 },
      )
      const peer = await wire.connect()
      peer.raw(requests(7, 7, '7'))
      assert.deepEqual(await errorOf(peer).then(({ id, code }) => ({ id, code })), {
        id: 7,
        code: 'ERR_REQUEST_ID',
      })
      gateOf('7').open()
      assert.deepEqual(await json(peer), { id: '7', data: 'done' })
      gateOf(7).open()
      assert.deepEqual(await json(peer), { id: 7, data: 'done' })
      peer.raw(requests(7))
      assert.deepEqual(await json(peer), { id: 7, data: 'done' })
      await canary(wire)
    })

    test('a throw fails that request only: the client is told a code, the operator the error', async () => {
      const secret = new Error('password=hunter2')
      await using wire = await served(engine, (message) => {
        if (message === 'throw') throw secret
        if (message === 'reject') return Promise.reject(secret)
        return message
      })
      logged.length = 0
      const peer = await wire.connect()
      peer.raw(texts('1', 'throw', '2', 'reject', '3'))
      assert.equal(await peer.message(), '1')
      assert.equal((await errorOf(peer)).code, 'ERR_REQUEST_FAILED')
      assert.equal(await peer.message(), '2')
      const told = (await peer.message()) as string
      assert.ok(told.includes('ERR_REQUEST_FAILED') && !told.includes('hunter2'))
      assert.equal(await peer.message(), '3')
      assert.deepEqual(logged, [secret, secret])
      const { failures, connections } = await wire.server.stats()
      assert.deepEqual(failures, { ERR_REQUEST_FAILED: 2 })
      assert.equal(connections, 1)
      await canary(wire)
    })

    test('a RequestError is the reply that it says, with data, and no failure', async () => {
      await using wire = await served(engine, async (message) => {
        throw new RequestError('NO_SUCH_ROOM', 'There is no such room', { room: message })
      })
      logged.length = 0
      const peer = await wire.connect()
      peer.text('tea')
      assert.deepEqual(await json(peer), {
        error: { code: 'NO_SUCH_ROOM', message: 'There is no such room', data: { room: 'tea' } },
      })
      assert.deepEqual(logged, [])
      assert.deepEqual((await wire.server.stats()).failures, {})
    })

    test('with ids, a failed request is answered under its id, and the others go on', async () => {
      await using wire = await servedWithIds(
        engine,
        async (data) => {
          if (data === 'throw') throw new Error('meant')
          return data
        },
        { concurrency: 2 },
      )
      const peer = await wire.connect()
      peer.raw(requests('throw', 'go on'))
      const { id, code } = await errorOf(peer)
      assert.deepEqual([id, code], ['throw', 'ERR_REQUEST_FAILED'])
      assert.deepEqual(await json(peer), { id: 'go on', data: 'go on' })
    })

    test('a message that is no request with an id is refused, and the connection goes on', async () => {
      await using wire = await servedWithIds(engine, (data) => data, { concurrency: 2 })
      const peer = await wire.connect()
      for (const message of [
        'no json',
        '5',
        'null',
        '{}',
        '{"id":{},"data":1}',
        '{"id":1.5,"data":1}',
      ]) {
        peer.text(message)
        const { id, code } = await errorOf(peer)
        assert.deepEqual([id, code], [null, 'ERR_REQUEST_ENVELOPE'])
      }
      peer.binary(Uint8Array.of(1))
      assert.equal((await errorOf(peer)).code, 'ERR_REQUEST_ENVELOPE')
      peer.text('{"id":1}')
      assert.deepEqual((await errorOf(peer)).id, 1)
      peer.text('{"id":1,"data":null}')
      assert.deepEqual(await json(peer), { id: 1, data: null })
      await canary(wire)
    })

    test('close aborts the signal, and late results are discarded', async () => {
      const late = gate()
      const reasons: unknown[] = []
      const begun = gate()
      await using wire = await served(engine, async (_, { signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason))
        begun.open()
        await late.passed
        return 'too late'
      })
      logged.length = 0
      const peer = await wire.connect()
      peer.text('x')
      await wire.settled(begun.passed)
      peer.cut()
      await wire.until('the abort', () => reasons.length === 1)
      assert.equal((reasons[0] as Error).name, 'AbortError')
      late.open()
      await wire.pass(20)
      assert.deepEqual(logged, [])
      await canary(wire)
    })

    test('a handler that ends by its signal has not failed; one that ends otherwise has', async () => {
      const begun: string[] = []
      const late = gate()
      await using wire = await served(engine, async (message, { signal }) => {
        begun.push(message as string)
        if (message === 'heeds') {
          await new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error))
          })
        }
        await late.passed
      })
      logged.length = 0
      const [heeds, fails] = [await wire.connect(), await wire.connect()]
      heeds.text('heeds')
      fails.text('fails')
      await wire.until('both', () => begun.length === 2)
      heeds.cut()
      fails.cut()
      await wire.until('their ends', () => heeds.isClosed && fails.isClosed)
      await wire.pass(20)
      const error = new Error('lost connection to the database')
      late.break(error)
      await wire.until('the report', () => logged.length > 0)
      assert.deepEqual(logged, [error])
      await canary(wire)
    })

    test('close ends the replies of an iterable: its finally runs', async () => {
      const ended: string[] = []
      const endless = gate()
      async function* ticks(): AsyncGenerator<string> {
        try {
          yield 'tick'
          await endless.passed
        } finally {
          ended.push('ticks')
        }
      }
      await using wire = await served(engine, (_, { signal }) => {
        signal.addEventListener('abort', () => endless.open())
        return ticks()
      })
      const peer = await wire.connect()
      peer.text('x')
      assert.equal(await peer.message(), 'tick')
      peer.cut()
      await wire.until('the end', () => ended.length === 1)
      await canary(wire)
    })

    test('requests that came before the close and have not had their turn are handled, with their signal aborted', async () => {
      const first = gate()
      const seen: string[] = []
      await using wire = await served(engine, async (message, { signal }) => {
        seen.push(`${message as string} ${signal.aborted}`)
        await first.passed
      })
      const peer = await wire.connect()
      peer.raw(texts('a', 'b'))
      await wire.until('the first', () => seen.length === 1)
      await wire.pass(20)
      peer.cut()
      await wire.until('the close', () => peer.isClosed)
      await wire.pass(20)
      first.open()
      await wire.until('the second', () => seen.length === 2)
      assert.deepEqual(seen, ['a false', 'b true'])
    })

    test('several replies wait for who reads them: an endless iterator costs no memory', async () => {
      let made = 0
      let end = Infinity
      function* rows(): Generator<string> {
        while (made < end) yield String(made++).padEnd(1_000)
      }
      async function* rowsLater(): AsyncGenerator<string> {
        yield* rows()
      }
      await using wire = await served(engine, (m) => (m === 'now' ? rows() : rowsLater()), {
        limits: { bufferedBytes: 262_144 },
      })
      for (const how of ['now', 'later']) {
        made = 0
        end = Infinity
        const peer = await wire.connect()
        peer.line.stopReading()
        peer.text(how)
        let before = -1
        let stillFor = 0
        await wire.until('the wait', () => {
          stillFor = made > 0 && made === before ? stillFor + 1 : 0
          before = made
          return stillFor > 10
        })
        end = made + 500
        peer.line.startReading()
        await wire.until('the rest', () => made === end)
        for (let n = 0; n < end; n++) assert.equal(Number(await peer.message()), n)
        await peer.leave()
      }
      assert.deepEqual((await wire.server.stats()).failures, {})
      await canary(wire)
    })

    test('an iterator that never waits leaves others their turn, even while all that it sends is taken', async () => {
      const count = 20_000
      let made = 0
      function* many(): Generator<string | undefined> {
        while (made < count) yield made++ % 2 === 0 ? 'x' : undefined
      }
      async function* manyLater(): AsyncGenerator<string | undefined> {
        yield* many()
      }
      let madeWhenOtherCame = 0
      await using wire = await wireServer(engine, {
        routes: {
          '/': servlet((m) => (m === 'now' ? many() : manyLater())),
          '/other': servlet(() => void (madeWhenOtherCame = made)),
        },
      })
      const other = await wire.connect('/other')
      for (const how of ['now', 'later']) {
        made = 0
        const peer = await wire.connect()
        peer.text(how)
        other.text('me too')
        for (let n = 0; n < count / 2; n++) assert.equal(await peer.message(), 'x')
        assert.ok(madeWhenOtherCame < count, `${madeWhenOtherCame}`)
        await peer.leave()
      }
    })

    test('at the deadline the requester is told, the signal aborted, the late result discarded', async () => {
      const late = gate()
      const reasons: unknown[] = []
      await using wire = await served(
        engine,
        async (message, { signal }) => {
          if (message === 'quick') return 'quick'
          signal.addEventListener('abort', () => {
            reasons.push((signal.reason as { code: string }).code)
            late.open()
          })
          await late.passed
          return 'too late'
        },
        { deadlineMs: 20 },
      )
      const peer = await wire.connect()
      peer.raw(texts('slow', 'quick'))
      assert.equal((await errorOf(peer)).code, 'ERR_REQUEST_DEADLINE')
      assert.equal(await peer.message(), 'quick')
      assert.deepEqual(reasons, ['ERR_REQUEST_DEADLINE'])
      assert.deepEqual((await wire.server.stats()).failures, { ERR_REQUEST_DEADLINE: 1 })
      assert.equal(peer.frameCount, 0)
      await canary(wire)
    })

    test('a handler that ignores its signal is not overlapped: who waits behind it is told at its own deadline', async () => {
      const late = gate()
      const begun: unknown[] = []
      await using wire = await served(
        engine,
        async (message) => {
          begun.push(message)
          if (message === 'ignores') await late.passed
          return message
        },
        { deadlineMs: 20 },
      )
      const peer = await wire.connect()
      peer.raw(texts('ignores', 'unlucky'))
      assert.equal((await errorOf(peer)).code, 'ERR_REQUEST_DEADLINE')
      assert.equal((await errorOf(peer)).code, 'ERR_REQUEST_DEADLINE')
      assert.deepEqual(begun, ['ignores'])
      peer.text('lucky')
      await wire.pass(1)
      late.open()
      assert.equal(await peer.message(), 'lucky')
      assert.deepEqual(begun, ['ignores', 'lucky'])
      await canary(wire)
    })

    test('the upgrade is a request of its own: headers, cookies, a refusal, and data handed on with its type', async () => {
      const route = servlet(
        (_, exchange) => {
          exchange.data.count++
          return `${exchange.data.user} ${exchange.data.count} ${exchange.request.path}`
        },
        {
          upgrade: async (request: UpgradeRequest) => {
            const user = request.cookies['user']
            if (user === undefined) return { refuse: 401 }
            return { data: { user, count: 0 }, headers: { 'X-Greeting': `hello ${user}` } }
          },
        },
      )
      await using wire = await wireServer(engine, { routes: { '/me': route } })
      const stranger = await wire.dial('/me')
      await stranger.answered()
      assert.equal(stranger.status, 401)
      const ann = await wire.connect('/me', { headers: { cookie: 'theme=dark; user=ann' } })
      assert.equal(ann.header('x-greeting'), 'hello ann')
      ann.raw(texts('x', 'y'))
      assert.deepEqual(await ann.messages(2), ['ann 1 /me', 'ann 2 /me'])
    })

    test('a contract is kept both ways, with ids and without', async () => {
      const Sum = contract({
        in: z.object({ add: z.array(z.number()) }),
        out: z.object({ sum: z.number() }),
      })
      const add = ({ add }: { add: number[] }): { sum: number } =>
        add.length === 0 ? ({ sum: 'none' } as never) : { sum: add.reduce((a, b) => a + b, 0) }
      await using wire = await wireServer(engine, {
        logger,
        routes: {
          '/one': servlet(Sum, add),
          '/many': servlet(Sum, async (m) => add(m), { concurrency: 2 }),
        },
      })
      logged.length = 0
      const one = await wire.connect('/one')
      one.raw(texts('{"add":[1,2]}', '{"add":"x"}', '{"add":[]}', '{"add":[3]}'))
      assert.deepEqual(await json(one), { sum: 3 })
      assert.equal((await errorOf(one)).code, 'ERR_MESSAGE_INVALID')
      assert.equal((await errorOf(one)).code, 'ERR_REQUEST_FAILED')
      assert.deepEqual(await json(one), { sum: 3 })
      const many = await wire.connect('/many')
      many.raw(texts('{"id":1,"data":{"add":[1,2]}}'))
      assert.deepEqual(await json(many), { id: 1, data: { sum: 3 } })
      many.raw(texts('{"id":2,"data":{"add":"x"}}'))
      const { id, code } = await errorOf(many)
      assert.deepEqual([id, code], [2, 'ERR_MESSAGE_INVALID'])
      assert.deepEqual(
        logged.map((error) => (error as { code: string }).code),
        ['ERR_MESSAGE_OUT_INVALID'],
      )
      assert.deepEqual(rejections, [])
    })

    test('bytes belong to a handler that is async or a generator', async () => {
      const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
      const handlers: Record<string, Plain> = {
        '/async': async (message) => {
          await turn()
          return message
        },
        async *'/generator'(message) {
          await turn()
          yield message
        },
      }
      await using wire = await wireServer(engine, {
        routes: Object.fromEntries(Object.entries(handlers).map(([path, f]) => [path, servlet(f)])),
      })
      for (const path of Object.keys(handlers)) {
        const peer = await wire.connect(path)
        for (let n = 0; n < 3; n++) peer.binary(Uint8Array.of(n, n, n))
        for (let n = 0; n < 3; n++) {
          assert.deepEqual(Buffer.from((await peer.message()) as Uint8Array), Buffer.of(n, n, n))
        }
      }
    })

    test('a request keeps its exchange for itself, however many are under way', async () => {
      const gateOf = gates()
      const exchanges = new Map<unknown, Exchange<Connection, undefined>>()
      await using wire = await servedWithIds(
        engine,
        async (id, exchange) => {
          exchanges.set(id, exchange)
          await gateOf(id).passed
          return exchange === exchanges.get(id)
        },
        { concurrency: 8 },
      )
      const peer = await wire.connect()
      peer.raw(requests(1, 2, 3))
      await wire.until('all', () => exchanges.size === 3)
      assert.equal(new Set(exchanges.values()).size, 3)
      for (const id of [2, 3, 1]) {
        gateOf(id).open()
        assert.deepEqual(await json(peer), { id, data: true })
      }
    })
  })
}

test('options that make no sense are refused at once', () => {
  for (const options of [
    { concurrency: 0 },
    { concurrency: 1.5 },
    { concurrency: NaN },
    { deadlineMs: 0 },
  ]) {
    assert.throws(() => servlet((m) => m, options as never), { code: 'ERR_OPTION_INVALID' })
  }
})

test('the options of a route are passed on', () => {
  const route = servlet((m) => m, { origins: 'any', limits: { messageBytes: 5 }, deadlineMs: 5 })
  assert.deepEqual(
    { ...route, behavior: null },
    { model: 'servlet', behavior: null, origins: 'any', limits: { messageBytes: 5 } },
  )
})
