// References by number: one for an actor, for as long as somebody holds it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actor } from 'holdline/actors'
import { HERE, RefTable } from '../../../src/models/actors/ref-table.ts'
import { standOf } from './stand.ts'

class Room extends Actor {}

test('an actor is found by others once they were told of it, until it has ended', () => {
  const { system } = standOf('remote')
  const table = new RefTable()
  const ref = system.spawn(Room)
  assert.equal(table.cell(ref.id), undefined)
  assert.equal(table.find(HERE, ref.id), undefined)
  table.expose(ref)
  table.expose(ref)
  assert.equal(table.cell(ref.id), ref.cell)
  assert.equal(table.find(HERE, ref.id), ref)
  table.forget(ref.id)
  assert.equal(table.cell(ref.id), undefined)
  assert.equal(table.find(HERE, ref.id), ref)
})

test('a dead actor is told of without a cell', () => {
  const { system } = standOf('remote')
  const table = new RefTable()
  const ref = system.spawn(Room)
  system.exit(ref, 'shutdown')
  table.expose(ref)
  assert.equal(table.cell(ref.id), undefined)
  assert.equal(table.find(HERE, ref.id), ref)
})

test('numbers are those of one worker each', () => {
  const { system } = standOf('remote')
  const table = new RefTable()
  const [one, two] = [system.newRef('Room'), system.newRef('Room')]
  one.id = 7
  two.id = 7
  table.keep(1, one)
  table.keep(2, two)
  assert.equal(table.find(1, 7), one)
  assert.equal(table.find(2, 7), two)
  assert.equal(table.find(HERE, 7), undefined)
  assert.equal(table.find(1, 8), undefined)
})
