import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { endsOf } from './ends.ts'

test('any interleaving of the two ends: every parcel arrives once and in order, and no call is missed', () => {
  const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(150)), { maxLength: 300 })
  fc.assert(
    fc.property(steps, (actions) => {
      const ends = endsOf(256)
      const { loop, thread, got, counts } = ends
      const [toThread, toLoop, atThread]: [string[], string[], string[]] = [[], [], []]
      let answered = 0
      let isHeldBack = false
      const answer = (): void => {
        // As the worker's messages do: each call once, later.
        const rooms = counts.rooms
        if (answered < counts.calls) {
          answered++
          loop.called()
        }
        if (counts.rooms > rooms) isHeldBack = false
      }
      for (const [action, length] of actions) {
        if (action === 0 && !isHeldBack) {
          const text = `${toThread.length} ${'é'.repeat(length)}`
          toThread.push(text)
          isHeldBack = !loop.write(1, text)
        } else if (action === 1) {
          const text = `${toLoop.length} ${'x'.repeat(length)}`
          if (thread.trySend(2, text)) toLoop.push(text)
        } else if (action === 2) answer()
        else if (thread.receive(0)) atThread.push(thread.parcel.payload as string)
      }
      for (let i = 0; i < 1_000; i++) {
        answer()
        if (thread.receive(0)) atThread.push(thread.parcel.payload as string)
      }
      assert.deepEqual(atThread, toThread)
      assert.deepEqual(
        got.map(([, text]) => text),
        toLoop,
      )
      assert.equal(isHeldBack, false)
    }),
  )
})

test('a parcel that is refused is the last until resume', () => {
  const ends = endsOf(256)
  ends.holdAt = 2
  for (const text of ['a', 'b', 'c', 'd']) ends.thread.trySend(1, text)
  ends.loop.called()
  ends.loop.called()
  assert.deepEqual(ends.got, [
    [1, 'a'],
    [1, 'b'],
  ])
  ends.holdAt = Infinity
  ends.loop.resume()
  assert.equal(ends.got.length, 4)
  ends.loop.resume()
  assert.equal(ends.got.length, 4)
})

test('reset: nothing of one session reaches the next', () => {
  const { loop, thread, got } = endsOf(256)
  loop.write(1, 'x'.repeat(1_000))
  thread.trySend(1, 'old')
  loop.end()
  loop.reset()
  assert.equal(thread.hasEnded, false)
  loop.called()
  assert.deepEqual(got, [])
  assert.equal(loop.write(1, 'new'), true)
})
