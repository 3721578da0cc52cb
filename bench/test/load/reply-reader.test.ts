import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ReplyCounter,
  ReplyError,
  ReplyVerifier,
  type ReplyReader,
} from '../../src/load/reply-reader.ts'
import { replyFrame, samplePayload } from '../../src/load/request-frame.ts'

const reply = replyFrame('binary', samplePayload('binary', 300, 5))

for (const Reader of [ReplyCounter, ReplyVerifier]) {
  test(`${Reader.name}: any chunking of three replies gives three`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: reply.length }), { maxLength: 20 }),
        (cuts) => {
          const reader: ReplyReader = new Reader(reply)
          let complete = 0
          for (let i = 0; i < 3; i++) {
            for (const chunk of chunksOf(reply, cuts))
              if (reader.take(chunk, chunk.length)) complete++
          }
          assert.equal(complete, 3)
        },
      ),
    )
  })

  test(`${Reader.name}: only the given length of the chunk counts`, () => {
    const buffer = Buffer.concat([reply, Buffer.alloc(1000, 0xff)])
    assert.equal(new Reader(reply).take(buffer, reply.length), true)
    assert.equal(new Reader(reply).take(buffer, reply.length - 1), false)
  })

  test(`${Reader.name}: more bytes than the reply has are an error`, () => {
    const twice = Buffer.concat([reply, reply])
    assert.throws(() => new Reader(reply).take(twice, twice.length), ReplyError)
  })

  test(`${Reader.name}: a close frame is no reply`, () => {
    assert.throws(() => new Reader(reply).take(Buffer.of(0x88, 0x02, 0x03, 0xe9), 4), ReplyError)
  })
}

test('the verifier finds one wrong byte, wherever it is', () => {
  fc.assert(
    fc.property(fc.nat({ max: reply.length - 1 }), (at) => {
      const wrong = Buffer.from(reply)
      wrong[at] = (wrong[at] ?? 0) ^ 1
      assert.throws(() => new ReplyVerifier(reply).take(wrong, wrong.length), ReplyError)
    }),
  )
})

function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [...new Set([0, ...cuts, bytes.length])].toSorted((a, b) => a - b)
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))
}
