// Slots against the plainest thing that could stand there: a list of who is in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Slots } from '../../../src/engines/uring/slots.ts'

test('each line has a slot for itself, and its state is found there however many there are', () => {
  const slots = new Slots<{ fd: number }>()
  const owners = Array.from({ length: 5_000 }, (_, fd) => ({ fd }))
  const taken = owners.map((owner) => {
    const slot = slots.take(owner.fd, owner)
    slots.bits[slot] = owner.fd & 127
    slots.skip[slot] = owner.fd
    slots.sendAddress[slot] = 2 ** 46 + owner.fd
    slots.sendLeft[slot] = -owner.fd
    return slot
  })
  assert.equal(new Set(taken).size, owners.length)
  assert.equal(slots.count, owners.length)
  for (const [i, slot] of taken.entries()) {
    assert.deepEqual(
      [slots.fd[slot], slots.bits[slot], slots.skip[slot], slots.sendAddress[slot]],
      [i, i & 127, i, 2 ** 46 + i],
    )
    assert.equal(slots.owners[slot], owners[i])
  }
  assert.deepEqual(new Set([...slots.entries()].map(([, { fd }]) => fd)), new Set(owners.keys()))
})

test('any order of lines that come and go', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), (steps) => {
      const slots = new Slots<object>()
      const lines: { slot: number; owner: object; generation: number }[] = []
      const seen = new Set<string>()
      for (const step of steps) {
        const leaving = lines[step]
        if (leaving !== undefined) {
          lines.splice(step, 1)
          slots.release(leaving.slot)
          assert.notEqual(slots.generation[leaving.slot], leaving.generation)
        } else {
          const owner = {}
          const slot = slots.take(step, owner)
          const generation = slots.generation[slot]!
          // A line is never mistaken for an earlier one.
          assert.ok(!seen.has(`${slot} ${generation}`))
          seen.add(`${slot} ${generation}`)
          assert.deepEqual([slots.bits[slot], slots.underWay[slot], slots.skip[slot]], [0, 0, 0])
          lines.push({ slot, owner, generation })
        }
        assert.equal(slots.count, lines.length)
        assert.equal(new Set(lines.map(({ slot }) => slot)).size, lines.length)
        for (const { slot, owner } of lines) assert.equal(slots.owners[slot], owner)
      }
    }),
  )
})

test('a slot that was given back begins without a trace of the line before', () => {
  const slots = new Slots<object>()
  const first = slots.take(3, {})
  slots.bits[first] = 255
  slots.underWay[first] = 9
  slots.skip[first] = 700
  slots.release(first)
  assert.deepEqual([...slots.entries()], [])
  assert.equal(slots.owners[first], null)
  const second = slots.take(4, {})
  assert.equal(second, first)
  assert.deepEqual([slots.bits[second], slots.underWay[second], slots.skip[second]], [0, 0, 0])
})

test('generations stay numbers that fit into a tag for ever', () => {
  const slots = new Slots<object>()
  for (let i = 0; i < 70_000; i++) slots.release(slots.take(1, {}))
  const generation = slots.generation[slots.take(1, {})]!
  assert.ok(generation >= 0 && generation < 65_536)
})
