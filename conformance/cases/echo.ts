// Whole messages of every size class there and back, cut into TCP pieces of every kind (RFC 6455 §5.2, §5.6).

import { binary, concatAll, text } from '../frame-codec.ts'
import { expectBinary, expectText, send, type Case } from '../script.ts'

const path = '/echo'

function octets(length: number): Uint8Array {
  const out = new Uint8Array(length)
  // A fixed sequence without a short period, so that a shifted or repeated block shows.
  for (let i = 0, state = length + 1; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    out[i] = state >>> 16
  }
  return out
}

const letters = (length: number) => Buffer.from(octets(length).map((octet) => 32 + (octet % 95)))

const sizes = [
  0, 1, 2, 124, 125, 126, 127, 128, 1000, 4095, 4096, 4097, 16_383, 16_384, 65_534, 65_535, 65_536,
  65_537, 131_072, 300_000, 1_048_575,
]

const whole: readonly Case[] = sizes.flatMap((length) => [
  {
    name: `RFC 6455 §5.6 binary echo of ${length} octets`,
    path,
    steps: [send(() => binary(octets(length))), expectBinary(() => octets(length))],
  },
  {
    name: `RFC 6455 §5.6 text echo of ${length} octets`,
    path,
    steps: [send(() => text(letters(length))), expectText(() => letters(length))],
  },
])

const pieces: readonly (readonly [length: number, chunk: number])[] = [
  [1, 1],
  [125, 1],
  [126, 1],
  [1000, 1],
  [1000, 3],
  [4096, 7],
  [65_535, 61],
  [65_536, 997],
  [65_536, 1460],
  [300_000, 16_384],
  [300_000, 65_536],
  [1_048_576, 65_537],
]

const chopped: readonly Case[] = pieces.map(([length, chunk]) => ({
  name: `RFC 6455 §5.2 binary echo of ${length} octets in TCP pieces of ${chunk}`,
  path,
  steps: [send(() => binary(octets(length)), chunk), expectBinary(() => octets(length))],
}))

/** Many messages of mixed sizes as one stream of octets; how the stream is cut must not matter. */
const mixed = [0, 3, 125, 126, 1, 5000, 65_536, 2, 127, 70_000, 10]

const streams: readonly Case[] = [1021, 4096, 50_000, 1_000_000].map((chunk) => ({
  name: `RFC 6455 §5.2 eleven messages of mixed sizes as one stream in pieces of ${chunk}`,
  path,
  steps: [
    send(
      () =>
        concatAll(
          mixed.map((length, i) => (i % 2 === 0 ? binary(octets(length)) : text(letters(length)))),
        ),
      chunk,
    ),
    ...mixed.map((length, i) =>
      i % 2 === 0 ? expectBinary(() => octets(length)) : expectText(() => letters(length)),
    ),
  ],
}))

const order: readonly Case[] = [
  {
    name: 'RFC 6455 §5.6 a thousand small messages in one write come back in order',
    path,
    steps: [
      send(() => concatAll(Array.from({ length: 1000 }, (_, i) => text(`message ${i}`)))),
      ...Array.from({ length: 1000 }, (_, i) => expectText(`message ${i}`)),
    ],
  },
  {
    name: 'RFC 6455 §5.6 the messages of an asynchronous handler come back in order',
    path: '/async',
    steps: [
      send(
        concatAll(
          Array.from({ length: 12 }, (_, i) => text(`${i % 3 === 0 ? 'slow' : 'fast'} ${i}`)),
        ),
      ),
      ...Array.from({ length: 12 }, (_, i) => expectText(`${i % 3 === 0 ? 'slow' : 'fast'} ${i}`)),
    ],
  },
  {
    name: 'RFC 6455 §5.6 two hundred messages, each answered before the next',
    path,
    steps: Array.from({ length: 200 }, (_, i) => [send(text(`${i}`)), expectText(`${i}`)]).flat(),
  },
  {
    name: 'RFC 6455 §5.6 text and binary keep their types in turn',
    path,
    steps: Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0
        ? [send(text(`${i}`)), expectText(`${i}`)]
        : [send(binary(`${i}`)), expectBinary(`${i}`)],
    ).flat(),
  },
]

export const echoCases: readonly Case[] = [...whole, ...chopped, ...streams, ...order]
