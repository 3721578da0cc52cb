import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Roster } from '../../src/chat/roster.ts'

const ada = { id: 'a', name: 'Ada', seat: 1 }

test('a late word that an old seat was left does not remove the person from the new one', () => {
  const roster = new Roster()
  roster.put(ada)
  roster.put({ ...ada, seat: 2 })
  assert.equal(roster.remove(ada), false)
  assert.deepEqual(roster.get('a')?.seat, 2)
})

test('a seat that was left stays empty, though its joining is heard afterwards', () => {
  const roster = new Roster()
  roster.remove(ada)
  assert.equal(roster.put(ada), false)
  assert.equal(roster.size, 0)
})

test('the highest seat counts, whichever is heard last', () => {
  const roster = new Roster()
  roster.put({ ...ada, seat: 2 })
  assert.equal(roster.put(ada), false)
  assert.equal(roster.get('a')?.seat, 2)
})

test('words of one person each may come in any order', () => {
  const word = fc.record({ person: fc.nat(3), leaves: fc.boolean() })
  fc.assert(
    fc.property(fc.uniqueArray(word, { selector: (w) => `${w.person}${w.leaves}` }), (words) => {
      const roster = new Roster()
      for (const { person, leaves } of words) {
        const seated = { id: `${person}`, name: 'x', seat: 1 }
        if (leaves) roster.remove(seated)
        else roster.put(seated)
      }
      const here = words.filter(
        ({ person, leaves }) => !leaves && !words.some((w) => w.person === person && w.leaves),
      )
      assert.equal(roster.size, here.length)
    }),
  )
})
