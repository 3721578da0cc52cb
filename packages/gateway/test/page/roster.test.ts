import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Roster } from '../../src/page/roster.ts'

const names = (roster: Roster): string[] => roster.people.map(({ name }) => name)

test('a name that is taken gets a number, whatever its case, and stays within the bound', () => {
  const roster = new Roster()
  roster.put({ id: 'a', name: 'Ada' })
  assert.equal(roster.put({ id: 'b', name: 'ADA' }).name, 'ADA 2')
  assert.equal(roster.put({ id: 'c', name: 'Ada' }).name, 'Ada 3')
  const long = 'x'.repeat(32)
  roster.put({ id: 'd', name: long })
  assert.equal(roster.put({ id: 'e', name: long }).name, `${'x'.repeat(30)} 2`)
})

test('letters that look the same are the same', () => {
  const roster = new Roster()
  roster.put({ id: 'a', name: 'Ada' })
  assert.equal(roster.put({ id: 'b', name: 'Ａda' }).name, 'Ａda 2')
})

test('who comes twice is there once, and who comes back has the same name', () => {
  const roster = new Roster()
  roster.put({ id: 'a', name: 'Ada' })
  roster.put({ id: 'b', name: 'Ada' })
  roster.put({ id: 'b', name: 'Ada' })
  assert.deepEqual(names(roster), ['Ada', 'Ada 2'])
  roster.clear()
  roster.put({ id: 'b', name: 'Ada' })
  roster.put({ id: 'a', name: 'Ada' })
  assert.deepEqual(names(roster), ['Ada 2', 'Ada'])
  assert.equal(roster.remove('a'), true)
  assert.equal(roster.remove('a'), false)
  // The name is free again, for others; what was said under it is still shown under it.
  assert.equal(roster.put({ id: 'c', name: 'Ada' }).name, 'Ada')
  assert.equal(roster.shown({ id: 'a', name: 'whatever' }).name, 'Ada')
  assert.equal(roster.shown({ id: 'z', name: 'Zoe' }).name, 'Zoe')
})
