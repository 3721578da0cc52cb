// Random streams of valid frames for property tests, each with the calls that a parser has to make of it.
import fc from 'fast-check'
import type { MessageInflater, Role } from '../../src/protocol/parser.ts'
import { joined, rawFrame } from './raw-frame.ts'
import { hex } from './recording-sink.ts'

/** One frame of a stream and what is true behind it. */
export interface StreamFrame {
  bytes: Uint8Array
  /** The call that its last octet leads to; null for fragments before the last. */
  call: string | null
  /** Whether a message is unfinished behind it. */
  isMessageOpen: boolean
}

export interface FrameStream {
  role: Role
  frames: StreamFrame[]
  bytes: Uint8Array
  calls: string[]
}

/** Stands for a real inflater: what it "inflates" was XORed with 0x55. */
export const fakeInflater: MessageInflater = {
  inflate: (bytes) => bytes.map((octet) => octet ^ 0x55),
}

const payloadBytes = fc.oneof(
  { weight: 30, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 10, arbitrary: fc.uint8Array({ minLength: 120, maxLength: 132, size: 'max' }) },
  { weight: 10, arbitrary: fc.uint8Array({ minLength: 180, maxLength: 700, size: 'max' }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 65_530, max: 65_540 }).map((n) => new Uint8Array(n).fill(n & 255)),
  },
)
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'binary', minLength: 50, maxLength: 200, size: 'max' }),
  fc.string({ unit: 'grapheme-ascii', minLength: 100, maxLength: 300, size: 'max' }),
)
const mask = fc.oneof(
  { weight: 1, arbitrary: fc.constant(new Uint8Array(4)) },
  { weight: 5, arbitrary: fc.uint8Array({ minLength: 4, maxLength: 4 }) },
)
const control = fc.record({
  opcode: fc.constantFrom(9, 10),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.uint8Array({ minLength: 120, maxLength: 125, size: 'max' }),
  ),
  mask,
})
const message = fc.record({
  content: fc.oneof(payloadBytes, text),
  compressed: fc.boolean(),
  /** Where it is cut into fragments: two equal cuts make an empty one. */
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
  masks: fc.array(mask, { minLength: 6, maxLength: 6 }),
  between: fc.array(fc.array(control, { maxLength: 2 }), { maxLength: 5 }),
})
const close = fc.record({
  code: fc.constantFrom(1000, 1001, 1011, 3000, 4999),
  reason: fc.string({ unit: 'binary', maxLength: 30 }),
  mask,
})
type Close = typeof close extends fc.Arbitrary<infer T> ? T : never
type Control = typeof control extends fc.Arbitrary<infer T> ? T : never
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never

const utf8 = new TextEncoder()

function controlFrame(role: Role, { opcode, payload, mask }: Control, open: boolean): StreamFrame {
  return {
    bytes: rawFrame({ opcode, payload, mask: role === 'server' ? mask : null }),
    call: `${opcode === 9 ? 'ping' : 'pong'} ${hex(payload)}`,
    isMessageOpen: open,
  }
}

function closeFrame(role: Role, { code, reason, mask }: Close): StreamFrame {
  const payload = joined([Uint8Array.of(code >> 8, code & 255), utf8.encode(reason)])
  return {
    bytes: rawFrame({ opcode: 8, payload, mask: role === 'server' ? mask : null }),
    call: `close ${code} ${reason}`,
    isMessageOpen: false,
  }
}

function messageFrames(role: Role, message: Message, deflate: boolean): StreamFrame[] {
  const isText = typeof message.content === 'string'
  const plain = typeof message.content === 'string' ? utf8.encode(message.content) : message.content
  const compressed = deflate && message.compressed
  const wire = compressed ? plain.map((octet) => octet ^ 0x55) : plain
  const cuts = message.cuts.map((cut) => Math.floor(cut * wire.length)).sort((a, b) => a - b)
  const ends = [...cuts, wire.length]
  return ends.flatMap((end, index) => {
    const isLast = index === ends.length - 1
    const frame: StreamFrame = {
      bytes: rawFrame({
        opcode: index > 0 ? 0 : isText ? 1 : 2,
        final: isLast,
        reserved: compressed && index === 0 ? 4 : 0,
        payload: wire.subarray(index === 0 ? 0 : ends[index - 1], end),
        mask: role === 'server' ? message.masks[index]! : null,
      }),
      call: isLast ? `${isText ? 'text' : 'binary'} ${hex(plain)}` : null,
      isMessageOpen: !isLast,
    }
    const between = isLast ? [] : (message.between[index] ?? [])
    return [frame, ...between.map((frame) => controlFrame(role, frame, true))]
  })
}

/** Streams for one role; compressed messages are among them when `deflate` is on. */
export function frameStreams(deflate = false): fc.Arbitrary<FrameStream> {
  const item = fc.oneof({ weight: 3, arbitrary: message }, { weight: 1, arbitrary: control })
  return fc
    .tuple(
      fc.constantFrom<Role>('server', 'client'),
      fc.array(item, { maxLength: 6 }),
      fc.option(close),
    )
    .map(([role, items, close]) => {
      const frames = items.flatMap((item) =>
        'content' in item ? messageFrames(role, item, deflate) : controlFrame(role, item, false),
      )
      if (close !== null) frames.push(closeFrame(role, close))
      return {
        role,
        frames,
        bytes: joined(frames.map((frame) => frame.bytes)),
        calls: frames.flatMap(({ call }) => call ?? []),
      }
    })
}

/** Cuts for `length` bytes, from every octet by itself to none at all. */
export function cutsOf(length: number, seeds: readonly number[], everyOctet: boolean): number[] {
  if (everyOctet) return Array.from({ length }, (_, index) => index)
  return seeds.map((seed) => Math.floor(seed * length)).sort((a, b) => a - b)
}

/** Random chunkings as arguments for `cutsOf`. */
export const chunkings: fc.Arbitrary<[number[], boolean]> = fc.tuple(
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
  fc.boolean(),
)
