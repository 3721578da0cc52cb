// Ping and pong, and the rules of all control frames (RFC 6455 §5.5). Close frames are in close.ts.

import {
  binary,
  bytesOf,
  close,
  concat,
  concatAll,
  continuation,
  frame,
  ping,
  pong,
  text,
  toHex,
} from '../frame-codec.ts'
import {
  expectBinary,
  expectClose,
  expectEnd,
  expectPong,
  expectPongs,
  expectText,
  failed,
  quiet,
  send,
  stillServed,
  type Case,
} from '../script.ts'

const path = '/echo'

const pingPayloads: readonly Case[] = [0, 1, 2, 3, 4, 5, 64, 123, 124, 125].map((length) => ({
  name: `RFC 6455 §5.5.2 ping of ${length} octets is answered with the same payload`,
  path,
  steps: [send(ping('p'.repeat(length))), expectPong('p'.repeat(length)), ...stillServed],
}))

const pingOctets: readonly Case[] = [
  Uint8Array.of(0, 0, 0, 0),
  Uint8Array.of(255, 254, 253),
  Uint8Array.of(0xed, 0xa0, 0x80),
  bytesOf('Grüße, 世界'),
].map((payload) => ({
  name: `RFC 6455 §5.5.2 ping payload is not text: ${toHex(payload)}`,
  path,
  steps: [send(ping(payload)), expectPong(payload)],
}))

const choppedPings: readonly Case[] = [1, 2, 7].map((chunk) => ({
  name: `RFC 6455 §5.5.2 ping in TCP pieces of ${chunk}`,
  path,
  steps: [send(ping('q'.repeat(60)), chunk), expectPong('q'.repeat(60))],
}))

const runs: readonly Case[] = [2, 10, 100].map((count) => {
  const payloads = Array.from({ length: count }, (_, i) => `ping ${i}`)
  return {
    name: `RFC 6455 §5.5.3 ${count} pings in one write: the last one is answered`,
    path,
    steps: [send(concatAll(payloads.map((payload) => ping(payload)))), expectPongs(payloads)],
  }
})

const oneByOne: Case = {
  name: 'RFC 6455 §5.5.2 ten pings, each answered before the next',
  path,
  steps: Array.from({ length: 10 }, (_, i) => [send(ping(`${i}`)), expectPong(`${i}`)]).flat(),
}

const tooLong: readonly Case[] = [
  [8, 'close'] as const,
  [9, 'ping'] as const,
  [10, 'pong'] as const,
].flatMap(([opcode, name]) => [
  {
    name: `RFC 6455 §5.5 ${name} of 126 octets`,
    path,
    steps: [send(frame(opcode, concat(Uint8Array.of(3, 232), 'x'.repeat(124)))), ...failed(1002)],
  },
  {
    name: `RFC 6455 §5.5 ${name} declaring 126 octets is refused before they come`,
    path,
    steps: [send(frame(opcode, '', { declaredLength: 126n })), ...failed(1002)],
  },
  {
    name: `RFC 6455 §5.5 ${name} with a 64-bit length of 65,536`,
    path,
    steps: [send(frame(opcode, '', { declaredLength: 65_536n })), ...failed(1002)],
  },
  {
    name: `RFC 6455 §5.5 ${name} without FIN, empty`,
    path,
    steps: [send(frame(opcode, '', { fin: false })), ...failed(1002)],
  },
  {
    name: `RFC 6455 §5.4 ${name} without FIN inside a fragmented message`,
    path,
    steps: [
      send(concat(text('a', { fin: false }), frame(opcode, '', { fin: false }))),
      ...failed(1002),
    ],
  },
])

const pongs: readonly Case[] = [
  {
    name: 'RFC 6455 §5.5.3 unsolicited empty pong is not answered',
    path,
    steps: [send(pong()), quiet(), ...stillServed],
  },
  {
    name: 'RFC 6455 §5.5.3 unsolicited pong with a payload is not answered',
    path,
    steps: [send(pong('nobody asked')), quiet(), ...stillServed],
  },
  {
    name: 'RFC 6455 §5.5.3 unsolicited pong of 125 octets',
    path,
    steps: [send(pong('x'.repeat(125))), ...stillServed],
  },
  {
    name: 'RFC 6455 §5.5.3 unsolicited pong, then a ping',
    path,
    steps: [send(concat(pong('one'), ping('two'))), expectPong('two')],
  },
  {
    name: 'RFC 6455 §5.5.3 a thousand unsolicited pongs',
    path,
    steps: [
      send(concatAll(Array.from({ length: 1000 }, () => pong('p')))),
      ...stillServed,
      quiet(),
    ],
  },
]

const between: readonly Case[] = [
  {
    name: 'RFC 6455 §5.4 ping between two fragments is answered at once',
    path,
    steps: [
      send(text('one ', { fin: false })),
      send(ping('now')),
      expectPong('now'),
      send(continuation('two')),
      expectText('one two'),
    ],
  },
  {
    name: 'RFC 6455 §5.4 pings between ten fragments, all in one write',
    path,
    steps: [
      send(
        concat(
          binary('0', { fin: false }),
          ...Array.from({ length: 8 }, (_, i) =>
            concat(ping(`p${i}`), continuation(`${i + 1}`, { fin: false })),
          ),
          continuation('9'),
        ),
      ),
      expectPongs(Array.from({ length: 8 }, (_, i) => `p${i}`)),
      expectBinary('0123456789'),
    ],
  },
  {
    name: 'RFC 6455 §5.4 pong between two fragments is ignored',
    path,
    steps: [
      send(concat(text('a', { fin: false }), pong('x'), continuation('b'))),
      expectText('ab'),
    ],
  },
  {
    name: 'RFC 6455 §5.4 close between two fragments ends the line, the message is dropped',
    path,
    steps: [
      send(concat(text('a', { fin: false }), close(1000), continuation('b'))),
      expectClose(1000),
      expectEnd(),
    ],
  },
  {
    name: 'RFC 6455 §5.5.2 ping before and after a message keep their places',
    path,
    steps: [
      send(concat(ping('before'), text('message'))),
      expectPong('before'),
      expectText('message'),
      send(ping('after')),
      expectPong('after'),
    ],
  },
  {
    name: 'RFC 6455 §5.5.2 a ping in the middle of a frame is payload, not a frame',
    path,
    steps: [send(binary(concat('x', ping('no'), 'y'))), expectBinary(concat('x', ping('no'), 'y'))],
  },
  {
    name: 'RFC 6455 §5.5.2 ping is answered while an asynchronous handler runs',
    path: '/async',
    steps: [
      send(concat(text('slow'), ping('meanwhile'))),
      expectPong('meanwhile'),
      expectText('slow'),
    ],
  },
  {
    name: 'RFC 6455 §5.5.2 ping right behind the upgrade',
    path,
    steps: [send(ping('first')), expectPong('first')],
  },
]

export const controlFrameCases: readonly Case[] = [
  ...pingPayloads,
  ...pingOctets,
  ...choppedPings,
  ...runs,
  oneByOne,
  ...tooLong,
  ...pongs,
  ...between,
]
