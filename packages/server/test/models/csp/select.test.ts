// The properties of Go's select, each a test named after it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { after, channel, context, otherwise, select, selectWith, send, tick } from 'holdline/csp'
import { FakeClock } from 'holdline/testing'
import { quiet, seededRandom, settling } from './settling.ts'

test('Go: the cases of a select are evaluated once, in source order', async () => {
  const calls: string[] = []
  const ch = channel<number>(1)
  const named = <T>(name: string, result: T): T => {
    calls.push(name)
    return result
  }
  await select({
    2: named('first', ch),
    1: named('second', send(named('channel', ch), named('value', 1))),
    a: named('third', null),
  })
  assert.deepEqual(calls, ['first', 'channel', 'value', 'second', 'third'])
  let reads = 0
  const cases = {
    get only() {
      reads++
      return ch
    },
  }
  await select(cases)
  const waiting = settling(select(cases))
  ch.close()
  await quiet()
  assert.equal(waiting.isSettled, true)
  assert.equal(reads, 2)
})

test('Go: one of the ready cases is taken, uniformly at random', async () => {
  const seed = 20_261_122
  const seeded = selectWith(seededRandom(seed))
  const ready = channel<number>()
  ready.close()
  const room = channel<number>(100_000)
  const counts: Record<string, number> = {}
  const rounds = 40_000
  for (let i = 0; i < rounds; i++) {
    const { key } = await seeded({ a: ready, never: null, b: send(room, i), c: ready, d: ready })
    counts[key] = (counts[key] ?? 0) + 1
  }
  assert.deepEqual(Object.keys(counts).toSorted(), ['a', 'b', 'c', 'd'])
  // Five standard deviations of a fair draw: √(n·¼·¾) ≈ 87.
  for (const [key, count] of Object.entries(counts)) {
    assert.ok(Math.abs(count - rounds / 4) < 435, `${key} was taken ${count} times, seed ${seed}`)
  }
})

test('Go: default is taken only if no case is ready', async () => {
  const ch = channel<number>(1)
  const cases = { ch, default: otherwise }
  assert.deepEqual(await select(cases), { key: 'default', ok: true, value: undefined })
  for (let i = 0; i < 100; i++) {
    ch.trySend(i)
    assert.deepEqual(await select(cases), { key: 'ch', ok: true, value: i })
  }
  ch.close()
  assert.deepEqual(await select(cases), { key: 'ch', ok: false, value: undefined })
  assert.equal(ch.waitingReceivers, 0)
})

test('Go: exactly one case commits, and the losers leave no waiter behind', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      async (areSends, winner) => {
        const channels = areSends.map(() => channel<number>())
        const cases = Object.fromEntries(
          areSends.map((isSend, i) => [`c${i}`, isSend ? send(channels[i]!, i) : channels[i]!]),
        )
        const waiting = settling(select(cases))
        await quiet()
        assert.equal(waiting.isSettled, false)
        const waiters = (): number[] =>
          channels.map((ch) => ch.waitingReceivers + ch.waitingSenders)
        assert.deepEqual(
          waiters(),
          areSends.map(() => 1),
        )
        const won = winner % areSends.length
        const ch = channels[won]!
        if (areSends[won] === true) assert.deepEqual(ch.tryReceive(), { value: won, ok: true })
        else assert.equal(ch.trySend(7), true)
        // At once, before anything else can happen.
        assert.deepEqual(
          waiters(),
          areSends.map(() => 0),
        )
        for (const [i, isSend] of areSends.entries()) {
          if (isSend) assert.equal(channels[i]!.tryReceive(), null)
          else assert.equal(channels[i]!.trySend(9), false)
        }
        await quiet()
        const value = areSends[won] === true ? undefined : 7
        assert.deepEqual(waiting.value, { key: `c${won}`, ok: true, value })
      },
    ),
    { numRuns: 100 },
  )
})

test('Go: a null channel blocks for ever', async () => {
  const ctx = context.withCancel(context.background())
  const waits = [
    settling(select({ a: null })),
    settling(select({ a: send(null, 1), b: null })),
    settling(select({})),
    settling(select({ a: null }, ctx.ctx)),
  ]
  await quiet()
  assert.deepEqual(
    waits.map(({ isSettled }) => isSettled),
    [false, false, false, false],
  )
  assert.equal((await select({ a: null, none: otherwise })).key, 'none')
  // With a context it ends.
  ctx.cancel()
  await quiet()
  assert.equal(waits[3]!.error?.code, 'ERR_CONTEXT_CANCELLED')
})

test('Go: a select that sends and receives on one channel does not meet itself, but another does', async () => {
  const ch = channel<string>()
  const one = settling(select({ out: send(ch, 'one'), in: ch }))
  await quiet()
  assert.equal(one.isSettled, false)
  const other = settling(select({ out: send(ch, 'other'), in: ch }))
  await quiet()
  const results = [one.value, other.value]
  assert.deepEqual(new Set(results.map((result) => result?.key)), new Set(['in', 'out']))
  const receiver = results.find((result) => result?.key === 'in')
  assert.equal(receiver?.value, receiver === one.value ? 'other' : 'one')
  assert.equal(ch.waitingReceivers + ch.waitingSenders, 0)
})

test('Go: a send on a closed channel fails the select, when it is taken and when it waits', async () => {
  const ch = channel<number>()
  const other = channel<number>()
  const waiting = settling(select({ out: send(ch, 1), other }))
  ch.close()
  await quiet()
  assert.equal(waiting.error?.code, 'ERR_CHANNEL_CLOSED')
  assert.equal(other.waitingReceivers, 0)
  await assert.rejects(select({ out: send(ch, 1) }), { code: 'ERR_CHANNEL_CLOSED' })
})

test('a million selects over a long-lived channel: flat memory, and no waiter is left', async () => {
  const longLived = channel<never>()
  const busy = channel<number>()
  const clock = new FakeClock()
  const ctx = context.withCancel(context.background(clock)).ctx
  const rounds = 1_000_000
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const heap = (): number => {
    gc()
    return process.memoryUsage().heapUsed
  }
  let before = 0
  for (let i = 0; i < rounds; i++) {
    // The select has to wait each time, and each time another case wins than the long-lived ones.
    const waiting = select({ longLived, busy, timeout: after(60_000, clock) }, ctx)
    busy.trySend(i)
    if ((await waiting).key !== 'busy') assert.fail('another case was taken')
    if (i === 10_000) before = heap()
    if (i % 100_000 === 0) {
      assert.equal(longLived.waitingReceivers, 0)
      assert.equal(ctx.done.waitingReceivers, 0)
      assert.equal(clock.timerCount, 0)
    }
  }
  const grown = heap() - before
  assert.equal(longLived.waitingReceivers + busy.waitingReceivers + busy.waitingSenders, 0)
  assert.equal(ctx.done.waitingReceivers, 0)
  assert.equal(clock.timerCount, 0)
  assert.ok(grown < 1_000_000, `the heap grew by ${grown} bytes, ${grown / rounds} a select`)
})

test('a context that has ended is looked at first; one that ends meanwhile ends the select', async () => {
  const scope = context.withCancel(context.background())
  const ch = channel<number>(1)
  const waiting = settling(select({ ch }, scope.ctx))
  scope.cancel()
  await quiet()
  assert.equal(waiting.error, scope.ctx.err)
  assert.equal(ch.waitingReceivers, 0)
  ch.trySend(1)
  await assert.rejects(select({ ch }, scope.ctx), { code: 'ERR_CONTEXT_CANCELLED' })
  assert.equal(ch.length, 1)
})

test('`ctx.done` is a case as others', async () => {
  const scope = context.withCancel(context.background())
  const ch = channel<number>()
  const waiting = select({ ch, done: scope.ctx.done })
  scope.cancel()
  assert.deepEqual(await waiting, { key: 'done', ok: false, value: undefined })
  assert.equal(ch.waitingReceivers, 0)
})

test('timers are cases: the first that is due wins, and the others stop', async () => {
  const clock = new FakeClock()
  const slow = tick(1_000, clock)
  const waiting = settling(select({ slow, soon: after(10, clock), late: after(20, clock) }))
  await clock.pass(9)
  assert.equal(waiting.isSettled, false)
  await clock.pass(1)
  assert.equal(waiting.value?.key, 'soon')
  assert.equal(clock.timerCount, 0)
})

test('what is not a case is refused, and nothing is left behind', async () => {
  const ch = channel<number>()
  for (const wrong of [undefined, 0, {}, 'ch', () => {}, Promise.resolve(1)]) {
    await assert.rejects(select({ ch, wrong: wrong as never }), {
      name: 'HoldlineError',
      code: 'ERR_SELECT_CASE',
      detail: 'wrong',
    })
  }
  assert.throws(() => send({} as never, 1), { code: 'ERR_SELECT_CASE' })
  assert.throws(() => send(undefined as never, 1), { code: 'ERR_SELECT_CASE' })
  assert.equal(ch.waitingReceivers, 0)
})

test('the outcome is a union over its cases, which the compiler tells apart', async () => {
  const numbers = channel<number>(1)
  const words = channel<string>(1)
  const chosen = await select({ numbers, words, out: send(numbers, 1), none: otherwise })
  if (chosen.key === 'numbers' && chosen.ok) chosen.value.toFixed()
  if (chosen.key === 'words' && chosen.ok) chosen.value.trim()
  if (chosen.key === 'out') chosen.value satisfies undefined
  // @ts-expect-error: there is no such case
  assert.ok(chosen.key !== 'other')
  // @ts-expect-error: not a value of this channel
  send(words, 1)
})
