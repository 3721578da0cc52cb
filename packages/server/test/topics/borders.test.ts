// Which cursor stands at which position: searched, trimmed, over epochs and gaps.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Borders } from '../../src/topics/borders.ts'
import type { Border } from '../../src/topics/borders.ts'

function border(
  epoch: string,
  offset: number,
  end: number,
  ordinal = offset,
  gapCount = 0,
): Border {
  return { epoch, offset, end, ordinal, gapCount }
}

function some(): Borders {
  const borders = new Borders(border('a', 4, 100))
  for (const offset of [5, 6, 9]) borders.add(border('a', offset, offset * 100))
  return borders
}

test('a cursor is found where everything behind it is kept', () => {
  const borders = some()
  const ends = [3, 4, 5, 6, 7, 8, 9, 10].map((offset) => borders.find({ epoch: 'a', offset })?.end)
  assert.deepEqual(ends, [undefined, 100, 500, 600, 600, 600, 900, undefined])
  assert.equal(borders.find({ epoch: 'b', offset: 5 }), null)
})

test('trimming keeps the border that the log begins with', () => {
  const borders = some()
  borders.trim(600)
  assert.equal(borders.count, 1)
  assert.equal(borders.find({ epoch: 'a', offset: 5 }), null)
  assert.equal(borders.find({ epoch: 'a', offset: 6 })?.end, 600)
  borders.trim(10_000)
  assert.deepEqual([borders.count, borders.head.offset], [0, 9])
  assert.equal(borders.find({ epoch: 'a', offset: 9 })?.end, 900)
})

test('offsets of another epoch are not compared', () => {
  const borders = some()
  borders.add(border('b', 0, 950, 9, 1))
  borders.add(border('b', 1, 1_000, 10, 1))
  assert.equal(borders.find({ epoch: 'a', offset: 5 }), null)
  assert.equal(borders.find({ epoch: 'b', offset: 0 })?.end, 950)
  assert.equal(borders.find({ epoch: 'b', offset: 1 })?.end, 1_000)
  assert.equal(borders.lastGap.end, 950)
  borders.trim(950)
  assert.equal(borders.find({ epoch: 'b', offset: 0 })?.end, 950)
  assert.equal(borders.lastGap.end, 950)
})

test('positions: the last one at or before, the first one at or behind', () => {
  const borders = some()
  assert.deepEqual(
    [100, 499, 500, 899, 900, 9_999].map((at) => borders.at(at).end),
    [100, 100, 500, 500 + 100, 900, 900],
  )
  assert.deepEqual(
    [0, 500, 501, 900, 901].map((at) => borders.from(at).end),
    [500, 500, 600, 900, 900],
  )
})

test('property: whatever is trimmed, a cursor is found as in a plain list', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 4_000 }), fc.nat(9_000), (steps, trimAt) => {
      const base = border('a', 0, 0)
      const borders = new Borders(base)
      let all = [base]
      for (const [i, step] of steps.entries()) {
        const last = all.at(-1)!
        const next = border('a', last.offset + 1 + step, last.end + 2, i + 1)
        borders.add(next)
        all.push(next)
        if (i % 500 === 499) {
          const at = Math.min(trimAt, last.end)
          borders.trim(at)
          const first = all.findLastIndex(({ end }) => end <= at)
          all = all.slice(Math.max(first, 0))
        }
      }
      const { offset: head } = all.at(-1)!
      for (let offset = 0; offset <= head + 1; offset += 7) {
        const expected = offset > head ? undefined : all.findLast((one) => one.offset <= offset)
        assert.equal(borders.find({ epoch: 'a', offset })?.end, expected?.end)
      }
    }),
    { numRuns: 30 },
  )
})
