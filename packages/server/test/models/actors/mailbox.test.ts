// The ring of a mailbox against an array.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Method } from '../../../src/models/actors/actor-class.ts'
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

test('an empty mailbox is used again; one that held a burst is not', () => {
  const pool = new MailboxPool()
  const small = pool.take()
  pool.give(small)
  assert.equal(pool.take(), small)
  const large = new Mailbox()
  const method = new Method('x', () => {})
  for (let i = 0; i < 5_000; i++) large.push(method, [], null)
  while (large.length > 0) large.shift()
  pool.give(large)
  assert.notEqual(pool.take(), large)
})
