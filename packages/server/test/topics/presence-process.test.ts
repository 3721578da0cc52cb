// What is known of another process: its changes in order, and all of its entries where one was missed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireEntry } from '../../src/topics/presence-message.ts'
import { PresenceProcess } from '../../src/topics/presence-process.ts'
import { PresenceTable } from '../../src/topics/presence-table.ts'

function known(mostEntries = 100) {
  const waiting: (() => void)[] = []
  const table = new PresenceTable(
    (f) => void waiting.push(f),
    () => {},
  )
  const process = new PresenceProcess('p', table, mostEntries)
  const members = (): string[] => {
    for (const f of waiting.splice(0)) f()
    return table
      .members('room')
      .map(({ member, state }) => `${member} ${JSON.stringify(state)}`)
      .sort()
  }
  return { process, members }
}

function wire(key: number, member: string, state = 0, stamp = key): WireEntry {
  return [key, 'room', member, null, `${state}`, stamp]
}

const from = 'p'

test('changes come in their order; one that was missed is noticed, and none is taken twice', () => {
  const { process, members } = known()
  process.change({ kind: 'change', from, sequence: 1, set: [wire(1, 'a')], cleared: [] })
  assert.ok(!process.misses(1))
  process.change({ kind: 'change', from, sequence: 3, set: [wire(3, 'c')], cleared: [] })
  assert.ok(process.misses(3))
  assert.deepEqual(members(), ['a 0'])
  process.change({ kind: 'change', from, sequence: 2, set: [wire(2, 'b')], cleared: [1] })
  process.change({ kind: 'change', from, sequence: 1, set: [wire(1, 'a')], cleared: [] })
  assert.deepEqual(members(), ['b 0'])
  assert.ok(process.misses(3))
})

test('all of its entries take the place of what was known, once all pieces have come', () => {
  const { process, members } = known()
  const set = [wire(1, 'a'), wire(2, 'b')]
  process.change({ kind: 'change', from, sequence: 1, set, cleared: [] })
  const full = { kind: 'full', from, sequence: 7, parts: 2 } as const
  process.full({ ...full, part: 1, set: [wire(2, 'b', 5, 9)] })
  process.full({ ...full, part: 1, set: [wire(2, 'b', 5, 9)] })
  assert.deepEqual(members(), ['a 0', 'b 0'])
  // Older pieces do not disturb it.
  process.full({ ...full, sequence: 6, part: 0, set: [wire(8, 'x')] })
  process.full({ ...full, part: 0, set: [wire(3, 'c')] })
  assert.deepEqual(members(), ['b 5', 'c 0'])
  assert.ok(!process.misses(7))
  process.full({ ...full, sequence: 6, parts: 1, part: 0, set: [] })
  assert.deepEqual(members(), ['b 5', 'c 0'])
})

test('an entry that becomes another member’s leaves the one that it held', () => {
  const { process, members } = known()
  process.change({ kind: 'change', from, sequence: 1, set: [wire(1, 'a', 0, 1)], cleared: [] })
  process.change({ kind: 'change', from, sequence: 2, set: [wire(1, 'b', 0, 2)], cleared: [] })
  assert.deepEqual(members(), ['b 0'])
})

test('no more entries than are allowed, and none when it is gone', () => {
  const { process, members } = known(2)
  const set = [wire(1, 'a'), wire(2, 'b'), wire(3, 'c')]
  process.change({ kind: 'change', from, sequence: 1, set, cleared: [] })
  assert.deepEqual(members(), ['a 0', 'b 0'])
  process.dropAll()
  assert.deepEqual(members(), [])
})
