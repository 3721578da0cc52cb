// The list of a route's connections, against a Set.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConnectionList } from '../../src/connection/connection-list.ts'
import type { Listed } from '../../src/connection/connection-list.ts'

class Item implements Listed {
  listIndex = -1
  readonly name: number

  constructor(name: number) {
    this.name = name
  }
}

test('property: holds what a Set would, and each one stands in its place', () => {
  const step = fc.record({ isAdded: fc.boolean(), which: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new ConnectionList<Item>()
      const items = Array.from({ length: 10 }, (_, name) => new Item(name))
      const expected = new Set<Item>()
      for (const { isAdded, which } of steps) {
        const item = items[which]!
        if (isAdded) list.add(item)
        else list.delete(item)
        if (isAdded) expected.add(item)
        else expected.delete(item)
        assert.equal(list.size, expected.size)
        assert.deepEqual(new Set(list), expected)
        for (const [index, each] of [...list].entries()) assert.equal(each.listIndex, index)
        for (const each of items) assert.equal(each.listIndex >= 0, expected.has(each))
      }
    }),
  )
})

test('who goes through the list meets those of when it began, whoever leaves or comes meanwhile', () => {
  const list = new ConnectionList<Item>()
  const items = [new Item(0), new Item(1), new Item(2)]
  for (const item of items) list.add(item)
  const met: number[] = []
  for (const item of list) {
    met.push(item.name)
    list.delete(item)
    list.add(new Item(item.name + 10))
  }
  assert.deepEqual(met, [0, 1, 2])
  assert.deepEqual(new Set([...list].map(({ name }) => name)), new Set([10, 11, 12]))
})
