// Properties of the parser over random streams: how the bytes are cut must not matter.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { trimMessageMemory } from '../../src/protocol/message-memory.ts'
import { FrameParser } from '../../src/protocol/parser.ts'
import { chunkings, cutsOf, fakeInflater, frameStreams, type FrameStream } from './frame-stream.ts'
import { joined } from './raw-frame.ts'
import { feed, RecordingSink } from './recording-sink.ts'

const maxMessageBytes = 70_000

function parserFor({ role }: FrameStream): FrameParser {
  return new FrameParser({ role, maxMessageBytes })
}

test('RFC 6455 §5.4: any chunking of valid frames gives the calls that they were made of', () => {
  fc.assert(
    fc.property(frameStreams(), chunkings, (stream, [seeds, everyOctet]) => {
      const sink = new RecordingSink()
      feed(parserFor(stream), sink, stream.bytes, cutsOf(stream.bytes.length, seeds, everyOctet))
      assert.deepEqual(sink.calls, stream.calls)
      assert.equal(sink.reading, null)
    }),
    { numRuns: 600 },
  )
})

test('RFC 7692 §6: the same with compressed messages among them', () => {
  fc.assert(
    fc.property(frameStreams(true), chunkings, (stream, [seeds, everyOctet]) => {
      const sink = new RecordingSink(fakeInflater)
      feed(parserFor(stream), sink, stream.bytes, cutsOf(stream.bytes.length, seeds, everyOctet))
      assert.deepEqual(sink.calls, stream.calls)
      assert.equal(sink.reading, null)
    }),
    { numRuns: 400 },
  )
})

/** Changes to some bytes of a stream: mostly headers, where little is needed to break the rules. */
const damages = fc.array(
  fc.record({
    frame: fc.nat(),
    octet: fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat() }),
    flip: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 1, maxLength: 3 },
)

test('RFC 6455 §7.1.7: any chunking of damaged frames gives the same calls and then the same refusal', () => {
  let refused = 0
  fc.assert(
    fc.property(
      frameStreams(),
      damages,
      chunkings,
      fc.boolean(),
      (stream, damages, [seeds, everyOctet], inflates) => {
        const frames = stream.frames.map(({ bytes }) => bytes.slice())
        for (const { frame, octet, flip } of damages) {
          const bytes = frames[frame % (frames.length || 1)]
          if (bytes !== undefined) bytes[octet % bytes.length]! ^= flip
        }
        const bytes = joined(frames)
        const whole = new RecordingSink(inflates ? fakeInflater : null)
        feed(parserFor(stream), whole, bytes)
        const cut = new RecordingSink(inflates ? fakeInflater : null)
        feed(parserFor(stream), cut, bytes, cutsOf(bytes.length, seeds, everyOctet))
        assert.deepEqual(cut.calls, whole.calls)
        if (!whole.halted) assert.equal(cut.reading === null, whole.reading === null)
        if (whole.calls.at(-1)?.startsWith('refused')) refused++
      },
    ),
    { numRuns: 1000 },
  )
  assert.ok(refused > 200, `only ${refused} streams were refused`)
})

test('RFC 6455 §5.4: `reading` is null exactly where nothing is half received, and holds no frame between frames', () => {
  fc.assert(
    fc.property(frameStreams(), (stream) => {
      const borders = new Map([[0, false]])
      let at = 0
      for (const frame of stream.frames)
        borders.set((at += frame.bytes.length), frame.isMessageOpen)
      const sink = new RecordingSink()
      const parser = parserFor(stream)
      for (let end = 1; end <= stream.bytes.length; end++) {
        feed(parser, sink, stream.bytes.slice(end - 1, end))
        if (borders.has(end) && sink.reading !== null) {
          assert.equal(sink.reading.header, null)
          assert.equal(sink.reading.control, null)
        }
        if ((sink.reading === null) !== (borders.get(end) === false)) {
          assert.fail(`${sink.reading === null ? 'null' : 'there'} behind octet ${end}`)
        }
      }
    }),
    { numRuns: 150 },
  )
})

test('RFC 6455 §5.4: a message in the making takes no more than twice what has come of it', () => {
  fc.assert(
    fc.property(frameStreams(), chunkings, (stream, [seeds, everyOctet]) => {
      const cuts = new Set(cutsOf(stream.bytes.length, seeds, everyOctet))
      let border = 0
      for (const { bytes } of stream.frames) cuts.add((border += bytes.length))
      const sink = new RecordingSink()
      const parser = parserFor(stream)
      let from = 0
      for (const cut of [...cuts].sort((a, b) => a - b)) {
        // Memory of messages before would cost nothing anew, and is bounded by itself: here there is none.
        trimMessageMemory()
        feed(parser, sink, stream.bytes.slice(from, cut))
        from = cut
        if (sink.reading === null) continue
        const { data, length } = sink.reading
        assert.ok(data.length <= (length === 0 ? 0 : Math.max(128, 2 * length)))
        assert.ok(data.length <= maxMessageBytes)
      }
    }),
    { numRuns: 200 },
  )
})

test('a sink that halts gets the position of the next frame, and what follows when it goes on', () => {
  fc.assert(
    fc.property(
      frameStreams(true),
      chunkings,
      fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
      fc.nat(5),
      (stream, [seeds, everyOctet], halts, padding) => {
        const ends: number[] = []
        let total = 0
        for (const { bytes, call } of stream.frames) {
          total += bytes.length
          if (call !== null) ends.push(total)
        }
        let asked = 0
        const sink = new RecordingSink(fakeInflater, () => halts[asked++ % halts.length]!)
        const parser = parserFor(stream)
        let from = 0
        for (const cut of [...cutsOf(total, seeds, everyOctet), total]) {
          // The piece lies amid others in one large buffer.
          const buffer = new Uint8Array(padding + cut - from + padding).fill(0x83)
          buffer.set(stream.bytes.subarray(from, cut), padding)
          const end = padding + cut - from
          let at = padding
          while (at < end) {
            at = parser.parse(sink, buffer, at, end)
            if (sink.halted) assert.equal(from + at - padding, ends[sink.calls.length - 1])
            else assert.equal(at, end)
            sink.halted = false
          }
          from = cut
        }
        assert.deepEqual(sink.calls, stream.calls)
      },
    ),
    { numRuns: 400 },
  )
})

test('a sink that is halted already is not called, and its bytes stay as they are', () => {
  fc.assert(
    fc.property(frameStreams(), (stream) => {
      const sink = new RecordingSink()
      sink.halted = true
      const bytes = stream.bytes.slice()
      assert.equal(parserFor(stream).parse(sink, bytes, 0, bytes.length), 0)
      assert.deepEqual(sink.calls, [])
      assert.deepEqual(bytes, stream.bytes)
      assert.equal(sink.reading, null)
    }),
    { numRuns: 50 },
  )
})

test('one parser serves many connections: their bytes may come by turns', () => {
  fc.assert(
    fc.property(
      fc.array(frameStreams(), { minLength: 2, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 40 })), { maxLength: 60 }),
      (streams, turns) => {
        const role = streams[0]!.role
        const lines = streams
          .filter((stream) => stream.role === role)
          .map((stream) => ({ stream, sink: new RecordingSink(), at: 0 }))
        const parser = parserFor(streams[0]!)
        const give = (line: (typeof lines)[number], count: number): void => {
          feed(parser, line.sink, line.stream.bytes.slice(line.at, line.at + count))
          line.at += count
        }
        for (const [line, count] of turns) give(lines[line % lines.length]!, count)
        for (const line of lines) give(line, line.stream.bytes.length)
        for (const { stream, sink } of lines) assert.deepEqual(sink.calls, stream.calls)
      },
    ),
    { numRuns: 150 },
  )
})
