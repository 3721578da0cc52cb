import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Waiter, WaiterList, WaitFor, waitIn } from '../../../src/models/csp/waiter.ts'

const waiter = (): Waiter => new Waiter(WaitFor.RECEIVE, undefined, () => {}, null, '')

test('a list serves the oldest first, whoever leaves from its middle, and counts right', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant('push'), fc.constant('shift'), fc.nat(20))),
      (steps) => {
        const list = new WaiterList()
        const expected: Waiter[] = []
        for (const step of steps) {
          if (step === 'push') {
            const one = waiter()
            list.push(one)
            expected.push(one)
          } else if (step === 'shift') assert.equal(list.shift(), expected.shift() ?? null)
          else if (expected.length > 0) {
            const [left] = expected.splice(Number(step) % expected.length, 1)
            left!.leave()
            // Twice is once.
            left!.leave()
          }
          assert.equal(list.length, expected.length)
          assert.equal(list.first, expected[0] ?? null)
          assert.equal(list.isEmpty, expected.length === 0)
        }
        while (expected.length > 0) assert.equal(list.shift(), expected.shift())
      },
    ),
  )
})

test('a list tells when somebody waits in it, and when the last one left, but not when it was served', () => {
  const told: string[] = []
  const list = new WaiterList({
    occupied: () => told.push('occupied'),
    deserted: () => told.push('deserted'),
  })
  const [one, other, third] = [waiter(), waiter(), waiter()]
  for (const each of [one, other, third]) list.push(each)
  assert.deepEqual(told, ['occupied'])
  one.leave()
  other.leave()
  list.shift()
  assert.deepEqual(told, ['occupied'])
  list.push(one)
  one.leave()
  assert.deepEqual(told, ['occupied', 'occupied', 'deserted'])
})

test('each kind of waiter gets what it waits for', async () => {
  const list = new WaiterList()
  const results = [
    waitIn(list, WaitFor.SEND, 1),
    waitIn(list, WaitFor.RECEIVE),
    waitIn(list, WaitFor.RECEIVE),
    waitIn(list, WaitFor.NEXT),
    waitIn(list, WaitFor.NEXT),
  ]
  assert.equal(list.first!.value, 1)
  for (const ok of [true, true, false, true, false]) {
    list.shift()!.complete(ok ? 'value' : undefined, ok)
  }
  assert.deepEqual(await Promise.all(results), [
    undefined,
    { value: 'value', ok: true },
    { value: undefined, ok: false },
    { value: 'value', done: false },
    { value: undefined, done: true },
  ])
  const failing = waitIn(list, WaitFor.SEND)
  list.shift()!.fail(new Error('meant'))
  await assert.rejects(failing, /meant/)
})
