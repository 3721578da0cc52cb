// The rings of a mailbox against an array.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { Method } from '../../../src/models/actors/actor-class.ts'
import type { Asked } from '../../../src/models/actors/ask.ts'
import { Mailbox, MailboxPool } from '../../../src/models/actors/mailbox.ts'

test('any pushes, shifts and removals: the same as an array', () => {
  const step = fc.oneof(fc.constant(-1), fc.constant(-2), fc.nat({ max: 30 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const mailbox = new Mailbox()
      const model: number[] = []
      const method = new Method('x', () => {})
      for (const [i, each] of steps.entries()) {
        if (each === -1 && model.length > 0) {
          mailbox.shift()
          model.shift()
        } else if (each >= 0 && each < model.length) {
          mailbox.removeAt(each)
          model.splice(each, 1)
        } else {
          mailbox.push(method, [i], null)
          model.push(i)
        }
        const held = Array.from({ length: mailbox.length }, (_, at) => mailbox.argsAt(at)[0])
        assert.deepEqual(held, model)
      }
    }),
  )
})

const method = new Method('x', () => {})

test('more than a ring holds: in order, and any of them can be read and taken out', () => {
  const mailbox = new Mailbox()
  const model: number[] = []
  const check = (...at: number[]): void => {
    assert.equal(mailbox.length, model.length)
    for (const i of at) assert.equal(mailbox.argsAt(i)[0], model[i], `at ${i} of ${model.length}`)
  }
  let next = 0
  const push = (count: number): void => {
    for (let i = 0; i < count; i++) {
      mailbox.push(method, [next], null)
      model.push(next++)
    }
  }
  for (const [pushes, shifts, removed] of [
    [1_500, 100, 1_300],
    [700, 900, 600],
    [3, 1_000, 0],
    [513, 500, 1],
  ] as const) {
    push(pushes)
    mailbox.removeAt(removed)
    model.splice(removed, 1)
    for (let i = 0; i < shifts; i++) {
      check(0, model.length >> 1, model.length - 1)
      mailbox.shift()
      model.shift()
    }
  }
  while (model.length > 0) {
    check(0, model.length - 1)
    mailbox.shift()
    model.shift()
  }
  push(20)
  check(0, 10, 19)
})

test('an ask and its method stay with their arguments, wherever they wait', () => {
  const mailbox = new Mailbox()
  const asks = Array.from({ length: 1_200 }, () => new Nobody())
  for (const ask of asks) mailbox.push(method, [ask], ask)
  for (const i of [0, 511, 512, 1_023, 1_024, 1_199]) {
    assert.equal(mailbox.methodAt(i), method)
    assert.equal(mailbox.askAt(i), asks[i])
    assert.equal(mailbox.argsAt(i)[0], asks[i])
  }
})

class Nobody implements Asked {
  readonly isDone = false
  reply(): void {}
  fail(): void {}
  refuse(): void {}
}

test('an empty mailbox is used again; what a burst needed is not kept', () => {
  const pool = new MailboxPool()
  const small = pool.take()
  pool.give(small)
  assert.equal(pool.take(), small)
  const large = new Mailbox()
  for (let i = 0; i < 5_000; i++) large.push(method, [], null)
  while (large.length > 0) large.shift()
  pool.give(large)
  assert.equal(pool.take(), large)
  assert.ok(large.capacity <= 512)
})

test('the pool keeps only so many', () => {
  const pool = new MailboxPool()
  const given = Array.from({ length: 2_000 }, () => new Mailbox())
  for (const mailbox of given) pool.give(mailbox)
  const known = new Set(given)
  const taken = Array.from({ length: 2_000 }, () => pool.take())
  assert.equal(taken.filter((mailbox) => known.has(mailbox)).length, 1_024)
})

test('what was handled is kept nowhere, however many waited', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const mailbox = new Mailbox()
  const held: WeakRef<readonly unknown[]>[] = []
  for (let i = 0; i < 3_000; i++) {
    const args = [i]
    held.push(new WeakRef(args))
    mailbox.push(method, args, null)
  }
  for (let i = 0; i < 2_000; i++) mailbox.shift()
  // What a WeakRef was asked for, or made of, is there until the job ends.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  assert.equal(held.filter((each) => each.deref() !== undefined).length, 1_000)
  assert.equal(mailbox.length, 1_000)
})
