import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FrameCounter } from '../../src/load/frame-counter.ts'
import { replyFrame } from '../../src/load/request-frame.ts'

const lengths = fc.array(fc.constantFrom(0, 1, 2, 64, 125, 126, 300, 65_535, 65_536), {
  minLength: 1,
  maxLength: 6,
})
const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 })

test('any chunking of the bytes gives the same count, at each point', () => {
  fc.assert(
    fc.property(lengths, cuts, (sizes, steps) => {
      const frames = sizes.map((size) => replyFrame('binary', Buffer.alloc(size, 0xff)))
      const stream = Buffer.concat(frames)
      const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length)
      const counter = new FrameCounter(2)
      let count = 0
      let at = 0
      for (let i = 0; at < stream.length; i++) {
        const end = Math.min(stream.length, at + steps[i % steps.length] * (i % 3 === 0 ? 1 : 500))
        count += counter.count(1, stream, at, end)
        at = end
        assert.equal(count, ends.filter((each) => each <= at).length)
      }
      assert.equal(count, frames.length)
    }),
  )
})

test('byte by byte; and connections are on their own', () => {
  const frame = replyFrame('text', Buffer.alloc(200))
  const counter = new FrameCounter(2)
  let count = 0
  for (let at = 0; at < frame.length; at++) {
    count += counter.count(0, frame, at, at + 1)
    assert.equal(counter.count(1, frame, 0, frame.length), 1)
  }
  assert.equal(count, 1)
})
