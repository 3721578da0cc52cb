// The queues model on the wire: order per connection whatever the queue, who holds whom, failures that stay with one.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contract } from 'holdline'
import type { Connection } from 'holdline'
import { dispatch, queue } from 'holdline/queues'
import type { DispatchHandlers, Queue } from 'holdline/queues'
import { z } from 'zod'
import { wireEngines, wireServer } from '../../server/wire-server.ts'
import type { WireEngine, WireServer } from '../../server/wire-server.ts'
import { besideCanary, canary } from '../canary.ts'
import { gate, tick } from '../gate.ts'
import { numbers, texts } from '../messages.ts'

const echo = dispatch({ message: (c, data) => void c.send(data) })

function served<Data = undefined>(
  engine: WireEngine,
  handlers: DispatchHandlers<Data>,
): Promise<WireServer> {
  return besideCanary(engine, dispatch(handlers), echo)
}

/** The ways to choose queues; the order of one connection is the same on each. */
const choices: Readonly<Record<string, () => 'connection' | Queue | (() => Queue)>> = {
  'a queue per connection': () => 'connection',
  'a shared serial queue': () => queue.serial(),
  'a shared concurrent queue': () => queue.concurrent({ width: 3 }),
  'a queue per key': () => {
    const rooms = queue.keyed()
    return () => rooms.get('lobby')
  },
  'a queue of its own on a shared target': () => {
    const world = queue.serial({ qos: 'interactive' })
    return () => queue.serial({ target: world })
  },
}

for (const engine of wireEngines) {
  describe(`queues on the ${engine} engine`, () => {
    for (const [name, choose] of Object.entries(choices)) {
      test(`${name}: messages of each connection are handled in order, open first, close last`, async () => {
        const calls: string[] = []
        await using wire = await served(engine, {
          upgrade: (request) => ({ data: request.query.get('name') ?? '' }),
          queue: choose(),
          open: async (c) => {
            await tick()
            calls.push(`${c.data} open`)
          },
          message: async (c, data) => {
            // Later messages would be ready sooner.
            for (let i = Number(data); i < 10; i++) await tick()
            calls.push(`${c.data} ${data as string}`)
          },
          close: (c, code) => void calls.push(`${c.data} close ${code}`),
        })
        for (const name of ['a', 'b']) {
          const peer = await wire.dial(`/?name=${name}`, { behind: texts(...numbers(10)) })
          await peer.answered()
          peer.close(1000)
          await peer.closed()
        }
        await wire.until('both ends', () => calls.length === 24)
        for (const name of ['a', 'b']) {
          const own = calls.filter((call) => call.startsWith(name))
          const expected = ['open', ...numbers(10), 'close 1000']
          assert.deepEqual(
            own,
            expected.map((call) => `${name} ${call}`),
          )
        }
        await canary(wire)
      })
    }

    test('a handler whose queue is idle runs at once', async () => {
      const shared = queue.serial()
      const calls: string[] = []
      await using wire = await served(engine, {
        queue: shared,
        message: (_, data) => {
          calls.push(`begin ${data as string}`)
          assert.equal(shared.isCurrent, true)
          assert.equal(shared.runningCount, 1)
          queueMicrotask(() => calls.push(`micro ${data as string}`))
          calls.push(`end ${data as string}`)
        },
      })
      const peer = await wire.connect()
      peer.raw(texts('a', 'b'))
      await wire.until('both', () => calls.length === 6)
      assert.deepEqual(calls.slice(0, 4), ['begin a', 'end a', 'begin b', 'end b'])
      assert.equal(shared.isCurrent, false)
      assert.equal(shared.runningCount, 0)
      await canary(wire)
    })

    test('on a shared serial queue handlers of all connections run one at a time', async () => {
      const shared = queue.serial()
      let [underWay, most, done] = [0, 0, 0]
      await using wire = await served(engine, {
        queue: shared,
        message: async () => {
          most = Math.max(most, ++underWay)
          for (let i = 0; i < 3; i++) await tick()
          underWay--
          done++
        },
      })
      const peers = await Promise.all([1, 2, 3, 4].map(() => wire.connect()))
      for (const peer of peers) peer.raw(texts(...numbers(20)))
      await wire.until('all', () => done === 80)
      assert.equal(most, 1)
      assert.equal(shared.runningCount, 0)
    })

    test('a queue per key: one room waits, another does not', async () => {
      const rooms = queue.keyed()
      const first = gate()
      const calls: string[] = []
      await using wire = await served<string>(engine, {
        upgrade: (request) => ({ data: request.query.get('room') ?? '' }),
        queue: (c) => rooms.get(c.data),
        message: async (c, data) => {
          calls.push(`${c.data} ${data as string}`)
          if (data === 'wait') await first.passed
        },
      })
      const [ann, bob, other] = await Promise.all(
        ['tea', 'tea', 'coffee'].map((room) => wire.connect(`/?room=${room}`)),
      )
      ann!.text('wait')
      await wire.until('the first', () => calls.length === 1)
      bob!.text('behind')
      other!.text('elsewhere')
      await wire.until('the other room', () => calls.length === 2)
      await wire.pass(20)
      assert.deepEqual(calls, ['tea wait', 'coffee elsewhere'])
      first.open()
      await wire.until('all', () => calls.length === 3)
      assert.deepEqual(calls[2], 'tea behind')
    })

    test('the line is paused past 16 messages, and nothing is lost', async () => {
      const first = gate()
      const handled: string[] = []
      let connection: Connection | null = null
      await using wire = await served(engine, {
        message: async (c, data) => {
          connection = c
          handled.push(data as string)
          if (data === '0') await first.passed
        },
      })
      const peer = await wire.connect()
      peer.raw(texts(...numbers(100)))
      await wire.until('the first', () => handled.length === 1)
      await wire.pass(20)
      const { messagesReceived } = (await wire.server.stats()).routes[0]!
      assert.equal(messagesReceived, 17)
      first.open()
      await wire.until('all', () => handled.length === 100)
      assert.deepEqual(handled, numbers(100))
      assert.ok(connection !== null)
    })

    test('the line is paused past 64 KiB, also where a shared queue is held by another', async () => {
      const shared = queue.serial()
      const first = gate()
      let bytes = 0
      await using wire = await served(engine, {
        limits: { messageBytes: 100_000 },
        queue: shared,
        message: (_, data) => void (bytes += data.length),
      })
      shared.post(() => first.passed)
      const peer = await wire.connect()
      for (let i = 0; i < 10; i++) peer.binary(new Uint8Array(40_000))
      await wire.until('the block', () => shared.runningCount === 1)
      await wire.pass(50)
      const { messagesReceived } = (await wire.server.stats()).routes[0]!
      assert.ok(messagesReceived <= 2, `${messagesReceived} messages`)
      assert.equal(bytes, 0)
      first.open()
      await wire.until('all', () => bytes === 400_000)
    })

    test('a suspended queue holds its connections; close comes when it is resumed', async () => {
      const shared = queue.serial()
      const calls: string[] = []
      await using wire = await served(engine, {
        queue: shared,
        open: () => void calls.push('open'),
        message: (_, data) => void calls.push(data as string),
        close: () => void calls.push('close'),
      })
      shared.suspend()
      const peer = await wire.connect()
      peer.raw(texts('0', '1'))
      await peer.leave()
      await wire.pass(20)
      assert.deepEqual(calls, [])
      shared.resume()
      await wire.until('all', () => calls.length === 4)
      assert.deepEqual(calls, ['open', '0', '1', 'close'])
    })

    for (const way of ['throws', 'rejects'] as const) {
      test(`a handler that ${way} closes its connection with 1011, and disturbs nobody on the shared queue`, async () => {
        const shared = queue.serial()
        const [calls, errors]: [string[], unknown[]] = [[], []]
        const cause = new Error('meant')
        const first = gate()
        await using wire = await served<string>(engine, {
          upgrade: (request) => ({ data: request.query.get('name') ?? '' }),
          queue: shared,
          message: async (c, data) => {
            calls.push(`${c.data} ${data as string}`)
            if (data === 'wait') await first.passed
            if (data === 'fail') {
              if (way === 'rejects') await tick()
              throw cause
            }
            c.send(`${data as string} done`)
          },
          error: (_, error) => void errors.push(error),
          close: (c, code) => void calls.push(`${c.data} close ${code}`),
        })
        const good = await wire.connect('/?name=good')
        const bad = await wire.connect('/?name=bad')
        good.text('wait')
        await wire.until('the first', () => calls.length === 1)
        bad.raw(texts('fail', 'dropped'))
        good.text('on')
        await wire.pass(20)
        first.open()
        assert.deepEqual(await bad.closeFrame(), [1011, 'ERR_HANDLER'])
        await bad.closed()
        assert.deepEqual(await good.messages(2), ['wait done', 'on done'])
        await wire.until('the end', () => calls.length === 4)
        assert.deepEqual(calls.toSorted(), ['bad close 1011', 'bad fail', 'good on', 'good wait'])
        assert.deepEqual(errors, [cause])
        assert.equal((await wire.server.stats()).failures['ERR_HANDLER'], 1)
        await wire.until('an idle queue', () => shared.runningCount === 0)
        await canary(wire)
      })
    }

    test('a synchronous throw on an idle shared queue leaves it free', async () => {
      const shared = queue.serial()
      await using wire = await served(engine, {
        queue: shared,
        message: (c, data) => {
          if (data === 'fail') throw new Error('meant')
          c.send(data)
        },
      })
      const [bad, good] = [await wire.connect(), await wire.connect()]
      bad.text('fail')
      assert.deepEqual(await bad.closeFrame(), [1011, 'ERR_HANDLER'])
      good.text('on')
      assert.equal(await good.message(), 'on')
      assert.equal(shared.runningCount, 0)
      await canary(wire)
    })

    test('sync on the queue of the handler is a typed error that ends this connection', async () => {
      const shared = queue.serial()
      const errors: { code?: unknown }[] = []
      await using wire = await served(engine, {
        queue: shared,
        message: () => shared.sync(() => {}),
        error: (_, error) => void errors.push(error as { code: unknown }),
      })
      const peer = await wire.connect()
      peer.text('x')
      assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
      assert.equal(errors[0]!.code, 'ERR_QUEUE_DEADLOCK')
      assert.equal(shared.runningCount, 0)
      await canary(wire)
    })

    test('a `queue` that throws, or gives no queue, ends this connection', async () => {
      const errors: unknown[] = []
      const cause = new Error('meant')
      await using wire = await served<string>(engine, {
        upgrade: (request) => ({ data: request.query.get('way') ?? '' }),
        queue: (c) => {
          if (c.data === 'throw') throw cause
          return 'none' as unknown as Queue
        },
        open: () => assert.fail('opened'),
        error: (_, error) => void errors.push(error),
      })
      for (const way of ['throw', 'none']) {
        const peer = await wire.connect(`/?way=${way}`)
        assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
      }
      assert.equal(errors[0], cause)
      assert.equal((errors[1] as { code: string }).code, 'ERR_OPTION_INVALID')
      await canary(wire)
    })

    test('a program that fails to hear of failures is reported both', async () => {
      const logged: unknown[] = []
      const log = (...all: unknown[]): void => void logged.push(all)
      await using wire = await wireServer(engine, {
        logger: { info: () => {}, warn: () => {}, error: log },
        routes: {
          '/': dispatch({
            message: () => {
              throw new Error('one')
            },
            error: () => {
              throw new Error('two')
            },
          }),
        },
      })
      const peer = await wire.connect()
      peer.text('x')
      assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
      const { errors } = (logged[0] as unknown[])[1] as AggregateError
      assert.deepEqual(
        errors.map(({ message }: Error) => message),
        ['one', 'two'],
      )
    })

    test('a close handler that rejects is reported', async () => {
      const failed: unknown[] = []
      await using wire = await served(engine, {
        close: async () => {
          await tick()
          throw new Error('meant')
        },
        error: (_, error) => void failed.push(error),
      })
      const peer = await wire.connect()
      await peer.leave()
      await wire.until('the report', () => failed.length === 1)
      assert.equal((await wire.server.stats()).failures['ERR_HANDLER'], 1)
      await canary(wire)
    })

    test('bytes that wait, and bytes of an async handler, are its own (K8)', async () => {
      const first = gate()
      const kept: Uint8Array[] = []
      await using wire = await served(engine, {
        message: async (_, data) => {
          await first.passed
          kept.push(data as Uint8Array)
        },
      })
      const [one, two] = [await wire.connect(), await wire.connect()]
      const bytes = (value: number): Uint8Array => new Uint8Array(100).fill(value)
      one.binary(bytes(1))
      one.binary(bytes(2))
      await wire.pass(10)
      two.binary(bytes(3))
      two.binary(bytes(4))
      await wire.pass(10)
      first.open()
      await wire.until('all', () => kept.length === 4)
      const values = kept.map((data) => [...new Set(data)].join())
      assert.deepEqual(values.toSorted(), ['1', '2', '3', '4'])
    })

    test('drain comes on no queue: a handler may wait for it', async () => {
      const drained = gate()
      let isDone = false
      await using wire = await served(engine, {
        limits: { highWaterBytes: 1_000, lowWaterBytes: 500, bufferedBytes: 100_000_000 },
        message: async (c) => {
          while (c.send('x'.repeat(100_000)) === 'sent');
          await drained.passed
          isDone = true
        },
        drain: () => drained.open(),
      })
      const peer = await wire.connect()
      peer.line.stopReading()
      peer.text('flood')
      await wire.pass(20)
      peer.line.startReading()
      await wire.until('the handler', () => isDone)
    })

    test('a drain handler that rejects ends its connection', async () => {
      await using wire = await served(engine, {
        limits: { highWaterBytes: 1_000, lowWaterBytes: 500, bufferedBytes: 100_000_000 },
        message: (c) => {
          while (c.send('x'.repeat(100_000)) === 'sent');
        },
        drain: async () => {
          await tick()
          throw new Error('meant')
        },
      })
      const peer = await wire.connect()
      peer.line.stopReading()
      peer.text('flood')
      await wire.pass(20)
      peer.line.startReading()
      await wire.until('the end', () => peer.line.hasEnded)
      assert.equal((await wire.server.stats()).failures['ERR_HANDLER'], 1)
      await canary(wire)
    })

    test('a contract: objects both ways, on any queue', async () => {
      const Sum = contract({
        in: z.object({ add: z.array(z.number()) }),
        out: z.object({ sum: z.number() }),
      })
      const rooms = queue.keyed<number>()
      await using wire = await wireServer(engine, {
        routes: {
          '/': dispatch(Sum, {
            upgrade: () => ({ data: 7 }),
            queue: (c) => rooms.get(c.data),
            message: async (c, { add }) => {
              await tick()
              c.send({ sum: add.reduce((sum, n) => sum + n, c.data) })
            },
          }),
        },
      })
      const peer = await wire.connect()
      peer.text('{"add":[1,2]}')
      peer.text('{"add":["x"]}')
      peer.text('{"add":[]}')
      const [one, two, three] = await peer.messages(3)
      assert.equal(one, '{"sum":10}')
      assert.match(two as string, /ERR_MESSAGE_INVALID/)
      assert.equal(three, '{"sum":7}')
    })
  })
}

test('a queue that is none is refused when the route is built', () => {
  assert.throws(() => dispatch({ queue: 'shared' as unknown as Queue }), {
    code: 'ERR_OPTION_INVALID',
  })
})

test('a handler on an idle shared queue runs before the core goes on, and costs the connection nothing', () => {
  const shared = queue.serial()
  const ran: unknown[] = []
  const { behavior } = dispatch({
    queue: shared,
    message: (_, message) => void ran.push(message, shared.isCurrent),
  })
  const connection = { model: null } as unknown as Connection<undefined>
  for (const message of ['a', 'b']) {
    behavior.message(connection, message)
    assert.deepEqual(ran.splice(0), [message, true])
    assert.equal(shared.isCurrent, false)
    assert.equal(shared.runningCount, 0)
    assert.equal((connection as unknown as { model: unknown }).model, null)
  }
})
