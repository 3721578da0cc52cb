// The page of the queues is true: its samples start and are talked to; its codes are all there are.
import assert from 'node:assert/strict'
import { answers } from '../../guide/guide-client.ts'
import { GuidePage } from '../../guide/guide-page.ts'
import { testCodes, testSamples } from '../../guide/page-tests.ts'

const page = new GuidePage('queues.md')

testSamples(page, {
  rooms: async ({ at }) => {
    const both = await Promise.all(
      [1, 2].map(() => answers(`ws://${at}/room/tea`, ['a', 'b', 'c'])),
    )
    assert.deepEqual(both.flat().toSorted(), ['1', '2', '3', '4', '5', '6'])
    assert.deepEqual(await answers(`ws://${at}/room/coffee`, ['a']), ['1'])
  },
  world: async ({ at }) => {
    const heard = await answers(`ws://${at}/move`, [
      '{"dx":1,"dy":2}',
      '{"dx":1}',
      '{"dx":1,"dy":0}',
    ])
    assert.equal(heard[0], '{"x":1,"y":2}')
    assert.match(heard[1]!, /ERR_MESSAGE_INVALID/)
    assert.equal(heard[2], '{"x":2,"y":2}')
  },
  queues: async ({ at }) => {
    const heard = await answers(`ws://${at}/rows`, ['three', 'four'])
    assert.deepEqual(heard, ['ONE THREE TWO', 'FOUR ONE THREE TWO'])
  },
  threads: async ({ at }) => {
    assert.deepEqual(await answers(`ws://${at}/sum`, ['1 2 3', '100 1']), ['6', '101'])
  },
})

testCodes(page, 'in order', ['ERR_QUEUE_', 'ERR_GROUP_LEAVE', 'ERR_POOL_'])
