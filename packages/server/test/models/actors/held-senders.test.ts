// Who is held back goes on once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldSenders } from '../../../src/models/actors/held-senders.ts'
import type { Holdable } from '../../../src/models/actors/held-senders.ts'

function sender(log: string[], name: string, letGo: () => void = () => {}): Holdable {
  return {
    holdBack: () => void log.push(`hold ${name}`),
    letGo: () => {
      log.push(`go ${name}`)
      letGo()
    },
  }
}

test('each is held back once and let go once, in order', () => {
  const log: string[] = []
  const [a, b] = [sender(log, 'a'), sender(log, 'b')]
  const held = new HeldSenders()
  for (const each of [a, b, a]) held.hold(each)
  held.letAllGo()
  held.letAllGo()
  assert.deepEqual(log, ['hold a', 'hold b', 'go a', 'go b'])
  held.hold(a)
  assert.equal(log.at(-1), 'hold a')
})

test('who goes on and is held back again waits for the next time', () => {
  const log: string[] = []
  const held = new HeldSenders()
  let again = 1
  const a = sender(log, 'a', () => {
    if (again-- > 0) held.hold(a)
  })
  held.hold(a)
  held.letAllGo()
  assert.deepEqual(log, ['hold a', 'go a', 'hold a'])
  held.letAllGo()
  assert.deepEqual(log, ['hold a', 'go a', 'hold a', 'go a'])
})
