// The frame parser under fuzz: the first octets choose the role, the limit and where the rest is cut; the rest are
// frames. However they are cut, the calls are the same, and what is half received stays within its bounds.
import { HoldlineError } from '../../../src/protocol/errors.ts'
import { FrameParser, type MessageInflater } from '../../../src/protocol/parser.ts'
import { RecordingSink, unhex } from '../../protocol/recording-sink.ts'
import type { FuzzTarget } from '../fuzz-target.ts'

/** Role and inflater, limit, seed of the cuts. */
const CHOICE_BYTES = 3
const limits = [0, 1, 125, 126, 1000, 65_536, 1_048_576]

/** Doubles what it is given, within the limit; refuses what begins with ff. */
const fakeInflater: MessageInflater = {
  inflate(bytes, maxBytes) {
    if (bytes[0] === 0xff) throw new HoldlineError('ERR_MESSAGE_DEFLATE')
    if (bytes.length * 2 > maxBytes) throw new HoldlineError('ERR_MESSAGE_TOO_BIG')
    const inflated = new Uint8Array(bytes.length * 2)
    inflated.set(bytes)
    inflated.set(bytes, bytes.length)
    return inflated
  },
}

function run(input: Uint8Array): void {
  if (input.length < CHOICE_BYTES) return
  const role = (input[0]! & 1) === 0 ? 'server' : 'client'
  const inflater = (input[0]! & 2) === 0 ? null : fakeInflater
  const maxMessageBytes = limits[input[1]! % limits.length]!
  const frames = input.subarray(CHOICE_BYTES)
  const parser = new FrameParser({ role, maxMessageBytes })
  const sinkOf = (haltEvery: number): RecordingSink => {
    let calls = 0
    return new RecordingSink(inflater, () => haltEvery > 0 && ++calls % haltEvery === 0)
  }

  const whole = sinkOf(0)
  const bytes = frames.slice()
  const taken = parser.parse(whole, bytes, 0, bytes.length)
  if (taken > bytes.length) throw new Error('took more than there was')
  checkReading(whole, maxMessageBytes)
  if (!whole.halted && taken < bytes.length) throw new Error('left bytes without being halted')
  for (const call of whole.calls) {
    const octets = (call.length - call.indexOf(' ') - 1) / 2
    if (/^(text|binary)/.test(call) && octets > maxMessageBytes) throw new Error('over the limit')
    if (/^(ping|pong)/.test(call) && octets > 125) throw new Error('a control frame over 125 bytes')
  }

  const seed = input[2]!
  const cut = sinkOf(seed % 4)
  inPieces(parser, cut, frames, seed, maxMessageBytes)
  const [expected, found] = [whole.calls.join('\n'), cut.calls.join('\n')]
  if (expected !== found) throw new Error(`cut:\n${found}\nwhole:\n${expected}`)
  const isOver = /^(close|refused)/.test(whole.calls.at(-1) ?? '')
  if (!isOver && (whole.reading === null) !== (cut.reading === null)) {
    throw new Error('half received or not, as the bytes are cut')
  }
}

function inPieces(
  parser: FrameParser,
  sink: RecordingSink,
  frames: Uint8Array,
  seed: number,
  maxMessageBytes: number,
): void {
  let state = seed
  let from = 0
  while (from < frames.length) {
    state = (state * 1103 + 12_345) & 0xffff
    // Every fourth seed cuts behind each octet.
    const size = seed % 4 === 0 ? 1 : 1 + ((state >> 4) % (seed % 4 === 1 ? 5 : 100))
    const piece = frames.slice(from, from + size)
    let at = 0
    while (at < piece.length) {
      at = parser.parse(sink, piece, at, piece.length)
      checkReading(sink, maxMessageBytes)
      if (/^(close|refused)/.test(sink.calls.at(-1) ?? '')) return
      sink.halted = false
    }
    from += size
  }
}

function checkReading({ reading }: RecordingSink, maxMessageBytes: number): void {
  if (reading === null) return
  const { data, length, headerLength, controlLength } = reading
  if (length > maxMessageBytes) throw new Error('more than the limit half received')
  if (data.length > Math.max(128, 2 * length)) throw new Error('more memory than twice the bytes')
  if (headerLength > 14 || controlLength > 125)
    throw new Error('a header or control frame too long')
}

const m = '37fa213d'
const masked: readonly string[] = [
  `81 85 ${m} 7f9f4d5158`,
  `82 80 ${m} 89 80 ${m} 8a 81 ${m} 00 81 82 00000000 c3a9`,
  `01 82 ${m} d5 52 09 81 ${m} 36 00 80 ${m} 80 81 ${m} 9b`,
  `82 fe 007e ${m} ${'ab'.repeat(126)}`,
  `02 fe 0100 00000000 ${'cd'.repeat(256)} 80 81 ${m} 01`,
  '88 80 00000000',
  '88 85 00000000 03e8 627965',
  '88 82 00000000 03ed',
  '88 81 00000000 03',
  'c1 83 00000000 616263 41 81 00000000 61 80 80 00000000',
  '81 84 00000000 f4908080',
  '01 81 00000000 e2 80 82 00000000 82ac',
  '82 ff 8000000000000001 00000000',
  '82 ff 0020000000000001 00000000',
  '82 ff 0000000000010000 00000000 00',
  '82 fe 0005 00000000',
  'b1 83 8b 09 80 00000000',
  '80 80 00000000 01 80 00000000 81',
]
const unmasked: readonly string[] = [
  '81 05 48656c6c6f',
  '01 03 48656c 89 00 80 02 6c6f',
  `82 7e 0100 ${'ab'.repeat(256)}`,
  '88 02 03e8',
  'c1 03 616263',
  '81 81 00000000 61',
]

export const target: FuzzTarget = {
  name: 'frame-parser',
  seeds: [
    ...masked.flatMap((frames) => [unhex(`00 04 00 ${frames}`), unhex(`02 06 05 ${frames}`)]),
    ...unmasked.flatMap((frames) => [unhex(`01 05 02 ${frames}`), unhex(`03 03 07 ${frames}`)]),
  ],
  run,
}
