// The memory of large messages: what is kept and for how long, that nobody is given what another one has, and that a
// program which kept a message by `slice` has it as it was.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import fc from 'fast-check'
import { Opcode } from '../../src/protocol/frame.ts'
import {
  giveMessageMemory,
  takeMessageMemory,
  trimMessageMemory,
} from '../../src/protocol/message-memory.ts'
import { FrameParser } from '../../src/protocol/parser.ts'
import type { MessageSink } from '../../src/protocol/parser.ts'
import type { Reading } from '../../src/protocol/reading.ts'
import { wireFrame } from '../../src/testing/wire-frame.ts'

const KIB = 1_024
const MIB = 1_048_576
const LEAST = 16 * KIB
const LARGEST = 4 * MIB

afterEach(trimMessageMemory)

/** Memory whose pages nobody touches. */
function memoryOf(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes)
}

// --- The stock

test('what was given is taken by the next message of that length, once', () => {
  for (const bytes of [LEAST, 20_000, 65_536, 100_000, 1_000_003, LARGEST]) {
    assert.equal(takeMessageMemory(bytes), null)
    const memory = memoryOf(bytes)
    giveMessageMemory(memory)
    assert.equal(takeMessageMemory(bytes), memory)
    assert.equal(takeMessageMemory(bytes), null)
  }
})

test('a run of messages of one length has its memory each time', () => {
  const memories = [1, 2, 3].map(() => memoryOf(100_000))
  for (let round = 0; round < 10; round++) {
    for (const memory of memories) giveMessageMemory(memory)
    const taken = memories.map(() => takeMessageMemory(100_000))
    assert.deepEqual(new Set(taken), new Set(memories))
  }
})

test('memory that is longer serves too, up to less than four times', () => {
  const memory = memoryOf(100_000)
  giveMessageMemory(memory)
  assert.equal(takeMessageMemory(100_001), null)
  assert.equal(takeMessageMemory(25_000), null)
  assert.equal(takeMessageMemory(32_768), memory)
  giveMessageMemory(memory)
  assert.equal(takeMessageMemory(99_999), memory)
})

test('small and very large memory is left to the collector', () => {
  for (const bytes of [0, 100, LEAST - 1, LARGEST + 1, 8 * MIB]) {
    const memory = memoryOf(bytes)
    giveMessageMemory(memory)
    assert.equal(takeMessageMemory(bytes), null)
    // Nor is it given to others.
    assert.equal(takeMessageMemory(LEAST), null)
    assert.equal(takeMessageMemory(LARGEST), null)
  }
})

function countOf(bytes: number): number {
  let count = 0
  while (takeMessageMemory(bytes) !== null) count++
  return count
}

test('16 MiB are kept, again after they were taken, and whatever the lengths', () => {
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 40; i++) giveMessageMemory(memoryOf(MIB))
    assert.equal(countOf(MIB), 16)
  }
  for (let i = 0; i < 4; i++) giveMessageMemory(memoryOf(LARGEST - 1))
  giveMessageMemory(memoryOf(LEAST))
  assert.equal(countOf(LEAST), 0)
  assert.equal(countOf(LARGEST - 1), 4)
})

test('trimmed, nothing is kept, and there is room again', () => {
  for (let i = 0; i < 16; i++) giveMessageMemory(memoryOf(MIB))
  trimMessageMemory()
  assert.equal(countOf(MIB), 0)
  for (let i = 0; i < 16; i++) giveMessageMemory(memoryOf(MIB))
  assert.equal(countOf(MIB), 16)
})

const lengths = fc.oneof(
  fc.integer({ min: LEAST - 10, max: 200_000 }),
  fc.constantFrom(LEAST, 32_767, 32_768, 32_769, 65_536, LARGEST, LARGEST + 1),
)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ take: lengths }) },
  { weight: 6, arbitrary: fc.record({ give: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.constant('trim' as const) },
)

test('property: memory is long enough, never four times as long, and nobody has what another one has', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      trimMessageMemory()
      const lent: Buffer[] = []
      let kept: Buffer[] = []
      for (const next of steps) {
        if (next === 'trim') {
          trimMessageMemory()
          kept = []
        } else if ('give' in next) {
          if (lent.length === 0) continue
          const [memory] = lent.splice(next.give % lent.length, 1)
          giveMessageMemory(memory!)
          kept.push(memory!)
        } else {
          const memory = takeMessageMemory(next.take)
          if (memory === null) lent.push(memoryOf(next.take))
          else {
            assert.ok(!lent.includes(memory), 'lent twice')
            assert.ok(kept.includes(memory), 'not of what is kept')
            assert.ok(memory.length >= next.take && memory.length < 4 * next.take)
            kept.splice(kept.indexOf(memory), 1)
            lent.push(memory)
          }
        }
      }
    }),
  )
})

// --- With the parser

/** Keeps what it is given, as programs should: a copy. */
class KeepingSink implements MessageSink {
  reading: Reading | null = null
  readonly halted = false
  readonly inflater = null
  readonly kept: Uint8Array[] = []
  /** Where each message lay. */
  readonly memories: ArrayBufferLike[] = []
  whileLent: (bytes: Uint8Array) => void = () => {}

  onMessage(bytes: Uint8Array, start: number, end: number): void {
    this.memories.push(bytes.buffer)
    this.kept.push(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start).slice())
    this.whileLent(bytes)
  }

  onPing(): void {}
  onPong(): void {}
  onClose(): void {}
  onProtocolError(code: string): void {
    assert.fail(code)
  }
}

const parser = new FrameParser({ role: 'server', maxMessageBytes: 8 * MIB })

function messageOf(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i * 13 + (i >> 8) + seed) & 255)
}

/** Gives a frame in two parts, as it comes from a kernel, in memory that is overwritten afterwards. */
function feed(sink: MessageSink, frame: Uint8Array, cut: number = frame.length >> 1): void {
  for (const part of [frame.slice(0, cut), frame.slice(cut)]) {
    parser.parse(sink, part, 0, part.length)
    part.fill(0xee)
  }
}

test('a message lies in the memory of the one before, which a copy of that does not hear of', () => {
  const [one, other] = [new KeepingSink(), new KeepingSink()]
  const messages = [1, 2, 3, 4].map((seed) => messageOf(100_000, seed))
  for (const [i, message] of messages.entries()) {
    feed(i % 2 === 0 ? one : other, wireFrame(Opcode.BINARY, message))
  }
  assert.deepEqual(new Set([...one.memories, ...other.memories]).size, 1)
  assert.deepEqual(
    [one.kept, other.kept],
    [
      [messages[0], messages[2]],
      [messages[1], messages[3]],
    ],
  )
})

test('while a handler has a message nobody is given its memory', () => {
  const sink = new KeepingSink()
  giveMessageMemory(memoryOf(100_000))
  let lent = 0
  sink.whileLent = (bytes) => {
    lent++
    for (const length of [LEAST, 50_000, 100_000, 131_072]) {
      const memory = takeMessageMemory(length)
      assert.notEqual(memory?.buffer, bytes.buffer)
    }
  }
  feed(sink, wireFrame(Opcode.BINARY, messageOf(100_000, 1)))
  assert.equal(lent, 1)
  // Behind the handler it may be.
  assert.equal(takeMessageMemory(100_000)?.buffer, sink.memories[0])
})

test('while one message is half there another one has memory of its own', () => {
  const sinks = [new KeepingSink(), new KeepingSink()]
  giveMessageMemory(memoryOf(100_000))
  const frames = [1, 2].map((seed) => wireFrame(Opcode.BINARY, messageOf(100_000, seed)))
  sinks.forEach((sink, i) => parser.parse(sink, frames[i]!, 0, 60_000))
  assert.notEqual(sinks[0]!.reading!.data.buffer, sinks[1]!.reading!.data.buffer)
  sinks.forEach((sink, i) => parser.parse(sink, frames[i]!, 60_000, frames[i]!.length))
  assert.deepEqual(sinks[0]!.kept, [messageOf(100_000, 1)])
  assert.deepEqual(sinks[1]!.kept, [messageOf(100_000, 2)])
})

test('a handler that gives the memory away keeps it', () => {
  const sink = new KeepingSink()
  let gone: ArrayBuffer | null = null
  sink.whileLent = (bytes) => (gone = (bytes.buffer as ArrayBuffer).transfer())
  feed(sink, wireFrame(Opcode.BINARY, messageOf(100_000, 1)))
  assert.equal(takeMessageMemory(100_000), null)
  assert.deepEqual(new Uint8Array(gone!), messageOf(100_000, 1))
})

test('memory that was transferred while it was kept is given to nobody, and trimming goes on', () => {
  const memories = [memoryOf(100_000), memoryOf(100_000)]
  for (const memory of memories) giveMessageMemory(memory)
  const behind = memories[1]!.buffer as ArrayBuffer
  behind.transfer()
  for (const length of [LEAST, 40_000, 65_536, 100_000]) {
    assert.notEqual(takeMessageMemory(length)?.length, 0)
  }
  trimMessageMemory()
  const kept = memoryOf(LEAST)
  giveMessageMemory(kept)
  assert.equal(takeMessageMemory(LEAST), kept)
})

test('a handler that throws, or a message that is refused, gives no memory to two others', () => {
  const sink = new KeepingSink()
  sink.whileLent = () => {
    throw new Error('of the handler')
  }
  assert.throws(() => feed(sink, wireFrame(Opcode.BINARY, messageOf(100_000, 1))))
  assert.equal(sink.reading, null)
  sink.whileLent = () => {}
  feed(sink, wireFrame(Opcode.BINARY, messageOf(100_000, 2)))
  feed(sink, wireFrame(Opcode.BINARY, messageOf(100_000, 3)))
  assert.deepEqual(sink.kept, [messageOf(100_000, 1), messageOf(100_000, 2), messageOf(100_000, 3)])
  assert.equal(countOf(100_000), 1)
})

const piece = fc.record({
  sink: fc.nat(3),
  bytes: fc.integer({ min: 1, max: 60_000 }),
  length: fc.oneof(fc.integer({ min: 10_000, max: 120_000 }), fc.constantFrom(16_384, 65_536)),
  isCut: fc.boolean(),
})

test('property: however the frames of several connections come in between, each has its own messages', () => {
  fc.assert(
    fc.property(fc.array(piece, { minLength: 10, maxLength: 60 }), (pieces) => {
      trimMessageMemory()
      const sinks = [0, 1, 2, 3].map(() => new KeepingSink())
      const waiting = sinks.map(() => Buffer.alloc(0))
      const sent = sinks.map((): Uint8Array[] => [])
      const give = (i: number, count: number): void => {
        const part = Buffer.from(waiting[i]!.subarray(0, count))
        waiting[i] = waiting[i]!.subarray(count)
        parser.parse(sinks[i]!, part, 0, part.length)
        part.fill(0xee)
      }
      let seed = 0
      for (const { sink: i, bytes, length, isCut } of pieces) {
        if (waiting[i]!.length === 0) {
          const message = messageOf(length, seed++)
          sent[i]!.push(message)
          const half = length >> 1
          waiting[i] = isCut
            ? Buffer.concat([
                wireFrame(Opcode.BINARY, message.subarray(0, half), { final: false }),
                wireFrame(Opcode.CONTINUATION, message.subarray(half)),
              ])
            : Buffer.from(wireFrame(Opcode.BINARY, message))
        }
        give(i, bytes)
      }
      for (const i of sinks.keys()) give(i, waiting[i]!.length)
      for (const [i, { kept }] of sinks.entries()) {
        assert.equal(kept.length, sent[i]!.length)
        assert.ok(kept.every((message, n) => Buffer.compare(message, sent[i]![n]!) === 0))
      }
    }),
    { numRuns: 60 },
  )
})
