// Compressed messages there and back (RFC 7692 §6, §7.2), wrong ones, and bombs.

import { constants, deflateRawSync } from 'node:zlib'
import {
  binary,
  bytesOf,
  concat,
  concatAll,
  continuation,
  fragments,
  frame,
  hex,
  Opcode,
  ping,
  text,
  type Payload,
} from '../frame-codec.ts'
import {
  expectBinary,
  expectPong,
  expectStatus,
  expectText,
  failed,
  send,
  type Case,
  type Headers,
  type Step,
} from '../script.ts'
import { request } from '../upgrade-request.ts'

const path = '/deflate'
const offer = (parameters = ''): Headers => [
  ['Sec-WebSocket-Extensions', `permessage-deflate${parameters}`],
]
const headers = offer()
const compressed = { rsv: 4 }

interface DeflateSettings {
  readonly dictionary?: Payload
  readonly level?: number
  readonly windowBits?: number
}

/** RFC 7692 §7.2.1. A dictionary stands for the messages before it: context takeover. */
export function deflate(payload: Payload, settings: DeflateSettings = {}): Uint8Array {
  const { dictionary, level = 6, windowBits = 15 } = settings
  const out = deflateRawSync(bytesOf(payload), {
    level,
    windowBits,
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary === undefined ? {} : { dictionary: bytesOf(dictionary) }),
  })
  return out.subarray(0, -4)
}

/** Zeros that inflate to `count * blockMiB` MiB: one block again and again. */
export function bomb(count: number, blockMiB = 1): Uint8Array {
  const block = deflateRawSync(new Uint8Array(blockMiB * 1_048_576), {
    level: 9,
    finishFlush: constants.Z_FULL_FLUSH,
  })
  return concatAll(Array.from({ length: count }, () => block))
}

const hello = hex('f2 48 cd c9 c9 07 00')

function octets(name: string, steps: readonly Step[], offered = headers): Case {
  return { name: `RFC 7692 ${name}`, path, headers: offered, steps }
}

const examples: readonly Case[] = [
  octets('§7.2.3.1 the example message', [send(text(hello, compressed)), expectText('Hello')]),
  octets('§7.2.3.1 the example message in two fragments', [
    send(
      concat(text(hello.subarray(0, 3), { rsv: 4, fin: false }), continuation(hello.subarray(3))),
    ),
    expectText('Hello'),
  ]),
  octets('§7.2.3.2 the example of a window shared by two messages', [
    send(concat(text(hello, compressed), text(hex('f2 00 11 00 00'), compressed))),
    expectText('Hello'),
    expectText('Hello'),
  ]),
  octets('§7.2.3.2 the window may also start anew with each message', [
    send(concat(text(hello, compressed), text(hello, compressed))),
    expectText('Hello'),
    expectText('Hello'),
  ]),
  octets('§7.2.3.3 the example without compression', [
    send(text(hex('00 05 00 fa ff 48 65 6c 6c 6f 00'), compressed)),
    expectText('Hello'),
  ]),
  octets('§7.2.3.4 the example with BFINAL=1', [
    send(text(hex('f3 48 cd c9 c9 07 00 00'), compressed)),
    expectText('Hello'),
  ]),
  octets('§7.2.3.4 three messages with BFINAL=1', [
    send(
      concatAll(Array.from({ length: 3 }, () => text(hex('f3 48 cd c9 c9 07 00 00'), compressed))),
    ),
    expectText('Hello'),
    expectText('Hello'),
    expectText('Hello'),
  ]),
  octets('§7.2.3.4 an ordinary message after one with BFINAL=1', [
    send(concat(text(hex('f3 48 cd c9 c9 07 00 00'), compressed), text(hello, compressed))),
    expectText('Hello'),
    expectText('Hello'),
  ]),
  octets('§7.2.3.5 the example of two blocks', [
    send(text(hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'), compressed)),
    expectText('Hello'),
  ]),
  octets('§7.2.3.6 the example of an empty message', [
    send(text(hex('00'), compressed)),
    expectText(''),
  ]),
  octets('§7.2.2 a payload of nothing is an empty message', [
    send(text('', compressed)),
    expectText(''),
  ]),
  octets('§7.2.2 an empty message between two others', [
    send(
      concat(
        text(hello, compressed),
        text(hex('00'), compressed),
        text(hex('f2 00 11 00 00'), compressed),
      ),
    ),
    expectText('Hello'),
    expectText(''),
    expectText('Hello'),
  ]),
]

const prose = (length: number) =>
  'Holdline keeps a line open. '.repeat(length / 28 + 1).slice(0, length)
/** Octets that do not compress. */
function noise(length: number): Uint8Array {
  let state = 88_172_645
  return Uint8Array.from({ length }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  })
}

const sizes = [1, 2, 100, 125, 126, 1024, 8192, 65_535, 65_536, 300_000, 1_048_576]

const whole: readonly Case[] = sizes.flatMap((length) => [
  octets(`§7.2 compressed text of ${length} octets`, [
    send(() => text(deflate(prose(length)), compressed)),
    expectText(() => prose(length)),
  ]),
  octets(`§7.2 compressed noise of ${length} octets`, [
    send(() => binary(deflate(noise(length - (length >> 10))), compressed)),
    expectBinary(() => noise(length - (length >> 10))),
  ]),
])

const levels: readonly Case[] = [0, 1, 9].map((level) =>
  octets(`§7.2.1 text compressed at level ${level}`, [
    send(text(deflate(prose(20_000), { level }), compressed)),
    expectText(prose(20_000)),
  ]),
)

/** Ten messages; each but the first refers to those before. */
function conversation(takeover: boolean): Step[] {
  const messages = Array.from({ length: 10 }, (_, i) => `${prose(600)} number ${i}`)
  return messages.flatMap((message, i) => {
    const before = messages.slice(0, i).join('')
    const settings = takeover && i > 0 ? { dictionary: before } : {}
    return [send(text(deflate(message, settings), compressed)), expectText(message)]
  })
}

const contexts: readonly Case[] = [
  octets('§7.1.1 ten messages with context takeover both ways', conversation(true)),
  octets('§7.1.1 ten messages, the client forgets its context', conversation(false)),
  octets(
    '§7.1.1.1 ten messages, the server forgets its context',
    conversation(true),
    offer('; server_no_context_takeover'),
  ),
  octets(
    '§7.1.1.2 ten messages, the client said that it forgets its context',
    conversation(false),
    offer('; client_no_context_takeover'),
  ),
  octets(
    '§7.1.1 ten messages, both forget',
    conversation(false),
    offer('; client_no_context_takeover; server_no_context_takeover'),
  ),
  ...[9, 10, 12].map((bits) =>
    octets(
      `§7.1.2.1 a large answer keeps to server_max_window_bits=${bits}`,
      [
        send(() =>
          text(concat(prose(3000), Buffer.from(noise(2000)).toString('hex'), prose(3000))),
        ),
        expectText(() =>
          concat(prose(3000), Buffer.from(noise(2000)).toString('hex'), prose(3000)),
        ),
      ],
      offer(`; server_max_window_bits=${bits}`),
    ),
  ),
  ...[9, 11].map((bits) =>
    octets(
      `§7.1.2.2 the client keeps to a window of ${bits} bits`,
      [
        send(() => binary(deflate(noise(5000), { windowBits: bits }), compressed)),
        expectBinary(() => noise(5000)),
      ],
      offer(`; client_max_window_bits=${bits}`),
    ),
  ),
]

const mixed: readonly Case[] = [
  octets('§6 uncompressed messages are allowed beside compressed ones', [
    send(
      concat(text('plain'), text(hello, compressed), binary('plain'), binary(hello, compressed)),
    ),
    expectText('plain'),
    expectText('Hello'),
    expectBinary('plain'),
    expectBinary('Hello'),
  ]),
  octets('§6 an uncompressed message does not change the context', [
    send(concat(text(hello, compressed), text('between'), text(hex('f2 00 11 00 00'), compressed))),
    expectText('Hello'),
    expectText('between'),
    expectText('Hello'),
  ]),
  octets('§7.2 a large text is sent compressed', [
    send(text(prose(65_536))),
    expectText(prose(65_536), true),
  ]),
  ...[1, 2, 5, 100].map((size) =>
    octets(`§6.1 a compressed message in fragments of ${size}`, [
      send(concatAll(fragments(Opcode.text, deflate(prose(4000)), size, compressed))),
      expectText(prose(4000)),
    ]),
  ),
  ...[1, 3].map((chunk) =>
    octets(`§6.1 a compressed message in TCP pieces of ${chunk}`, [
      send(text(deflate(prose(4000)), compressed), chunk),
      expectText(prose(4000)),
    ]),
  ),
  octets('§6.1 empty fragments around a compressed message', [
    send(
      concat(
        text('', { rsv: 4, fin: false }),
        continuation(hello, { fin: false }),
        continuation(''),
      ),
    ),
    expectText('Hello'),
  ]),
  octets('§6.1 a ping between the fragments of a compressed message', [
    send(
      concat(
        text(hello.subarray(0, 2), { rsv: 4, fin: false }),
        ping('now'),
        continuation(hello.subarray(2)),
      ),
    ),
    expectPong('now'),
    expectText('Hello'),
  ]),
  {
    name: 'RFC 7692 §6 a compressed message right behind the request',
    steps: [
      send(request({ target: path, add: headers, then: text(hello, compressed) })),
      expectStatus(101, { 'sec-websocket-extensions': /^permessage-deflate/ }),
      expectText('Hello'),
    ],
  },
]

const reservedBits: readonly Case[] = [
  ...[8, 9, 10].map((opcode) =>
    octets(`§6 RSV1 on control frame 0x${opcode.toString(16)}`, [
      send(frame(opcode, '', compressed)),
      ...failed(1002),
    ]),
  ),
  octets('§6.1 RSV1 on a continuation of a compressed message', [
    send(
      concat(
        text(hello.subarray(0, 3), { rsv: 4, fin: false }),
        continuation(hello.subarray(3), compressed),
      ),
    ),
    ...failed(1002),
  ]),
  octets('§6.1 RSV1 on a continuation of an uncompressed message', [
    send(concat(text('a', { fin: false }), continuation(hello, compressed))),
    ...failed(1002),
  ]),
  ...[1, 2, 3, 5, 6, 7].map((rsv) =>
    octets(`§6 reserved bits ${rsv} with permessage-deflate agreed`, [
      send(text(hello, { rsv })),
      ...failed(1002),
    ]),
  ),
  {
    name: 'RFC 7692 §6 RSV1 where permessage-deflate was not offered',
    path,
    steps: [send(text(hello, compressed)), ...failed(1002)],
  },
]

const wrong: readonly Case[] = [
  ...[
    ['a block of the reserved type', '06'],
    ['octets FF', 'ff ff ff ff ff ff ff'],
    ['a stored block whose length does not match', '00 05 00 00 00 48 65 6c 6c 6f 00'],
    ['a distance before the beginning', 'f2 00 11 00 00'],
    ['a table with too many codes', 'fc ff ff ff ff ff'],
    ['a bad block behind a good one', 'f2 48 cd c9 c9 07 00 00 00 ff ff 07'],
  ].map(([name = '', bad = '']) =>
    octets(`§7.2.2 garbage: ${name}`, [send(binary(hex(bad), compressed)), ...failed(1007)]),
  ),
  octets('§7.2.2 garbage in fragments', [
    send(concat(binary(hex('ff ff'), { rsv: 4, fin: false }), continuation(hex('ff ff ff ff')))),
    ...failed(1007),
  ]),
  octets('§7.2.2 garbage after good messages', [
    send(concat(text(hello, compressed), text(hex('06'), compressed))),
    expectText('Hello'),
    ...failed(1007),
  ]),
  ...['ff', 'ed a0 80', 'f4 90 80 80', 'e2 82'].map((bad) =>
    octets(`§6.2 compressed text that is not UTF-8: ${bad}`, [
      send(text(deflate(concat('abc', hex(bad))), compressed)),
      ...failed(1007),
    ]),
  ),
  octets('§6.2 compressed binary may hold anything', [
    send(binary(deflate(hex('ff fe ed a0 80')), compressed)),
    expectBinary(hex('ff fe ed a0 80')),
  ]),
]

function small(name: string, payload: () => Uint8Array, ...then: Step[]): Case {
  return {
    name: `Hostile: bomb: ${name}`,
    path: '/limits-deflate',
    headers,
    steps: [send(() => binary(payload(), compressed)), ...then],
  }
}

const bombs: readonly Case[] = [
  small(
    '1,024 octets inflated where 1,024 are allowed',
    () => deflate(new Uint8Array(1024)),
    expectBinary(new Uint8Array(1024)),
  ),
  small(
    '1,025 octets inflated where 1,024 are allowed',
    () => deflate(new Uint8Array(1025)),
    ...failed(1009),
  ),
  small(
    '64 KiB inflated where 1,024 are allowed',
    () => deflate(new Uint8Array(65_536)),
    ...failed(1009),
  ),
  small(
    '1 MiB inflated where 1,024 are allowed',
    () => deflate(new Uint8Array(1_048_576), { level: 9 }).subarray(0, 1000),
    ...failed(1009),
  ),
  octets('§8 10 MiB of zeros at default limits', [
    send(() => binary(bomb(10), compressed)),
    ...failed(1009),
  ]),
  octets('§8 10 MiB of zeros in fragments of 100', [
    send(() => concatAll(fragments(Opcode.binary, bomb(10), 100, compressed))),
    ...failed(1009),
  ]),
  octets('§8 one octet more than 1 MiB', [
    send(() => binary(deflate(new Uint8Array(1_048_577)), compressed)),
    ...failed(1009),
  ]),
  octets('§8 a bomb whose last fragment is empty', [
    send(() => concat(binary(bomb(3), { rsv: 4, fin: false }), continuation(''))),
    ...failed(1009),
  ]),
  {
    name: 'Hostile: bomb: behind a request whose acceptance is asynchronous (before auth)',
    steps: [
      send(request({ target: '/async-accept', add: headers, then: binary(bomb(10), compressed) })),
      expectStatus(101),
      ...failed(1009),
    ],
  },
  {
    name: 'Hostile: bomb: 2 MiB of empty stored blocks in fragments',
    path,
    headers,
    steps: [
      send(() =>
        concatAll(
          fragments(
            Opcode.binary,
            Buffer.alloc(2_097_150, hex('00 00 00 ff ff')),
            65_535,
            compressed,
          ),
        ),
      ),
      ...failed(1009),
    ],
  },
  {
    name: 'Hostile: bomb: 100,000 empty stored blocks are an empty message',
    path,
    headers,
    steps: [
      // The last block leaves out its four octets of length, as each message does (§7.2.1).
      send(() => binary(Buffer.alloc(500_001, hex('00 00 00 ff ff')), compressed)),
      expectBinary(''),
    ],
  },
]

export const deflateCases: readonly Case[] = [
  ...examples,
  ...whole,
  ...levels,
  ...contexts,
  ...mixed,
  ...reservedBits,
  ...wrong,
  ...bombs,
]
