import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Piece } from '../../src/connection/slab.ts'
import { WireFrameReader } from '../../src/testing/index.ts'
import type { WireFrame } from '../../src/testing/index.ts'
import { TopicLog } from '../../src/topics/topic-log.ts'
import type { PublishedMessage } from '../../src/topics/broker.ts'
import { bytesOf } from '../connection/pieces.ts'

const message: fc.Arbitrary<PublishedMessage> = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 400 }).filter((text) => text.isWellFormed()),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Uint8Array.from(bytes)),
  fc.integer({ min: 60_000, max: 140_000 }).map((count) => new Uint8Array(count).fill(1)),
)

function keepAll(): TopicLog {
  return new TopicLog(() => 0)
}

function read(pieces: readonly Piece[]): WireFrame[] {
  const reader = new WireFrameReader()
  const frames = pieces.flatMap((piece) => reader.push(bytesOf(piece)))
  assert.equal(reader.restBytes, 0)
  return frames
}

function asMessage({ opcode, payload }: WireFrame): PublishedMessage {
  return opcode === 1 ? Buffer.from(payload).toString() : Uint8Array.from(payload)
}

test('property: a slice from any frame border holds the frames from there to the head', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 40 }), fc.nat(), (all, seed) => {
      const log = keepAll()
      const positions = all.map((one) => {
        const { head } = log
        log.append(one)
        return head
      })
      assert.equal(log.publicationCount, all.length)
      const from = seed % all.length
      const pieces: Piece[] = []
      const bytes = log.slice(positions[from]!, pieces)
      assert.equal(bytes, log.head - positions[from]!)
      const frames = read(pieces)
      assert.ok(frames.every(({ final, masked, rsv1 }) => final && !masked && !rsv1))
      assert.deepEqual(frames.map(asMessage), all.slice(from))
    }),
    { numRuns: 50 },
  )
})

test('property: what was handed out never changes, whatever is appended and trimmed later', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 30 }), (all) => {
      let needed = 0
      const log = new TopicLog(() => needed)
      const handedOut: Piece[] = []
      const copies: Uint8Array[] = []
      for (const [i, one] of all.entries()) {
        const { head } = log
        log.append(one)
        const pieces: Piece[] = []
        log.slice(head, pieces)
        handedOut.push(...pieces)
        copies.push(...pieces.map((piece) => Uint8Array.from(bytesOf(piece))))
        if (i % 5 === 4) needed = log.head
      }
      for (const [i, piece] of handedOut.entries()) assert.ok(bytesOf(piece).equals(copies[i]!))
    }),
    { numRuns: 50 },
  )
})

test('subscribers at the same place are given the same pieces, without a copy', () => {
  const log = keepAll()
  log.append('one')
  const first: Piece[] = []
  const second: Piece[] = []
  log.slice(0, first)
  log.slice(0, second)
  assert.equal(first[0], second[0])
  log.append('two')
  const later: Piece[] = []
  log.slice(0, later)
  assert.equal(later[0]!.slab, first[0]!.slab)
  assert.deepEqual(read(first).map(asMessage), ['one'])
  assert.deepEqual(read(later).map(asMessage), ['one', 'two'])
})

test('a slice from the head is empty', () => {
  const log = keepAll()
  const pieces: Piece[] = []
  assert.equal(log.slice(0, pieces), 0)
  log.append('x')
  assert.equal(log.slice(log.head, pieces), 0)
  assert.deepEqual(pieces, [])
})

test('whole pieces that nobody needs are forgotten when memory is needed, and nothing that somebody needs', () => {
  let needed = 0
  const log = new TopicLog(() => needed)
  const positions: number[] = []
  const append = (): void => {
    positions.push(log.head)
    log.append(`${positions.length - 1} ${'x'.repeat(5_000)}`)
  }
  for (let i = 0; i < 100; i++) append()
  assert.equal(log.keptBytes, log.head)
  needed = positions[50]!
  for (let i = 0; i < 30; i++) append()
  assert.ok(log.keptBytes < log.head - positions[35]!)
  const pieces: Piece[] = []
  log.slice(needed, pieces)
  assert.deepEqual(
    read(pieces).map((frame) => String(asMessage(frame)).split(' ', 1)[0]),
    Array.from({ length: 80 }, (_, i) => String(50 + i)),
  )
})

test('a log that all have read keeps little, whatever the length of its messages', () => {
  for (const length of [1, 17, 25, 31, 255, 510, 1_022, 16_380, 32_766, 65_532]) {
    const log: TopicLog = new TopicLog(() => log.head)
    let most = 0
    for (let i = 0; i < 2_000; i++) {
      log.append(new Uint8Array(length))
      most = Math.max(most, log.keptBytes)
    }
    assert.ok(most <= Math.max(512, length + 10), `${most} bytes are kept of messages of ${length}`)
  }
})

test('bursts of one size come to lie in one piece; when they are over the log is small again', () => {
  let read = 0
  const log: TopicLog = new TopicLog(() => read)
  const burst = (count: number): number => {
    for (let i = 0; i < count; i++) log.append(new Uint8Array(91))
    const pieces: Piece[] = []
    log.slice(read, pieces)
    read = log.head
    return pieces.length
  }
  // Sixteen frames of 93 bytes fill 512 and 1,024 bytes: each burst would end where memory does, and begin small again.
  const pieces = Array.from({ length: 100 }, () => burst(16))
  // Memory ends now and then within a burst, but seldom.
  assert.ok(pieces.slice(10).reduce((sum, count) => sum + count) <= 90 * 1.3, pieces.join())
  for (let i = 0; i < 500; i++) burst(1)
  const kept = Array.from({ length: 100 }, () => {
    burst(1)
    return log.keptBytes
  })
  assert.ok(Math.max(...kept) <= 1_024, `${Math.max(...kept)} bytes are kept`)
})

test('text is measured in bytes, not in characters', () => {
  const log: TopicLog = new TopicLog(() => log.head)
  for (let i = 0; i < 1_000; i++) {
    log.append('漢'.repeat(i % 300))
    assert.ok(log.keptBytes <= 2_048)
  }
})

test('who stands elsewhere is given other pieces', () => {
  const log = keepAll()
  log.append('one')
  const { head } = log
  log.append('two')
  for (const [from, expected] of [
    [0, ['one', 'two']],
    [head, ['two']],
  ] as const) {
    const pieces: Piece[] = []
    log.slice(from, pieces)
    assert.deepEqual(read(pieces).map(asMessage), expected)
  }
})
