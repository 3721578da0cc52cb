// The properties of Go's errgroup and of structured concurrency, each a test named after it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { channel, context, group, select, TaskGroup } from 'holdline/csp'
import type { Context } from 'holdline/csp'
import { quiet, settling } from './settling.ts'

const rejections: unknown[] = []
process.on('unhandledRejection', (reason) => rejections.push(reason))

const background = context.background()
const never = (ctx: Context): Promise<unknown> => select({ never: null }, ctx)
const fails = async (message: string): Promise<never> => {
  await Promise.resolve()
  throw new Error(message)
}

test('a group waits for all of its tasks, and gives what its function returned', async () => {
  const calls: string[] = []
  const gates = [channel<void>(), channel<void>()]
  const running = settling(
    group(background, (g) => {
      for (const [i, gate] of gates.entries()) {
        void g.go(async () => {
          await gate.receive()
          calls.push(`task ${i}`)
        })
      }
      calls.push('function')
      return 'result'
    }),
  )
  await quiet()
  assert.deepEqual(calls, ['function'])
  gates[1]!.close()
  await quiet()
  assert.equal(running.isSettled, false)
  gates[0]!.close()
  await quiet()
  assert.deepEqual(calls, ['function', 'task 1', 'task 0'])
  assert.equal(running.value, 'result')
})

test('errgroup: the first error cancels the others, is thrown when all are done, and is the only one', async () => {
  const gate = channel<void>()
  let cleanedUp = false
  const cause = new Error('first')
  const running = settling(
    group(background, (g) => {
      void g.go(async (ctx) => {
        try {
          await never(ctx)
        } finally {
          assert.equal(ctx.cause, cause)
          await gate.receive()
          cleanedUp = true
        }
      })
      void g.go(() => {
        throw cause
      })
      void g.go(() => fails('second'))
    }),
  )
  await quiet()
  assert.equal(running.isSettled, false)
  gate.close()
  await quiet()
  assert.equal(running.error, cause)
  assert.equal(cleanedUp, true)
})

test('a function that throws is the first error', async () => {
  let wasCancelled = false
  const running = group(background, async (g) => {
    void g.go(async (ctx) => {
      await never(ctx).catch(() => (wasCancelled = true))
    })
    await fails('meant')
  })
  await assert.rejects(running, /meant/)
  assert.equal(wasCancelled, true)
})

test('the context of a group ends with the one it was made from, and with the group', async () => {
  const scope = context.withCancel(background)
  const g = new TaskGroup(scope.ctx)
  void g.go(never)
  const waiting = settling(g.wait())
  scope.cancel()
  await quiet()
  assert.equal(waiting.error, scope.ctx.err)
  const parent = context.withCancel(background)
  const done = new TaskGroup(parent.ctx)
  await done.wait()
  assert.equal(done.ctx.err?.code, 'ERR_CONTEXT_CANCELLED')
  assert.equal(parent.ctx.childCount, 0)
})

test('nothing outlives its group: who starts a task in one that ended gets an error', async () => {
  const g = new TaskGroup(background)
  void g.go(() => quiet())
  await g.wait()
  await assert.rejects(
    g.go(() => {}),
    { code: 'ERR_GROUP_ENDED' },
  )
  assert.throws(() => g.tryGo(() => {}), { code: 'ERR_GROUP_ENDED' })
})

test('nothing outlives its group: whenever a task is started, the group waits for it or refuses it', async () => {
  const outcomes = new Set<string | undefined>()
  for (let moments = 0; moments < 12; moments++) {
    const g = new TaskGroup(background)
    const gate = channel<void>()
    let running = 0
    void g.go(() => gate.receive())
    const waiting = g.wait()
    gate.close()
    const late = (async () => {
      for (let i = 0; i < moments; i++) await Promise.resolve()
      return g.go(async () => {
        running++
        await quiet()
        running--
      })
    })()
    const state = settling(late)
    await waiting
    assert.equal(running, 0)
    await quiet()
    assert.equal(running, 0)
    outcomes.add(state.error?.code)
  }
  assert.deepEqual(outcomes, new Set([undefined, 'ERR_GROUP_ENDED']))
})

test('a task may start tasks of its group', async () => {
  const calls: number[] = []
  await group(background, (g) => {
    const next = (n: number) => async (): Promise<void> => {
      await quiet()
      calls.push(n)
      if (n < 3) void g.go(next(n + 1))
    }
    void g.go(next(1))
  })
  assert.deepEqual(calls, [1, 2, 3])
})

test('a limit: no more run at once, the others wait their turn, `go` until they start', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 12 }),
      async (scheduler, limit, count) => {
        const started: number[] = []
        let running = 0
        let most = 0
        const done = group(
          background,
          async (g) => {
            for (let i = 0; i < count; i++) {
              const isStarted = await g.go(async () => {
                started.push(i)
                most = Math.max(most, ++running)
                await scheduler.schedule(Promise.resolve())
                running--
              })
              assert.equal(isStarted, true)
              assert.deepEqual(started.at(-1), i)
            }
          },
          { limit },
        )
        await scheduler.waitFor(done)
        assert.deepEqual(
          started,
          Array.from({ length: count }, (_, i) => i),
        )
        assert.equal(most, Math.min(limit, count))
      },
    ),
    { numRuns: 50 },
  )
})

test('tryGo starts within the limit only', async () => {
  const gate = channel<void>()
  await group(
    background,
    (g) => {
      assert.equal(
        g.tryGo(() => gate.receive()),
        true,
      )
      assert.equal(
        g.tryGo(() => assert.fail('beyond the limit')),
        false,
      )
      gate.close()
    },
    { limit: 1 },
  )
})

test('tasks that wait for their turn when the group is cancelled never start', async () => {
  const started: (boolean | undefined)[] = []
  const running = group(
    background,
    async (g) => {
      const all = [1, 2, 3].map((n) => g.go(n === 1 ? () => fails('meant') : () => assert.fail()))
      started.push(...(await Promise.all(all)))
      started.push(await g.go(() => assert.fail()))
    },
    { limit: 1 },
  )
  await assert.rejects(running, /meant/)
  assert.deepEqual(started, [true, false, false, false])
})

test('`await using`: what still runs when the block is left is cancelled and waited for', async () => {
  let ended = false
  {
    await using g = new TaskGroup(background)
    void g.go(async (ctx) => {
      await never(ctx).catch(() => {})
      await quiet()
      ended = true
    })
  }
  assert.equal(ended, true)
})

test('`await using`: that a task ends because it was told to is no failure; another failure is thrown', async () => {
  {
    await using g = new TaskGroup(background)
    void g.go(never)
    void g.go(async (ctx) => {
      const { setTimeout } = await import('node:timers/promises')
      await setTimeout(60_000, undefined, { signal: ctx.signal })
    })
  }
  await assert.rejects(async () => {
    await using g = new TaskGroup(background)
    void g.go(() => fails('meant'))
    await quiet()
  }, /meant/)
})

test('`await using`: a failure is thrown once', async () => {
  await assert.rejects(async () => {
    await using g = new TaskGroup(background)
    void g.go(() => fails('meant'))
    await g.wait()
  }, /^Error: meant$/)
})

test('cancel ends the tasks', async () => {
  const running = group(background, (g) => {
    void g.go((ctx) => never(ctx).catch(() => {}))
    g.cancel('why')
    assert.equal(g.ctx.cause, 'why')
  })
  await running
})

test('a limit that is none is refused', () => {
  for (const limit of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new TaskGroup(background, { limit }), { code: 'ERR_OPTION_INVALID' })
  }
})

test('no rejection was nobody’s', async () => {
  await quiet()
  assert.deepEqual(rejections, [])
})
