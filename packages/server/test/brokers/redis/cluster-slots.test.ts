import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf, SlotMap, slotOf } from '../../../src/brokers/redis/cluster-slots.ts'

test('slots are those of the specification: CRC16 of the key, or of its hash tag', () => {
  // The specification gives 12739 = 0x31C3 for 123456789.
  assert.equal(slotOf('123456789'), 12_739)
  assert.equal(slotOf('holdline:{123456789}:log'), 12_739)
  assert.equal(slotOf('{123456789}{other}'), 12_739)
  // An empty tag is none, and one that is not closed neither.
  assert.notEqual(slotOf('{}one'), slotOf('{}other'))
  assert.notEqual(slotOf('{}123456789'), 12_739)
  assert.notEqual(slotOf('{123456789'), 12_739)
  assert.equal(slotOf('漢字'), slotOf('a{漢字}b'))
})

test('masters of slots, by CLUSTER SLOTS: the first of each row; a host that is left out is the one that was asked', () => {
  const asked = { host: '10.0.0.1', port: 7000 }
  const map = new SlotMap(
    [
      [0, 5_460, [Buffer.from(''), 7000, Buffer.from('id')], [Buffer.from('10.0.0.9'), 7009]],
      [5_461, 10_922, [Buffer.from('10.0.0.2'), 7001]],
      [10_923, 10_923, [null, 7002]],
      [10_924, 10_930, ['?', 7000]],
    ],
    asked,
  )
  assert.deepEqual(map.masterOf(0), asked)
  assert.deepEqual(map.masterOf(5_460), asked)
  assert.deepEqual(map.masterOf(5_461), { host: '10.0.0.2', port: 7001 })
  assert.deepEqual(map.masterOf(10_923), { host: '10.0.0.1', port: 7002 })
  assert.equal(map.masterOf(16_383), undefined)
  assert.deepEqual(map.masters.map(keyOf), ['10.0.0.1:7000', '10.0.0.2:7001', '10.0.0.1:7002'])
})
