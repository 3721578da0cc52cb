import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  controlFrame,
  FrameKind,
  MAX_PUBLICATION_BYTES,
  MessageBatch,
  MeshReader,
  PublicationBatch,
  PublicationDecoder,
} from '../../../src/brokers/process/mesh-frame.ts'
import type { PublishedMessage } from '../../../src/topics/broker.ts'

type Publication = [topic: string, message: PublishedMessage]

function collector(): { reader: MeshReader; got: Publication[] } {
  const got: Publication[] = []
  const decoder = new PublicationDecoder()
  const reader = new MeshReader((kind, bytes, start, end) =>
    decoder.decode(kind, bytes, start, end, (topic, message) => got.push([topic, message])),
  )
  reader.trust()
  return { reader, got }
}

const topic = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => {
  const { length } = Buffer.from(text)
  return length > 0 && length <= 255 && text.isWellFormed()
})
const message: fc.Arbitrary<PublishedMessage> = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }).filter((text) => text.isWellFormed()),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
)

test('property: what is appended is read, whatever the chunks and the batches', () => {
  const publications = fc.array(fc.tuple(topic, message), { maxLength: 40 })
  fc.assert(
    fc.property(publications, fc.array(fc.integer({ min: 1, max: 200 })), (all, cuts) => {
      const batch = new PublicationBatch()
      const taken: Buffer[] = []
      for (const [i, [name, text]] of all.entries()) {
        assert.equal(batch.append(name, text), null)
        if (i % 3 === 0) taken.push(batch.take())
      }
      taken.push(batch.take())
      const bytes = Buffer.concat(taken)
      const { reader, got } = collector()
      let at = 0
      for (let i = 0; at < bytes.length; i++) {
        const end = Math.min(
          bytes.length,
          at + (cuts[i % Math.max(cuts.length, 1)] ?? bytes.length),
        )
        assert.equal(reader.read(Buffer.from(bytes.subarray(at, end))), true)
        at = end
      }
      assert.deepEqual(got, all)
    }),
  )
})

test('property: any bytes are read or refused, never thrown over', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const { reader } = collector()
      for (const chunk of chunks) if (!reader.read(Buffer.from(chunk))) return
    }),
  )
})

test('what was taken stays as it is when more is appended', () => {
  const batch = new PublicationBatch()
  const taken: Buffer[] = []
  const copies: Buffer[] = []
  for (let i = 0; i < 500; i++) {
    batch.append('topic', 'x'.repeat(i * 7))
    const bytes = batch.take()
    taken.push(bytes)
    copies.push(Buffer.from(bytes))
  }
  assert.deepEqual(taken, copies)
})

test('before it trusts, a reader takes short frames only', () => {
  const reader = new MeshReader(() => true)
  assert.equal(reader.read(controlFrame(FrameKind.HELLO, 'x'.repeat(255))), true)
  assert.equal(reader.read(controlFrame(FrameKind.HELLO, 'x'.repeat(256))), false)
})

test('a length out of bounds is refused as soon as it is known, in one chunk or byte by byte', () => {
  for (const length of [0, 75_497_472 + 1, 0xffff_ffff]) {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(length)
    assert.equal(collector().reader.read(bytes), false)
    const { reader } = collector()
    const results = [...bytes].map((byte) => reader.read(Buffer.from([byte])))
    // The length is known with its fourth byte, and refused by the time that another one comes.
    assert.ok(results.slice(0, 3).every(Boolean))
    assert.equal(results[3] && reader.read(Buffer.from([0])), false)
  }
})

test('a handler that wants no more is called no more', () => {
  let calls = 0
  const reader = new MeshReader(() => {
    calls++
    return false
  })
  const frame = controlFrame(FrameKind.HEAR)
  assert.equal(reader.read(Buffer.concat([frame, frame])), false)
  assert.equal(calls, 1)
})

test('a large message in many chunks is put together once', () => {
  const batch = new PublicationBatch()
  batch.append('t', new Uint8Array(5_000_000).fill(9))
  const bytes = batch.take()
  const { reader, got } = collector()
  for (let at = 0; at < bytes.length; at += 65_536) reader.read(bytes.subarray(at, at + 65_536))
  assert.equal(got.length, 1)
  assert.equal((got[0]![1] as Uint8Array).length, 5_000_000)
})

test('a topic or a message that cannot be carried is refused, and leaves nothing behind', () => {
  const batch = new PublicationBatch()
  const tooLong = new Uint8Array(MAX_PUBLICATION_BYTES + 1)
  assert.equal(batch.append('', 'x')?.code, 'ERR_TOPIC_NAME')
  assert.equal(batch.append('é'.repeat(128), 'x')?.code, 'ERR_TOPIC_NAME')
  assert.equal(batch.append('t', tooLong)?.code, 'ERR_PUBLICATION_TOO_BIG')
  assert.equal(batch.length, 0)
  assert.equal(batch.append('x'.repeat(255), 'x'), null)
})

test('what nobody takes is gathered beyond one chunk', () => {
  const batch = new PublicationBatch()
  const all: Publication[] = Array.from({ length: 50 }, (_, i) => ['t', `${i} `.repeat(1_000)])
  for (const [name, text] of all) batch.append(name, text)
  const { reader, got } = collector()
  assert.equal(reader.read(batch.take()), true)
  assert.deepEqual(got, all)
})

test('a handler that wants no more of a frame in pieces is called no more', () => {
  let calls = 0
  const reader = new MeshReader(() => {
    calls++
    return false
  })
  const frame = controlFrame(FrameKind.HEAR)
  assert.equal(reader.read(frame.subarray(0, 3)), true)
  assert.equal(reader.read(Buffer.concat([frame.subarray(3), frame])), false)
  assert.equal(calls, 1)
})

test('a body without a topic, or with one that is longer, is malformed', () => {
  const got: string[] = []
  for (const [bytes, end] of [
    [Buffer.alloc(0), 0],
    [Buffer.from('\u0000message'), 8],
    // Behind the end are the bytes of the next frame.
    [Buffer.from('\u0005topic'), 3],
  ] as const) {
    const decoder = new PublicationDecoder()
    assert.equal(
      decoder.decode(FrameKind.TEXT, bytes, 0, end, (topic) => got.push(topic)),
      false,
    )
  }
  assert.deepEqual(got, [])
})

test('property: messages to one worker are read as they were appended, whatever the chunks', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 40 })
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 50 }), (all, cut) => {
      const batch = new MessageBatch()
      for (const bytes of all) batch.append(bytes)
      const bytes = batch.take()
      const got: Uint8Array[] = []
      const reader = new MeshReader((kind, chunk, start, end) => {
        assert.equal(kind, FrameKind.MESSAGE)
        got.push(Uint8Array.from(chunk.subarray(start, end)))
        return true
      })
      reader.trust()
      for (let at = 0; at < bytes.length; at += cut) {
        assert.ok(reader.read(Buffer.from(bytes.subarray(at, at + cut))))
      }
      assert.deepEqual(
        got,
        all.map((each) => Uint8Array.from(each)),
      )
    }),
  )
})

test('a length is written with all of its bytes', () => {
  for (const length of [0, 254, 255, 256, 65_534, 65_535, 65_536, 16_777_216]) {
    const batch = new MessageBatch()
    batch.append(new Uint8Array(length))
    const bytes = batch.take()
    assert.deepEqual([bytes.readUInt32LE(0), bytes.length], [length + 1, length + 5])
  }
})

test('a frame can be copied into another batch as it is, also when its own has gone on', () => {
  const one = new PublicationBatch()
  const other = new PublicationBatch()
  one.append('t', 'before')
  one.append('t', 'this')
  const frame = one.last
  one.take()
  for (let i = 0; i < 5_000; i++) one.append('t', 'x'.repeat(100))
  other.append('u', 'first')
  other.copy(frame)
  assert.deepEqual(other.last, frame)
  other.append('u', 'last')
  const { reader, got } = collector()
  assert.equal(reader.read(other.take()), true)
  assert.deepEqual(got, [
    ['u', 'first'],
    ['t', 'this'],
    ['u', 'last'],
  ])
})
