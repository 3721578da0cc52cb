// Compressed messages there and back (RFC 7692 §6, §7.2). Wrong ones and bombs are in deflate-hostile.ts.

import {
  binary,
  concat,
  concatAll,
  continuation,
  fragments,
  frame,
  hex,
  Opcode,
  ping,
  text,
} from '../frame-codec.ts'
import {
  expectBinary,
  expectPong,
  expectStatus,
  expectText,
  failed,
  send,
  type Case,
  type Step,
} from '../script.ts'
import { deflate, hello } from '../deflate-codec.ts'
import { compressed, headers, octets, offer, path } from '../deflate-case.ts'
import { request } from '../upgrade-request.ts'

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

export const deflateCases: readonly Case[] = [
  ...examples,
  ...whole,
  ...levels,
  ...contexts,
  ...mixed,
  ...reservedBits,
]
