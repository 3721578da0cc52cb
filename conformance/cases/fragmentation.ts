// Fragmented messages (RFC 6455 §5.4).

import {
  binary,
  concat,
  concatAll,
  continuation,
  fragments,
  Opcode,
  text,
  type Payload,
} from '../frame-codec.ts'
import { expectBinary, expectText, failed, quiet, send, stillServed, type Case } from '../script.ts'

const path = '/echo'
const words = 'The quick brown fox jumps over the lazy dog. '.repeat(30)

const sizes: readonly Case[] = [1, 2, 3, 7, 64, 125, 126, 127, 500, 1349].flatMap((size) => [
  {
    name: `RFC 6455 §5.4 text in fragments of ${size}`,
    path,
    steps: [send(concatAll(fragments(Opcode.text, words, size))), expectText(words)],
  },
  {
    name: `RFC 6455 §5.4 binary in fragments of ${size}, in TCP pieces of 11`,
    path,
    steps: [send(concatAll(fragments(Opcode.binary, words, size)), 11), expectBinary(words)],
  },
])

const onePerWrite: Case = {
  name: 'RFC 6455 §5.4 twenty fragments, each in its own write',
  path,
  steps: [
    ...fragments(Opcode.text, words.slice(0, 100), 5).map((one) => send(one)),
    expectText(words.slice(0, 100)),
  ],
}

function emptyParts(name: string, parts: readonly Payload[]): Case {
  const frames = parts.map((part, i) => {
    const fin = i === parts.length - 1
    return i === 0 ? text(part, { fin }) : continuation(part, { fin })
  })
  return {
    name: `RFC 6455 §5.4 ${name}`,
    path,
    steps: [send(concatAll(frames)), expectText(parts.join('')), ...stillServed],
  }
}

const empty: readonly Case[] = [
  emptyParts('empty first fragment', ['', 'abc']),
  emptyParts('empty last fragment', ['abc', '']),
  emptyParts('empty fragment in the middle', ['ab', '', 'c']),
  emptyParts('nothing but empty fragments is an empty message', ['', '', '']),
  emptyParts('fifty empty fragments around one octet', [
    ...Array(25).fill(''),
    'x',
    ...Array(25).fill(''),
  ]),
]

const misplaced: readonly Case[] = [
  {
    name: 'RFC 6455 §5.4 continuation with FIN where nothing was begun',
    path,
    steps: [send(continuation('abc')), ...failed(1002)],
  },
  {
    name: 'RFC 6455 §5.4 continuation without FIN where nothing was begun',
    path,
    steps: [send(continuation('abc', { fin: false })), ...failed(1002)],
  },
  {
    name: 'RFC 6455 §5.4 empty continuation where nothing was begun',
    path,
    steps: [send(continuation('')), ...failed(1002)],
  },
  {
    name: 'RFC 6455 §5.4 continuation after a whole message',
    path,
    steps: [...stillServed, send(continuation('abc')), ...failed(1002)],
  },
  {
    name: 'RFC 6455 §5.4 continuation after a finished fragmented message',
    path,
    steps: [
      send(concat(text('a', { fin: false }), continuation('b'))),
      expectText('ab'),
      send(continuation('c')),
      ...failed(1002),
    ],
  },
  {
    name: 'RFC 6455 §5.4 misplaced continuation is refused before its payload comes',
    path,
    steps: [send(continuation('', { declaredLength: 100n })), ...failed(1002)],
  },
  ...(['text', 'binary'] as const).flatMap((begun) =>
    (['text', 'binary'] as const).flatMap((next) =>
      [true, false].map((fin) => ({
        name: `RFC 6455 §5.4 ${next} ${fin ? 'with' : 'without'} FIN inside a fragmented ${begun} message`,
        path,
        steps: [
          send(begun === 'text' ? text('a', { fin: false }) : binary('a', { fin: false })),
          quiet(30),
          send(next === 'text' ? text('b', { fin }) : binary('b', { fin })),
          ...failed(1002),
        ],
      })),
    ),
  ),
  ...[4, 2, 1].map((rsv) => ({
    name: `RFC 6455 §5.2 reserved bits ${rsv} on a continuation`,
    path,
    steps: [send(concat(text('a', { fin: false }), continuation('b', { rsv }))), ...failed(1002)],
  })),
  {
    name: 'RFC 6455 §5.1 unmasked continuation',
    path,
    steps: [
      send(concat(text('a', { fin: false }), continuation('b', { mask: null }))),
      ...failed(1002),
    ],
  },
]

const sequences: readonly Case[] = [
  {
    name: 'RFC 6455 §5.4 fragmented text, then fragmented binary, then whole ones',
    path,
    steps: [
      send(
        concat(
          ...fragments(Opcode.text, 'text one', 3),
          ...fragments(Opcode.binary, 'binary two', 4),
          text('three'),
          binary('four'),
        ),
      ),
      expectText('text one'),
      expectBinary('binary two'),
      expectText('three'),
      expectBinary('four'),
    ],
  },
  {
    name: 'RFC 6455 §5.4 an unfinished message is not delivered',
    path,
    steps: [
      send(concat(text('a', { fin: false }), continuation('b', { fin: false }))),
      quiet(150),
      send(continuation('c')),
      expectText('abc'),
    ],
  },
  {
    name: 'RFC 6455 §5.3 each fragment has a mask of its own',
    path,
    steps: [
      send(
        concat(
          binary('abcde', { fin: false, mask: [1, 2, 3, 4] }),
          continuation('fghij', { fin: false, mask: [0, 0, 0, 0] }),
          continuation('klmno', { mask: [255, 128, 64, 32] }),
        ),
      ),
      expectBinary('abcdefghijklmno'),
    ],
  },
  {
    name: 'RFC 6455 §5.4 a first fragment with a 16-bit length, the next ones with 7 bits',
    path,
    steps: [
      send(
        concat(
          text('x'.repeat(300), { fin: false }),
          continuation('y', { fin: false }),
          continuation('z'.repeat(126)),
        ),
      ),
      expectText(`${'x'.repeat(300)}y${'z'.repeat(126)}`),
    ],
  },
]

export const fragmentationCases: readonly Case[] = [
  ...sizes,
  onePerWrite,
  ...empty,
  ...misplaced,
  ...sequences,
]
