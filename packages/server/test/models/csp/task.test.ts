// The model on a whole server: a task for each connection. Its properties, each a test named after it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { contract } from 'holdline'
import type { Connection } from 'holdline'
import { after, channel, group, select, send, task } from 'holdline/csp'
import type { Context, TaskHandler, TaskOptions } from 'holdline/csp'
import { wireFrame } from 'holdline/testing'
import { z } from 'zod'
import { wireEngines, wireServer } from '../../server/wire-server.ts'
import type { WireEngine, WireServer } from '../../server/wire-server.ts'
import { besideCanary, canary as otherServed, rejections } from '../canary.ts'
import { numbers, texts } from '../messages.ts'

type Message = string | Uint8Array
type Handler = TaskHandler<Message, Message, Connection<undefined>>

const echo = task(async ({ rx, tx }) => {
  for await (const message of rx) await tx.send(message)
})

function served(
  engine: WireEngine,
  handler: Handler,
  options?: TaskOptions<undefined>,
): Promise<WireServer> {
  return besideCanary(engine, task(handler, options), echo)
}

async function failures(wire: WireServer): Promise<number> {
  return (await wire.server.stats()).failures['ERR_HANDLER'] ?? 0
}

/** Another connection is served, and so many have failed. */
async function canary(wire: WireServer, failureCount = 0): Promise<void> {
  await otherServed(wire)
  assert.equal(await failures(wire), failureCount)
}

const echoes: Record<string, Handler> = {
  'receive and send': async ({ rx, tx }) => {
    for (;;) {
      const message = await rx.receive()
      if (!message.ok) return
      await tx.send(message.value)
    }
  },
  'for await': async ({ rx, tx }) => {
    for await (const message of rx) await tx.send(message)
  },
  select: async ({ rx, tx, ctx }) => {
    for (;;) {
      const chosen = await select({ rx, late: after(60_000) }, ctx)
      if (!chosen.ok) return
      if (chosen.key === 'rx') await select({ out: send(tx, chosen.value) })
    }
  },
}

for (const engine of wireEngines) {
  describe(`csp on the ${engine} engine`, () => {
    for (const [name, handler] of Object.entries(echoes)) {
      test(`text and bytes come back in order, by ${name}`, async () => {
        await using wire = await served(engine, handler)
        const peer = await wire.connect()
        peer.raw(texts(...numbers(40)), wireFrame(2, Uint8Array.of(1, 2)), texts('last'))
        for (const expected of numbers(40)) assert.equal(await peer.message(), expected)
        assert.deepEqual(await peer.message(), Uint8Array.of(1, 2))
        assert.equal(await peer.message(), 'last')
        peer.close(1000)
        await peer.closed()
        await canary(wire)
      })
    }

    test('CSP: returning from the task closes the connection with 1000', async () => {
      await using wire = await served(engine, async ({ rx, tx }) => {
        const { value } = await rx.receive()
        await tx.send(`bye ${value as string}`)
      })
      const peer = await wire.connect()
      peer.text('ann')
      assert.equal(await peer.message(), 'bye ann')
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      peer.close(1000)
      await peer.closed()
      await canary(wire)
    })

    test('a task that is no promise has returned', async () => {
      await using wire = await served(engine, ({ tx }) => void tx.trySend('bye'))
      const peer = await wire.connect()
      assert.equal(await peer.message(), 'bye')
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      peer.close(1000)
      await peer.closed()
      await canary(wire)
    })

    test('a task may close with a code of its own, and hears the end', async () => {
      const ends: unknown[] = []
      await using wire = await served(engine, async ({ rx, connection }) => {
        connection.close(4000, 'enough')
        ends.push(await rx.receive())
      })
      const peer = await wire.connect()
      assert.deepEqual(await peer.closeFrame(), [4000, 'enough'])
      peer.close(4000)
      await peer.closed()
      await wire.until('the end', () => ends.length === 1)
      assert.deepEqual(ends, [{ value: undefined, ok: false }])
      await canary(wire)
    })

    for (const [name, handler] of Object.entries({
      'rejects at once': async () => {
        throw new Error('meant')
      },
      'throws before it is a promise': () => {
        throw new Error('meant')
      },
      'rejects later': async ({ rx }) => {
        await rx.receive()
        throw new Error('meant')
      },
    } satisfies Record<string, Handler>)) {
      test(`a task that ${name}: 1011, reported once, and its messages are dropped`, async () => {
        await using wire = await served(engine, handler)
        const peer = await wire.connect()
        peer.raw(texts('a', 'b'))
        assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
        await peer.closed()
        await canary(wire, 1)
      })
    }

    test('the end of the connection: rx is closed behind what came, ctx is cancelled', async () => {
      const seen: unknown[] = []
      let kept: Context | null = null
      const gate = channel<void>()
      await using wire = await served(engine, async ({ rx, ctx }) => {
        kept = ctx
        seen.push((await rx.receive()).value)
        await gate.receive()
        for await (const message of rx) seen.push(message)
        seen.push(ctx.err?.code, (ctx.cause as Error).message.includes('1006'))
      })
      const peer = await wire.connect()
      peer.raw(texts('a', 'b', 'c'))
      await wire.until('the first', () => seen.length === 1)
      peer.cut()
      await wire.until('the end', () => kept!.err !== null)
      gate.close()
      await wire.until('all', () => seen.length === 5)
      assert.deepEqual(seen, ['a', 'b', 'c', 'ERR_CONTEXT_CANCELLED', true])
      await canary(wire)
    })

    test('a context that is first asked for after the end has ended', async () => {
      let code: string | undefined = 'none yet'
      await using wire = await served(engine, async (scope) => {
        for await (const _ of scope.rx);
        code = scope.ctx.err?.code
      })
      const peer = await wire.connect()
      peer.close(1000)
      await peer.closed()
      await wire.until('the end', () => code !== 'none yet')
      assert.equal(code, 'ERR_CONTEXT_CANCELLED')
    })

    for (const [name, handler] of Object.entries({
      'sends to a connection that is gone': async ({ rx, tx }) => {
        for await (const _ of rx);
        await tx.send('too late')
      },
      'waits in a select with its context': async ({ ctx }) => {
        await select({ never: null }, ctx)
      },
      'waits for what takes the signal': async ({ ctx }) => {
        const { setTimeout } = await import('node:timers/promises')
        await setTimeout(60_000, undefined, { signal: ctx.signal })
      },
      'has a group of tasks': ({ ctx }) =>
        group(ctx, async (g) => {
          await g.go((below) => select({ never: null }, below))
          await g.go((below) => select({ never: null }, below))
        }),
    } satisfies Record<string, Handler>)) {
      test(`a task that ${name} and ends by the end of the connection has not failed`, async () => {
        let isOver = false
        await using wire = await served(engine, async (scope) => {
          try {
            await handler(scope)
          } finally {
            isOver = true
          }
        })
        const peer = await wire.connect()
        peer.cut()
        await wire.until('the task to end', () => isOver)
        await canary(wire)
      })
    }

    test('an error of its own is reported, even after the end of the connection', async () => {
      await using wire = await served(engine, async ({ rx }) => {
        for await (const _ of rx);
        throw new Error('meant')
      })
      const peer = await wire.connect()
      peer.cut()
      await wire.until('the line to be gone', () => peer.isClosed)
      await wire.pass(20)
      await canary(wire, 1)
    })

    test('a task that is busy holds the line back, loses nothing and keeps the order', async () => {
      const gate = channel<void>()
      const seen: string[] = []
      await using wire = await served(engine, async ({ rx }) => {
        await gate.receive()
        for await (const message of rx) seen.push(message as string)
      })
      const peer = await wire.connect()
      peer.raw(texts(...numbers(500)))
      await wire.pass(20)
      const { routes } = await wire.server.stats()
      assert.equal(routes[0]!.messagesReceived, 16)
      gate.close()
      await wire.until('all', () => seen.length === 500)
      assert.deepEqual(seen, numbers(500))
      peer.close(1000)
      await peer.closed()
      await canary(wire)
    })

    test('bytes belong to the task (K8)', async () => {
      const kept: Uint8Array[] = []
      await using wire = await served(engine, async ({ rx }) => {
        for await (const message of rx) kept.push(message as Uint8Array)
      })
      const peer = await wire.connect()
      peer.raw(wireFrame(2, Uint8Array.of(1, 2)), wireFrame(2, Uint8Array.of(3, 4)))
      await wire.until('both', () => kept.length === 2)
      peer.raw(wireFrame(2, new Uint8Array(100).fill(9)))
      await wire.until('the third', () => kept.length === 3)
      assert.deepEqual(kept.slice(0, 2), [Uint8Array.of(1, 2), Uint8Array.of(3, 4)])
    })

    test('a send waits while the other side does not read, and goes on when it does', async () => {
      const block = Buffer.alloc(100_000, 'x').toString()
      const count = 400
      let sent = 0
      await using wire = await served(engine, async ({ rx, tx }) => {
        await rx.receive()
        for (; sent < count; sent++) await tx.send(block)
      })
      const peer = await wire.connect()
      peer.line.stopReading()
      peer.text('go')
      await wire.pass(200)
      const before = sent
      assert.ok(before < count, 'it did not wait')
      await wire.pass(50)
      assert.equal(sent, before)
      peer.line.startReading()
      for (let i = 0; i < count; i++) assert.equal((await peer.message()).length, block.length)
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      peer.close(1000)
      assert.equal(sent, count)
      await canary(wire)
    })

    test('several tasks may receive and send on one connection', async () => {
      await using wire = await served(engine, ({ rx, tx, ctx }) =>
        group(ctx, (g) => {
          for (let i = 0; i < 3; i++) {
            void g.go(async () => {
              for await (const message of rx) await tx.send(message)
            })
          }
        }),
      )
      const peer = await wire.connect()
      peer.raw(texts(...numbers(30)))
      const heard = new Set<unknown>()
      for (let i = 0; i < 30; i++) heard.add(await peer.message())
      assert.deepEqual(heard, new Set(numbers(30)))
      peer.close(1000)
      await peer.closed()
      await canary(wire)
    })

    test('with a contract: objects both ways; what does not fit is answered and not received', async () => {
      const Sum = contract({
        in: z.object({ add: z.array(z.number()) }),
        out: z.object({ sum: z.number() }),
      })
      const calls: unknown[] = []
      await using wire = await wireServer(engine, {
        routes: {
          '/': task(
            Sum,
            async ({ rx, tx, connection }) => {
              calls.push(connection.data.user)
              for await (const { add } of rx) {
                const sum = add.reduce((a, b) => a + b, 0)
                if (sum < 0) await tx.send({ sum: 'wrong' as never })
                else await tx.send({ sum })
              }
            },
            { upgrade: () => ({ data: { user: 'ann' } }) },
          ),
        },
      })
      const peer = await wire.connect()
      peer.text('{"add":[1,2]}')
      assert.equal(await peer.message(), '{"sum":3}')
      peer.text('{"add":1}')
      assert.match(String(await peer.message()), /ERR_MESSAGE_INVALID/)
      peer.text('{"add":[4]}')
      assert.equal(await peer.message(), '{"sum":4}')
      assert.deepEqual(calls, ['ann'])
      peer.text('{"add":[-1]}')
      assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
      await peer.closed()
      assert.equal(await failures(wire), 1)
      assert.deepEqual(rejections, [])
    })
  })
}

test('a task that ping-pongs with itself for ever leaves the line served', async () => {
  await using wire = await served('node', async ({ rx, tx, ctx }) => {
    const ball = channel<number>(1)
    await group(ctx, (g) => {
      void g.go(async () => {
        while (ctx.err === null) {
          await ball.send(1)
          await ball.receive()
        }
      })
      void g.go(async () => {
        for await (const message of rx) await tx.send(message)
      })
    })
  })
  const peer = await wire.connect()
  for (const text of numbers(20)) {
    peer.text(text)
    assert.equal(await peer.message(), text)
  }
  peer.close(1000)
  await peer.closed()
  await canary(wire)
})

test('whatever the delays and the chunks, messages are received once, in order, to the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.nat(2), { maxLength: 50 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom('receive', 'for await', 'receiveMany', 'select'),
      async (scheduler, delays, chunking, form) => {
        const seen: string[] = []
        let isOver = false
        const pause = async (): Promise<void> => {
          const ticks = delays[seen.length % Math.max(delays.length, 1)] ?? 0
          for (let i = 0; i < ticks; i++) await scheduler.schedule(Promise.resolve())
        }
        const handler: Handler = async ({ rx }) => {
          if (form === 'for await') {
            for await (const message of rx) {
              seen.push(message as string)
              await pause()
            }
          }
          for (;;) {
            if (form === 'receiveMany') {
              const batch = await rx.receiveMany(5)
              if (batch.length === 0) break
              seen.push(...(batch as string[]))
            } else {
              const { ok, value } = form === 'select' ? await select({ rx }) : await rx.receive()
              if (!ok) break
              seen.push(value as string)
            }
            await pause()
          }
          isOver = true
        }
        await using wire = await served('memory', handler)
        const peer = await wire.connect()
        const expected = numbers(delays.length)
        const stream = Buffer.concat([texts(...expected), wireFrame(8, '')])
        for (let at = 0, i = 0; at < stream.length; i++) {
          const bytes = chunking[i % chunking.length]!
          peer.raw(stream.subarray(at, at + bytes))
          at += bytes
        }
        peer.end()
        while (!isOver) {
          await wire.pass(1)
          await scheduler.waitIdle()
        }
        assert.deepEqual(seen, expected)
      },
    ),
    { numRuns: 60 },
  )
  assert.deepEqual(rejections, [])
})
