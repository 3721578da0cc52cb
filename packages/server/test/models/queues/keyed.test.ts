import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { queue } from 'holdline/queues'
import type { Qos } from 'holdline/queues'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the same key gives the same queue, another key another', () => {
  const rooms = queue.keyed({ label: 'room' })
  const lobby = rooms.get('lobby')
  assert.equal(rooms.get('lobby'), lobby)
  assert.notEqual(rooms.get('attic'), lobby)
  assert.equal(lobby.label, 'room of lobby')
  assert.equal(lobby.width, 1)
})

test('options are those of all its queues, and bad ones are told at once', () => {
  const target = queue.serial()
  assert.equal(queue.keyed<number>({ target, qos: 'utility' }).get(1).qos, 'utility')
  assert.throws(() => queue.keyed({ qos: 'x' as Qos }), { code: 'ERR_OPTION_INVALID' })
})

test('idle queues that nobody holds are freed; others are not', async () => {
  const rooms = queue.keyed<number>()
  const held = rooms.get(-1)
  const ran: number[] = []
  const gate = Promise.withResolvers<void>()
  rooms.get(-2).post(async () => {
    await gate.promise
    ran.push(1)
  })
  rooms.get(-2).post(() => ran.push(2))
  for (let key = 0; key < 10_000; key++) rooms.get(key).post(() => {})
  for (let i = 0; i < 50 && rooms.size > 2; i++) {
    await turn()
    collect()
  }
  assert.equal(rooms.size, 2)
  assert.equal(rooms.get(-1), held)
  // One with work on it is held by its work: the order of its blocks is kept.
  rooms.get(-2).post(() => ran.push(3))
  assert.deepEqual(ran, [])
  gate.resolve()
  await rooms.get(-2).async(() => {})
  assert.deepEqual(ran, [1, 2, 3])
})
