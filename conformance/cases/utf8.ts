// UTF-8 in text messages (RFC 6455 §8.1, RFC 3629): every boundary, each way to be wrong, and how early that is said.

import { concat, concatAll, continuation, hex, text, toHex } from '../frame-codec.ts'
import { expectText, failed, quiet, send, stillServed, type Case } from '../script.ts'

const path = '/echo'

const valid: readonly (readonly [name: string, octets: string])[] = [
  ['U+0000', '00'],
  ['U+007F, last of one octet', '7f'],
  ['U+0080, first of two', 'c2 80'],
  ['U+07FF, last of two', 'df bf'],
  ['U+0800, first of three', 'e0 a0 80'],
  ['U+0FFF', 'e0 bf bf'],
  ['U+1000', 'e1 80 80'],
  ['U+CFFF', 'ec bf bf'],
  ['U+D000', 'ed 80 80'],
  ['U+D7FF, last before the surrogates', 'ed 9f bf'],
  ['U+E000, first after the surrogates', 'ee 80 80'],
  ['U+FDD0, no character', 'ef b7 90'],
  ['U+FEFF, byte order mark', 'ef bb bf'],
  ['U+FFFD', 'ef bf bd'],
  ['U+FFFE, no character', 'ef bf be'],
  ['U+FFFF, last of three', 'ef bf bf'],
  ['U+10000, first of four', 'f0 90 80 80'],
  ['U+1FFFE, no character', 'f0 9f bf be'],
  ['U+3FFFF', 'f0 bf bf bf'],
  ['U+40000', 'f1 80 80 80'],
  ['U+FFFFF', 'f3 bf bf bf'],
  ['U+100000', 'f4 80 80 80'],
  ['U+10FFFF, last of all', 'f4 8f bf bf'],
]

/** `bad` is the index of the first octet after which no continuation can make the text valid. */
const invalid: readonly (readonly [name: string, octets: string, bad: number])[] = [
  ['lone continuation 80', '80', 0],
  ['lone continuation BF', 'bf', 0],
  ['continuation after ASCII', '61 80', 1],
  ['third octet after two', 'c2 80 80', 2],
  ['overlong lead C0', 'c0 af', 0],
  ['overlong lead C1', 'c1 bf', 0],
  ['C2 without its continuation', 'c2 41', 1],
  ['C2 followed by a lead', 'c2 c2 80', 1],
  ['DF followed by FF', 'df ff', 1],
  ['overlong of three, E0 80', 'e0 80 af', 1],
  ['overlong of three, E0 9F', 'e0 9f bf', 1],
  ['E1 without a second octet', 'e1 41 80', 1],
  ['E1 80 without a third octet', 'e1 80 41', 2],
  ['E1 80 followed by C0', 'e1 80 c0', 2],
  ['surrogate U+D800', 'ed a0 80', 1],
  ['surrogate U+DB7F', 'ed ad bf', 1],
  ['surrogate U+DC00', 'ed b0 80', 1],
  ['surrogate U+DFFF', 'ed bf bf', 1],
  ['a pair of surrogates (CESU-8)', 'ed a0 81 ed b0 80', 1],
  ['overlong of four, F0 80', 'f0 80 80 af', 1],
  ['overlong of four, F0 8F', 'f0 8f bf bf', 1],
  ['F0 without a second octet', 'f0 41 80 80', 1],
  ['F0 90 without a third octet', 'f0 90 41 80', 2],
  ['F0 90 80 without a fourth octet', 'f0 90 80 41', 3],
  ['U+110000, F4 90', 'f4 90 80 80', 1],
  ['F4 BF', 'f4 bf bf bf', 1],
  ['lead F5', 'f5 80 80 80', 0],
  ['lead F7', 'f7 bf bf bf', 0],
  ['lead F8, five octets', 'f8 88 80 80 80', 0],
  ['lead FB', 'fb bf bf bf bf', 0],
  ['lead FC, six octets', 'fc 84 80 80 80 80', 0],
  ['octet FE', 'fe', 0],
  ['octet FF', 'ff', 0],
  ['bad octet behind a sentence', '48 65 6c 6c 6f 2d c2 b5 40 c3 9f c3 b6 c3 bc ed a0 80', 16],
]

const truncated: readonly string[] = [
  'c2',
  'df',
  'e0',
  'e0 a0',
  'ed 9f',
  'ef bf',
  'f0',
  'f0 90',
  'f4 8f bf',
  '61 62 e2 82',
]

const wholeValid: readonly Case[] = valid.map(([name, octets]) => ({
  name: `RFC 6455 §8.1 valid: ${name}`,
  path,
  steps: [send(text(hex(octets))), expectText(hex(octets)), ...stillServed],
}))

/** Between two ASCII letters, cut at every octet: into frames, and into TCP pieces. */
const cutValid: readonly Case[] = valid
  .filter(([, octets]) => octets.length > 2)
  .flatMap(([name, octets]) => {
    const all = concat('a', hex(octets), 'z')
    const frames = Array.from(all, (octet, i) => {
      const fin = i === all.length - 1
      const one = Uint8Array.of(octet)
      return i === 0 ? text(one, { fin }) : continuation(one, { fin })
    })
    return [
      {
        name: `RFC 6455 §8.1 valid, a fragment for each octet: ${name}`,
        path,
        steps: [send(concatAll(frames)), expectText(all)],
      },
      {
        name: `RFC 6455 §8.1 valid, a TCP piece for each octet: ${name}`,
        path,
        steps: [send(text(all), 1), expectText(all)],
      },
    ]
  })

const wholeInvalid: readonly Case[] = invalid.map(([name, octets]) => ({
  name: `RFC 6455 §8.1 invalid: ${name}`,
  path,
  steps: [send(text(hex(octets))), ...failed(1007)],
}))

/** The frame declares more than is sent: the refusal must come at the first bad octet. */
const failFast: readonly Case[] = invalid.map(([name, octets, bad]) => {
  const sent = hex(octets).subarray(0, bad + 1)
  return {
    name: `RFC 6455 §8.1 fail fast, frame incomplete: ${name}`,
    path,
    steps: [send(text(sent, { declaredLength: 100n })), ...failed(1007)],
  }
})

/** What comes before the bad octet must not be refused, and the bad octet must be at once. */
const failFastFragments: readonly Case[] = invalid
  .filter(([, , bad]) => bad > 0)
  .map(([name, octets, bad]) => {
    const all = hex(octets)
    return {
      name: `RFC 6455 §8.1 fail fast, across fragments: ${name}`,
      path,
      steps: [
        send(text(all.subarray(0, bad), { fin: false })),
        quiet(40),
        send(continuation(all.subarray(bad, bad + 1), { fin: false })),
        ...failed(1007),
      ],
    }
  })

const cutShort: readonly Case[] = truncated.flatMap((octets) => [
  {
    name: `RFC 6455 §8.1 message ends inside a character: ${octets}`,
    path,
    steps: [send(text(hex(octets))), ...failed(1007)],
  },
  {
    name: `RFC 6455 §8.1 last fragment is empty, character unfinished: ${octets}`,
    path,
    steps: [
      send(text(hex(octets), { fin: false })),
      quiet(30),
      send(continuation('')),
      ...failed(1007),
    ],
  },
])

const short = `${'x'.repeat(30)}é${'世界'.repeat(20)}🦀`
const long = `${'x'.repeat(3000)}é${'世界'.repeat(2000)}🦀`

const rest: readonly Case[] = [
  {
    name: 'RFC 6455 §8.1 long text with a bad octet at its very end',
    path,
    steps: [send(text(concat('y'.repeat(60_000), Uint8Array.of(0xff)))), ...failed(1007)],
  },
  {
    name: 'RFC 6455 §8.1 long text with a bad octet at its very beginning, nothing more sent',
    path,
    steps: [send(text(hex('ff'), { declaredLength: 60_000n })), ...failed(1007)],
  },
  {
    name: 'RFC 6455 §8.1 bad octet inside a long ASCII run at an odd place',
    path,
    steps: [
      send(text(concat('y'.repeat(4097), Uint8Array.of(0xc0), 'y'.repeat(4097)))),
      ...failed(1007),
    ],
  },
  ...[1, 2, 3, 5].map((chunk) => ({
    name: `RFC 6455 §8.1 text of all lengths of characters in TCP pieces of ${chunk}`,
    path,
    steps: [send(text(short), chunk), expectText(short)],
  })),
  {
    name: 'RFC 6455 §8.1 long text of all lengths of characters in TCP pieces of 1,021',
    path,
    steps: [send(text(long), 1021), expectText(long)],
  },
  {
    name: 'RFC 6455 §8.1 a pair of surrogates in the source is one character of four octets',
    path,
    steps: [send(text('\u{1F980}')), expectText(hex('f0 9f a6 80'))],
  },
  {
    name: 'RFC 6455 §8.1 ping between the halves of a character does not disturb it',
    path,
    steps: [
      send(
        concat(
          text(hex('e2 82'), { fin: false }),
          hex('89 80 00 00 00 00'),
          continuation(hex('ac')),
        ),
      ),
      { do: 'pong' as const, payload: '' },
      expectText('€'),
    ],
  },
  {
    name: 'RFC 6455 §8.1 an unfinished character does not reach into the next message',
    path,
    steps: [send(concat(text('€'), text(hex('ac')))), expectText('€'), ...failed(1007)],
  },
  {
    name: `RFC 6455 §5.6 binary messages may hold anything: ${toHex(hex('ff fe c0 80'))}`,
    path,
    steps: [
      send(concat(Uint8Array.of(0x82, 0x84, 0, 0, 0, 0), hex('ff fe c0 80'))),
      {
        do: 'message' as const,
        expected: { type: 'binary' as const, payload: hex('ff fe c0 80') },
        withinMs: 8000,
      },
    ],
  },
]

export const utf8Cases: readonly Case[] = [
  ...wholeValid,
  ...cutValid,
  ...wholeInvalid,
  ...failFast,
  ...failFastFragments,
  ...cutShort,
  ...rest,
]
