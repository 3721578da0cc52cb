// Frames of messages, and a window that knows who reads it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WireFrameReader } from '../../src/testing/index.ts'
import { framesOf, plainFormat, Window } from '../../src/topics/window.ts'

test('messages become frames of their own, text and bytes, short and long', () => {
  const messages = ['', 'ü', 'x'.repeat(200), new Uint8Array([1, 2]), 'y'.repeat(70_000)]
  const { slab, start, end } = framesOf(messages)
  const frames = new WireFrameReader().push(slab.bytes.subarray(start, end))
  assert.deepEqual(
    frames.map(({ opcode, payload }) => [opcode, Buffer.from(payload).toString('latin1').length]),
    [
      [1, 0],
      [1, 2],
      [1, 200],
      [2, 2],
      [1, 70_000],
    ],
  )
})

test('borders are kept from when they are asked for; a gap that is not told on the line is one too', () => {
  const window = new Window(plainFormat)
  const at = (offset: number): { standing: Parameters<Window['keepBorders']>[0] } => ({
    standing: { epoch: 'a', offset, ordinal: offset, gapCount: 0 },
  })
  window.append('before', at(1))
  const borders = window.keepBorders(at(1).standing)
  assert.equal(window.keepBorders(at(9).standing), borders)
  window.append('one', at(2))
  window.appendGap(null, at(7))
  window.append('two', at(8))
  assert.equal(borders.find({ epoch: 'a', offset: 2 })!.end, borders.at(13).end)
  assert.deepEqual([borders.count, borders.head.end], [3, window.log.head])
  assert.equal(
    plainFormat.gap({ topic: '', from: null, to: null, count: 1, reason: 'overflow' }),
    null,
  )
})
