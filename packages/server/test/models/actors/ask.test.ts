// An ask ends once, whatever comes first; asks of one timeout share a timer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FakeClock } from 'holdline/testing'
import { AskTimeouts, PendingAsk } from '../../../src/models/actors/ask.ts'

const whom = { toString: () => 'Room<1.2>' }

function made(copy: (value: unknown) => unknown = (value) => value) {
  const clock = new FakeClock()
  const timeouts = new AskTimeouts(clock, copy)
  const ask = (timeoutMs: number): PendingAsk => new PendingAsk(timeouts, whom, 'say', timeoutMs)
  return { clock, timeouts, ask }
}

test('the first of an answer, a refusal, an end and the deadline counts', async () => {
  const { clock, ask } = made()
  const over: string[] = []
  for (const first of ['reply', 'refuse', 'fail', 'expire'] as const) {
    const asked = ask(10)
    asked.whenOver = () => over.push(first)
    const settled = asked.promise.then(
      (value) => `answer ${String(value)}`,
      (error: Error & { code?: string }) => error.code ?? error.message,
    )
    if (first === 'reply') asked.reply(1)
    else if (first === 'refuse') asked.refuse(new Error('refused'))
    else if (first === 'fail') asked.fail('killed')
    else await clock.pass(10)
    assert.equal(asked.isDone, true)
    asked.reply(2)
    asked.refuse(new Error('late'))
    asked.fail('noproc')
    const expected = {
      reply: 'answer 1',
      refuse: 'refused',
      fail: 'ERR_ACTOR_DOWN',
      expire: 'ERR_ACTOR_TIMEOUT',
    }
    assert.equal(await settled, expected[first])
  }
  assert.deepEqual(over, ['reply', 'refuse', 'fail', 'expire'])
})

test('errors say who was asked what, and why', async () => {
  const { clock, ask } = made()
  const late = assert.rejects(ask(7).promise, /Room<1\.2>\.say, 7 ms/)
  await clock.pass(7)
  await late
  const ended = ask(7)
  const failed = assert.rejects(ended.promise, {
    reason: 'killed',
    message: /Room<1\.2>\.say, killed/,
  })
  ended.fail('killed')
  await failed
})

test('an answer that cannot be copied rejects', async () => {
  const { ask } = made(() => {
    throw new Error('cannot travel')
  })
  const asked = ask(10)
  const failed = assert.rejects(asked.promise, { message: 'cannot travel' })
  asked.reply(1)
  await failed
})

test('Infinity sets no timer; stop leaves none', () => {
  const { clock, timeouts, ask } = made()
  const forever = ask(Infinity)
  assert.equal(clock.timerCount, 0)
  forever.reply(1)
  ask(10)
  ask(10)
  ask(20)
  assert.equal(clock.timerCount, 2)
  timeouts.stop()
  assert.equal(clock.timerCount, 0)
})

test('any asks and answers: each that is not answered ends at its deadline, none before or after', async () => {
  const step = fc.record({
    waitMs: fc.nat({ max: 8 }),
    timeoutMs: fc.constantFrom(5, 12),
    answers: fc.nat({ max: 20 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { clock, ask } = made()
      const asks: { dueMs: number; endedMs: number; ask: PendingAsk }[] = []
      for (const { waitMs, timeoutMs, answers } of steps) {
        await clock.pass(waitMs)
        const entry = { dueMs: clock.now() + timeoutMs, endedMs: 0, ask: ask(timeoutMs) }
        const ended = (): void => void (entry.endedMs = clock.now())
        entry.ask.promise.then(() => {}, ended)
        asks.push(entry)
        asks[answers]?.ask.reply('x')
      }
      await clock.pass(100)
      assert.equal(clock.timerCount, 0)
      for (const { dueMs, endedMs, ask: each } of asks) {
        assert.equal(each.isDone, true)
        // A timer that is left to run is set again a millisecond later at most.
        if (endedMs !== 0)
          assert.ok(endedMs >= dueMs && endedMs <= dueMs + 1, `${endedMs} ${dueMs}`)
      }
    }),
    { numRuns: 60 },
  )
})
