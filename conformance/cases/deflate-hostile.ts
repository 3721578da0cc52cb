// Compressed messages that are wrong (RFC 7692 §7.2.2) and bombs (RFC 6455 §10.4): bounded while they inflate.

import {
  binary,
  concat,
  concatAll,
  continuation,
  fragments,
  hex,
  Opcode,
  text,
} from '../frame-codec.ts'
import {
  expectBinary,
  expectStatus,
  expectText,
  failed,
  send,
  type Case,
  type Step,
} from '../script.ts'
import { bomb, deflate, hello } from '../deflate-codec.ts'
import { compressed, headers, octets, path } from '../deflate-case.ts'
import { request } from '../upgrade-request.ts'

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
    // Each final block ends a stream for zlib; a server may answer or call it garbage, but not be slow.
    name: 'Hostile: bomb: 100,000 final blocks in one message',
    async run(scene) {
      const line = await scene.open(path, { headers })
      await line.write(binary(Buffer.alloc(500_000, hex('01 00 00 ff ff')), compressed))
      const answer = await line.readFrame(3000)
      const isEmpty = answer?.opcode === Opcode.binary && answer.payload.length <= 1
      const isGarbage =
        answer?.opcode === Opcode.close && Buffer.from(answer.payload).readUInt16BE() === 1007
      if (!isEmpty && !isGarbage) scene.fail('an empty message or 1007', line.describe())
    },
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

export const deflateHostileCases: readonly Case[] = [...wrong, ...bombs]
