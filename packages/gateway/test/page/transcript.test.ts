import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Said } from '../../src/chat/chat-words.ts'
import { Transcript } from '../../src/page/transcript.ts'
import type { Turn } from '../../src/page/transcript.ts'

const oneDay = (): string => 'today'
const said = (from: string, id: string, at: number): Said => ({
  id,
  from: { id: from, name: from },
  text: id,
  at,
})
const textsOf = (turns: Turn[]): string[] =>
  turns.map((turn) =>
    turn.kind === 'turn'
      ? `${turn.from.id}: ${turn.messages.map(({ text }) => text).join(' ')}`
      : turn.kind === 'notice'
        ? turn.notice
        : 'another day',
  )

test('messages of one person in a row are one turn, until someone else speaks or time passes', () => {
  const transcript = new Transcript()
  for (const [from, id, at] of [
    ['a', '1', 0],
    ['a', '2', 1000],
    ['b', '3', 2000],
    ['a', '4', 3000],
    ['a', '5', 400_000],
  ] as const) {
    transcript.add(said(from, id, at))
  }
  assert.deepEqual(textsOf(transcript.turns(oneDay)), ['a: 1 2', 'b: 3', 'a: 4', 'a: 5'])
})

test('each message stands once, in the order of time, in whatever order and however often it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 60 }), (times) => {
      const transcript = new Transcript()
      for (const at of times) transcript.add(said('a', `${at}`, at))
      const shown = transcript
        .turns(oneDay)
        .flatMap((turn) => (turn.kind === 'turn' ? turn.messages.map(({ atMs }) => atMs) : []))
      assert.deepEqual(
        shown,
        [...new Set(times)].toSorted((a, b) => a - b),
      )
    }),
  )
})

test('what was written is pending at the end until it is confirmed', () => {
  const transcript = new Transcript()
  transcript.write({ id: 'x', text: 'x' }, { id: 'a', name: 'a' }, 10)
  transcript.add(said('b', 'later', 20))
  assert.deepEqual(textsOf(transcript.turns(oneDay)), ['b: later', 'a: x'])
  assert.equal(transcript.pending.length, 1)
  // Another’s message with the same id confirms nothing.
  transcript.add(said('b', 'x', 25))
  assert.equal(transcript.pending.length, 1)
  transcript.add(said('a', 'x', 30))
  assert.equal(transcript.pending.length, 0)
  assert.deepEqual(textsOf(transcript.turns(oneDay)), ['b: later x', 'a: x'])
})

test('notices and other days stand between', () => {
  const transcript = new Transcript()
  transcript.add(said('a', '1', 0))
  transcript.note('b joined', 10)
  transcript.add(said('a', '2', 1000))
  assert.deepEqual(textsOf(transcript.turns((atMs) => (atMs < 500 ? 'one' : 'two'))), [
    'a: 1',
    'b joined',
    'another day',
    'a: 2',
  ])
})

test('only the last four hundred are kept', () => {
  const transcript = new Transcript()
  for (let at = 0; at < 500; at += 1) transcript.add(said(`${at % 2}`, `${at}`, at))
  assert.equal(transcript.turns(oneDay).length, 400)
})

test('what is confirmed and not heard yet stands at the end; heard, it stands where it belongs, once', () => {
  const transcript = new Transcript()
  transcript.write({ id: 'x', text: 'x' }, { id: 'a', name: 'a' }, 5)
  transcript.add(said('b', 'first', 10))
  transcript.confirm('x', 'a')
  assert.equal(transcript.pending.length, 0)
  assert.deepEqual(textsOf(transcript.turns(oneDay)), ['b: first', 'a: x'])
  assert.equal(transcript.add(said('a', 'x', 8)), true)
  assert.equal(transcript.add(said('a', 'x', 8)), false)
  assert.deepEqual(textsOf(transcript.turns(oneDay)), ['a: x', 'b: first'])
  // Heard before it was confirmed, there is nothing left to do.
  transcript.confirm('x', 'a')
  assert.equal(transcript.turns(oneDay).length, 2)
})

test('what the server will not have is gone', () => {
  const transcript = new Transcript()
  transcript.write({ id: 'x', text: 'x' }, { id: 'a', name: 'a' }, 5)
  transcript.withdraw('x', 'a')
  assert.deepEqual(transcript.turns(oneDay), [])
})
