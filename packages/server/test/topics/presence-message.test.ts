// What processes tell each other of who is present: nothing malformed is believed, and long tellings come in pieces.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { entryBytes, inParts, readPresenceMessage } from '../../src/topics/presence-message.ts'
import type { PresenceMessage, WireEntry } from '../../src/topics/presence-message.ts'

const entry: WireEntry = [1, 'room', 'ann', 'u1', '{"a":1}', 3]

const messages: PresenceMessage[] = [
  { kind: 'change', from: 'p', sequence: 1, set: [entry], cleared: [2] },
  { kind: 'beat', from: 'p', sequence: 0 },
  { kind: 'ask', from: 'p', of: null },
  { kind: 'ask', from: 'p', of: 'q' },
  { kind: 'full', from: 'p', sequence: 1, part: 0, parts: 1, set: [entry] },
  { kind: 'bye', from: 'p' },
]

test('each message is read as it was written', () => {
  for (const message of messages) {
    assert.deepEqual(readPresenceMessage(JSON.stringify(message)), message)
  }
})

test('what is none of them is null', () => {
  const entries: unknown[] = [
    null,
    [],
    [...entry, 1],
    [-1, 'room', 'ann', null, '1', 1],
    [1, '', 'ann', null, '1', 1],
    [1, 'room', '', null, '1', 1],
    [1, 'room', 'a'.repeat(256), null, '1', 1],
    [1, 'room', 'ann', 7, '1', 1],
    [1, 'room', 'ann', null, '{', 1],
    [1, 'room', 'ann', null, 1, 1],
    [1, 'room', 'ann', null, '1', 1.5],
    [1, 'room', 'ann', null, '1', 2 ** 53],
  ]
  const wrong: unknown[] = [
    null,
    7,
    [],
    {},
    { kind: 'beat', from: '', sequence: 1 },
    { kind: 'beat', sequence: 1 },
    { kind: 'beat', from: 'p', sequence: -1 },
    { kind: 'beat', from: 'p' },
    { kind: 'ask', from: 'p' },
    { kind: 'ask', from: 'p', of: 7 },
    { kind: 'change', from: 'p', sequence: 0, set: [], cleared: [] },
    { kind: 'change', from: 'p', sequence: 1, set: [] },
    { kind: 'change', from: 'p', sequence: 1, set: {}, cleared: [] },
    { kind: 'change', from: 'p', sequence: 1, set: [], cleared: ['1'] },
    { kind: 'full', from: 'p', sequence: 1, part: 1, parts: 1, set: [] },
    { kind: 'full', from: 'p', sequence: 1, part: 0, parts: 65_537, set: [] },
    { kind: 'full', from: 'p', sequence: 1, set: [] },
    { kind: 'other', from: 'p', sequence: 1, set: [] },
    ...entries.map((one) => ({ kind: 'change', from: 'p', sequence: 1, set: [one], cleared: [] })),
  ]
  for (const message of wrong) {
    assert.equal(readPresenceMessage(JSON.stringify(message)), null, JSON.stringify(message))
  }
  for (const text of ['', '{', 'x', new Uint8Array(3), undefined]) {
    assert.equal(readPresenceMessage(text), null)
  }
})

test('nothing that comes makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      readPresenceMessage(text)
    }),
  )
})

test('pieces: in order, at least one, none longer than what brokers carry', () => {
  assert.deepEqual(
    inParts([], () => 1),
    [[]],
  )
  const items = Array.from({ length: 1_000 }, (_, i) => i)
  const parts = inParts(items, () => 1_000)
  assert.deepEqual(parts.flat(), items)
  assert.equal(parts.length, 8)
  for (const part of parts) assert.ok(part.length <= 131)
  assert.deepEqual(
    inParts(['long', 'long'], () => 1_000_000),
    [['long'], ['long']],
  )
})

test('the bytes of an entry are about what it takes: most of them are no more', () => {
  const strange = '"\\\u0000\u{1f600}é'.repeat(20)
  for (const one of [entry, [2 ** 50, strange, strange, null, strange, 2 ** 50] as WireEntry]) {
    assert.ok(entryBytes(one) >= Buffer.byteLength(JSON.stringify(one)) / 2)
  }
  assert.ok(entryBytes(entry) >= Buffer.byteLength(JSON.stringify(entry)))
})
