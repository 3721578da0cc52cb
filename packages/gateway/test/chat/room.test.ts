import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Room } from '../../src/chat/room.ts'

const said = (id: string, at: number) => ({
  type: 'said' as const,
  id,
  from: { id: 'a', name: 'Ada' },
  text: id,
  at,
})

test('a room remembers the last fifty messages, each once, in the order of their time', () => {
  const room = new Room('lobby')
  for (let at = 0; at < 60; at += 1) assert.ok(room.remember(said(`m${at}`, at)))
  assert.equal(room.remember(said('m59', 59)), false)
  assert.equal(room.recent.length, 50)
  room.remember(said('late', 57.5))
  assert.deepEqual(
    room.recent.slice(-3).map(({ id }) => id),
    ['late', 'm58', 'm59'],
  )
})

test('it knows whose people are whose, also after someone moved', () => {
  const room = new Room('lobby')
  room.put({ id: 'a', name: 'Ada', seat: 1 }, 1)
  room.put({ id: 'b', name: 'Bo', seat: 1 }, 1)
  room.put({ id: 'a', name: 'Ada', seat: 2 }, 2)
  assert.deepEqual(
    [1, 2].map((worker) => room.peopleOf(worker).map(({ id }) => id)),
    [['b'], ['a']],
  )
})

test('a free name is the wanted one, or the first numbered one that nobody has', () => {
  const room = new Room('lobby')
  for (const [index, name] of ['Ada', 'ada 2', 'Ａｄａ 3'].entries()) {
    room.put({ id: `${index}`, name, seat: 1 }, 1)
  }
  assert.equal(room.freeName('ADA', 'new'), 'ADA 4')
  assert.equal(room.freeName('Ada', '0'), 'Ada')
})

test('of two workers that claim the same seat the lower has it, whichever spoke first', () => {
  for (const order of [
    [1, 2],
    [2, 1],
  ]) {
    const room = new Room('lobby')
    for (const worker of order) room.put({ id: 'a', name: 'Ada', seat: 1 }, worker)
    assert.equal(room.peopleOf(1).length, 1)
    assert.equal(room.remove({ id: 'a', seat: 1 }, 2), false)
    assert.equal(room.remove({ id: 'a', seat: 1 }, 1), true)
  }
})
