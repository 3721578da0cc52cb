import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Entry, EntryList } from '../../../src/models/queues/entry-list.ts'

class Numbered extends Entry {
  readonly number: number
  constructor(number: number) {
    super()
    this.number = number
  }
}

test('a list is an array from which entries may be taken anywhere', () => {
  const op = fc.oneof(
    fc.constant({ kind: 'push' as const, at: 0 }),
    fc.constant({ kind: 'shift' as const, at: 0 }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(20) }),
  )
  fc.assert(
    fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
      const list = new EntryList<Numbered>()
      const model: Numbered[] = []
      let count = 0
      for (const { kind, at } of ops) {
        if (kind === 'push') {
          const entry = new Numbered(count++)
          list.push(entry)
          model.push(entry)
        } else if (kind === 'shift') {
          assert.equal(list.shift(), model.shift() ?? null)
        } else if (model.length > 0) {
          const [entry] = model.splice(at % model.length, 1)
          list.remove(entry!)
          assert.equal(entry!.list, null)
        }
        assert.equal(list.size, model.length)
        assert.equal(list.first, model[0] ?? null)
      }
      const rest: Numbered[] = []
      for (let entry = list.shift(); entry !== null; entry = list.shift()) rest.push(entry)
      assert.deepEqual(
        rest.map(({ number }) => number),
        model.map(({ number }) => number),
      )
    }),
  )
})

test('an entry that was taken out may be added again', () => {
  const list = new EntryList<Numbered>()
  const [one, two] = [new Numbered(1), new Numbered(2)]
  list.push(one)
  list.push(two)
  list.remove(one)
  list.push(one)
  assert.equal(list.shift(), two)
  assert.equal(list.shift(), one)
  assert.equal(list.shift(), null)
})
