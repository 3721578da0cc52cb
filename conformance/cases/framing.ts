// Base framing: header bits, opcodes, lengths and masks (RFC 6455 §5.1 to §5.3).

import {
  binary,
  concat,
  concatAll,
  frame,
  hex,
  ping,
  text,
  type FrameOptions,
} from '../frame-codec.ts'
import { expectBinary, expectText, failed, quiet, send, stillServed, type Case } from '../script.ts'

const path = '/echo'
const opcodeNames: readonly (readonly [number, string])[] = [
  [1, 'text'],
  [2, 'binary'],
  [8, 'close'],
  [9, 'ping'],
  [10, 'pong'],
]

const reservedOpcodes: readonly Case[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => {
  const name = `0x${opcode.toString(16)}`
  return [
    {
      name: `RFC 6455 §5.2 reserved opcode ${name}, empty`,
      path,
      steps: [send(frame(opcode)), ...failed(1002)],
    },
    {
      name: `RFC 6455 §5.2 reserved opcode ${name} without FIN, with a payload, between messages`,
      path,
      steps: [...stillServed, send(frame(opcode, 'abc', { fin: false })), ...failed(1002)],
    },
  ]
})

const reservedBits: readonly Case[] = [1, 2, 3, 4, 5, 6, 7].flatMap((rsv) => [
  {
    name: `RFC 6455 §5.2 reserved bits ${rsv} on a text frame, no extension agreed`,
    path,
    steps: [send(text('abc', { rsv })), ...failed(1002)],
  },
  {
    name: `RFC 6455 §5.2 reserved bits ${rsv} on a ping between two messages`,
    path,
    steps: [...stillServed, send(ping('abc', { rsv })), ...failed(1002)],
  },
])

const reservedBitsElsewhere: readonly Case[] = [
  [2, 'binary'] as const,
  [8, 'close'] as const,
  [10, 'pong'] as const,
].map(([opcode, name]) => ({
  name: `RFC 6455 §5.2 RSV1 on a ${name} frame, no extension agreed`,
  path,
  steps: [send(frame(opcode, '', { rsv: 4 })), ...failed(1002)],
}))

const unmasked: readonly Case[] = opcodeNames.flatMap(([opcode, name]) => [
  {
    name: `RFC 6455 §5.1 unmasked ${name} frame, empty`,
    path,
    steps: [send(frame(opcode, '', { mask: null })), ...failed(1002)],
  },
  {
    name: `RFC 6455 §5.1 unmasked ${name} frame after a good message`,
    path,
    steps: [...stillServed, send(frame(opcode, '\u0003\u00e8', { mask: null })), ...failed(1002)],
  },
])

const unmaskedLengths: readonly Case[] = [1, 125, 126, 65_535, 65_536].map((length) => ({
  name: `RFC 6455 §5.1 unmasked text frame of ${length} octets is refused at its header`,
  path,
  steps: [send(text('', { mask: null, declaredLength: BigInt(length) })), ...failed(1002)],
}))

function notMinimal(name: string, opcode: number, length: number, lengthBits: 16 | 64): Case {
  return {
    name: `RFC 6455 §5.2 ${name} of ${length} octets with its length in ${lengthBits} bits`,
    path,
    steps: [send(frame(opcode, 'x'.repeat(length), { lengthBits })), ...failed(1002)],
  }
}

const notMinimalLengths: readonly Case[] = [
  ...[0, 1, 5, 124, 125].map((length) => notMinimal('text', 1, length, 16)),
  ...[0, 1, 125, 126, 127, 65_535].map((length) => notMinimal('binary', 2, length, 64)),
  notMinimal('ping', 9, 0, 16),
  notMinimal('ping', 9, 125, 64),
  notMinimal('close', 8, 2, 16),
  notMinimal('pong', 10, 5, 16),
]

function refusedAtHeader(name: string, declaredLength: bigint, code: number): Case {
  const options: FrameOptions = { declaredLength, lengthBits: 64 }
  return {
    name: `RFC 6455 §5.2 ${name}: refused at the header`,
    path,
    // Only the header is sent: the answer must not wait for a payload.
    steps: [send(binary('', options)), ...failed(code)],
  }
}

const longLengths: readonly Case[] = [
  refusedAtHeader('64-bit length with only its top bit set', 1n << 63n, 1002),
  refusedAtHeader('64-bit length 2^63 + 1', (1n << 63n) + 1n, 1002),
  refusedAtHeader('64-bit length with all bits set', (1n << 64n) - 1n, 1002),
  refusedAtHeader('64-bit length 2^63 - 1', (1n << 63n) - 1n, 1009),
  refusedAtHeader('64-bit length 2^53 + 1, which is no exact number', (1n << 53n) + 1n, 1009),
  refusedAtHeader('64-bit length 2^53', 1n << 53n, 1009),
  refusedAtHeader('64-bit length 2^32', 1n << 32n, 1009),
  refusedAtHeader('64-bit length 2^32 + 5, which is 5 in 32 bits', (1n << 32n) + 5n, 1009),
  refusedAtHeader('64-bit length 2^31', 1n << 31n, 1009),
  refusedAtHeader('64-bit length of 1 GiB without a body', 1n << 30n, 1009),
]

const masks: readonly (readonly [string, readonly number[]])[] = [
  ['all zero', [0, 0, 0, 0]],
  ['all ones', [255, 255, 255, 255]],
  ['one bit', [0, 0, 0, 1]],
  ['with its sign bit', [0x80, 0, 0, 0]],
]

const masking: readonly Case[] = masks.map(([name, mask]) => {
  const payload = Uint8Array.from({ length: 1027 }, (_, i) => (i * 7) & 255)
  return {
    name: `RFC 6455 §5.3 mask ${name} over 1,027 octets`,
    path,
    steps: [send(binary(payload, { mask })), expectBinary(payload)],
  }
})

const maskPhases: readonly Case[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33].map(
  (length) => {
    const payload = Uint8Array.from({ length }, (_, i) => 255 - i)
    return {
      name: `RFC 6455 §5.3 mask over ${length} octets, in pieces of 3`,
      path,
      steps: [send(binary(payload), 3), expectBinary(payload)],
    }
  },
)

const chopped: readonly Case[] = [0, 125, 126, 300].flatMap((length) =>
  [1, 2, 5].map((chunk) => ({
    name: `RFC 6455 §5.2 header and payload of ${length} octets, ${chunk} at a time`,
    path,
    steps: [send(text('é'.repeat(length / 2)), chunk), expectText('é'.repeat(length / 2))],
  })),
)

const examples: readonly Case[] = [
  {
    name: 'RFC 6455 §5.7 the masked text example, octet for octet',
    path,
    steps: [send(hex('81 85 37 fa 21 3d 7f 9f 4d 51 58')), expectText('Hello')],
  },
  {
    name: 'RFC 6455 §5.7 the unmasked text example is not for clients',
    path,
    steps: [send(hex('81 05 48 65 6c 6c 6f')), ...failed(1002)],
  },
  {
    name: 'RFC 6455 §5.7 256 octets of binary in one frame',
    path,
    steps: [send(binary(new Uint8Array(256))), expectBinary(new Uint8Array(256))],
  },
  {
    name: 'RFC 6455 §5.7 64 KiB of binary in one frame',
    path,
    steps: [send(binary(new Uint8Array(65_536))), expectBinary(new Uint8Array(65_536))],
  },
]

const severalInOneWrite: readonly Case[] = [
  {
    name: 'RFC 6455 §5.2 two frames in one TCP segment',
    path,
    steps: [send(concat(text('one'), text('two'))), expectText('one'), expectText('two')],
  },
  {
    name: 'RFC 6455 §5.2 a frame and the first octet of the next',
    path,
    steps: [
      send(concat(text('one'), text('two').subarray(0, 1))),
      expectText('one'),
      send(text('two').subarray(1)),
      expectText('two'),
    ],
  },
  {
    name: 'RFC 6455 §5.2 a hundred frames in one write come back in order',
    path,
    steps: [
      send(concatAll(Array.from({ length: 100 }, (_, i) => text(`m${i}`)))),
      ...Array.from({ length: 100 }, (_, i) => expectText(`m${i}`)),
    ],
  },
  {
    name: 'RFC 6455 §5.2 a good message before a bad one is answered first',
    path,
    steps: [send(concat(text('good'), frame(3))), expectText('good'), ...failed(1002)],
  },
  {
    name: 'RFC 6455 §7.1.7 nothing after a bad frame is looked at',
    path,
    steps: [send(concat(frame(3), text('late'), ping('late'))), ...failed(1002)],
  },
  {
    name: 'RFC 6455 §5.2 an incomplete header is waited for, not answered',
    path,
    steps: [
      send(text('abc').subarray(0, 5)),
      quiet(),
      send(text('abc').subarray(5)),
      expectText('abc'),
    ],
  },
]

export const framingCases: readonly Case[] = [
  ...examples,
  ...reservedOpcodes,
  ...reservedBits,
  ...reservedBitsElsewhere,
  ...unmasked,
  ...unmaskedLengths,
  ...notMinimalLengths,
  ...longLengths,
  ...masking,
  ...maskPhases,
  ...chopped,
  ...severalInOneWrite,
]
