import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Entry } from '../../../src/models/queues/entry-list.ts'
import type { Qos } from '../../../src/models/queues/qos.ts'
import {
  DEFAULT_LEVEL,
  LEVEL_COUNT,
  levelOf,
  PATIENCE,
  QosLists,
  qosOf,
} from '../../../src/models/queues/qos.ts'

class At extends Entry {
  readonly level: number
  constructor(level: number) {
    super()
    this.level = level
  }
}

const classes = ['interactive', 'initiated', 'default', 'utility', 'background'] as const

test('the classes are those of Grand Central Dispatch, in its order', () => {
  assert.equal(LEVEL_COUNT, 5)
  assert.deepEqual(classes.map(levelOf), [0, 1, 2, 3, 4])
  assert.deepEqual([0, 1, 2, 3, 4].map(qosOf), classes)
  assert.equal(qosOf(DEFAULT_LEVEL), 'default')
})

test('a class that does not exist is refused', () => {
  assert.throws(() => levelOf('urgent' as Qos), { code: 'ERR_OPTION_INVALID' })
})

test('the most urgent class is served first, each class in order', () => {
  const lists = new QosLists<At>()
  const entries = [4, 0, 2, 1, 0, 3].map((level) => new At(level))
  for (const entry of entries) lists.push(entry, entry.level)
  assert.equal(lists.size, 6)
  const served = entries.map(() => lists.shift())
  assert.deepEqual(
    served.map((entry) => entry!.level),
    [0, 0, 1, 2, 3, 4],
  )
  assert.deepEqual(served.slice(0, 2), [entries[1], entries[4]])
  assert.equal(lists.shift(), null)
})

test('no class starves: each has its turn within its patience, whoever else is there', () => {
  for (let level = 1; level < LEVEL_COUNT; level++) {
    const lists = new QosLists<At>()
    for (let other = 0; other < LEVEL_COUNT; other++) lists.push(new At(other), other)
    let waited = 0
    for (;;) {
      const served = lists.shift()!
      if (served.level === level) break
      lists.push(new At(served.level), served.level)
      waited++
    }
    // Others whose patience is over at the same time go first, once each.
    assert.ok(waited >= PATIENCE[level]! - LEVEL_COUNT, `${level}: ${waited}`)
    assert.ok(waited <= PATIENCE[level]! + LEVEL_COUNT, `${level}: ${waited}`)
  }
})

test('patience begins anew when a class was empty', () => {
  const lists = new QosLists<At>()
  const background = new At(4)
  lists.push(background, 4)
  for (let i = 0; i < PATIENCE[4]! - 1; i++) {
    lists.push(new At(0), 0)
    lists.shift()
  }
  lists.remove(background)
  lists.push(background, 4)
  lists.push(new At(0), 0)
  lists.push(new At(0), 0)
  assert.equal(lists.shift()!.level, 0)
  assert.equal(lists.shift()!.level, 0)
  assert.equal(lists.size, 1)
})
