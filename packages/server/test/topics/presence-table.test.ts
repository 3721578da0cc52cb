// Who is present, as one process knows it: which of several entries shows, and what the watchers are told.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PresenceDifference } from '../../src/connection/presence-hub.ts'
import { PresenceTable } from '../../src/topics/presence-table.ts'
import type { PresenceEntry } from '../../src/topics/presence-table.ts'

class Turns {
  readonly #waiting: (() => void)[] = []
  readonly atTurnEnd = (f: () => void): void => void this.#waiting.push(f)

  end(): void {
    for (const f of this.#waiting.splice(0)) f()
  }
}

function table() {
  const turns = new Turns()
  const failures: unknown[] = []
  const made = new PresenceTable(turns.atTurnEnd, (error) => void failures.push(error))
  const told: PresenceDifference[] = []
  made.watch('room', (difference) => void told.push(difference))
  return { turns, table: made, told, failures }
}

function entry(member: string, more: Partial<PresenceEntry> = {}): PresenceEntry {
  const rest = { identity: null, stateJson: '0', stamp: 1, process: 'p' }
  return { topic: 'room', member, ...rest, ...more }
}

test('of several entries the one with the latest stamp shows, of one stamp that of the later name', () => {
  const { turns, table: made } = table()
  const state = (): unknown => {
    turns.end()
    return made.members('room')[0]?.state
  }
  const late = entry('ann', { stamp: 5, stateJson: '5' })
  const early = entry('ann', { stamp: 2, stateJson: '2' })
  made.put(late, null)
  made.put(early, null)
  assert.equal(state(), 5)
  const other = entry('ann', { stamp: 5, stateJson: '"q"', process: 'q' })
  made.put(other, null)
  assert.equal(state(), 'q')
  made.remove(other)
  made.remove(late)
  assert.equal(state(), 2)
  made.remove(early)
  assert.equal(state(), undefined)
})

test('joined, changed and left: each once, and nothing where nothing is to be seen', () => {
  const { turns, table: made, told } = table()
  const first = entry('ann')
  made.put(first, null)
  assert.deepEqual(made.members('room'), [])
  turns.end()
  const same = entry('ann', { stamp: 2 })
  made.put(same, first)
  turns.end()
  const changed = entry('ann', { stamp: 3, identity: 'u1' })
  made.put(changed, same)
  turns.end()
  made.remove(changed)
  turns.end()
  made.put(first, null)
  made.remove(first)
  turns.end()
  assert.deepEqual(
    told.map(({ joined, left, changed: others }) => [joined.length, left.length, others.length]),
    [
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ],
  )
  assert.deepEqual(told[2]!.left, [{ member: 'ann', identity: 'u1', state: 0 }])
})

test('what nobody holds and nobody watches is forgotten', () => {
  const { turns, table: made } = table()
  const elsewhere = entry('ann', { topic: 'other' })
  made.put(elsewhere, null)
  assert.equal(made.topicCount, 2)
  made.remove(elsewhere)
  made.remove(elsewhere)
  turns.end()
  assert.equal(made.topicCount, 1)
  made.watch('third', () => {})()
  assert.equal(made.topicCount, 1)
})

test('one listener may watch twice, and stop once', () => {
  const { turns, table: made } = table()
  let calls = 0
  const listener = (): void => void calls++
  made.watch('room', listener)
  const stop = made.watch('room', listener)
  stop()
  stop()
  made.put(entry('ann'), null)
  turns.end()
  assert.equal(calls, 1)
})
