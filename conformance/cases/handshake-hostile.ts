// Requests meant to exhaust or to crash: endless headers, slow ones, and clients that leave (RFC 6455 §4.2.1, §10).

import { hex } from '../frame-codec.ts'
import {
  expectGone,
  expectStatus,
  finish,
  quiet,
  refused,
  reset,
  send,
  stillServed,
  wait,
  type Case,
  type Octets,
} from '../script.ts'
import {
  rawRequest,
  request,
  sampleKey,
  upgradeLines,
  type RequestChanges,
} from '../upgrade-request.ts'

function refusedCase(name: string, statuses: number | number[], octets: Octets): Case {
  return { name: `Hostile: ${name}`, steps: [send(octets), ...refused(statuses)] }
}

const many = (count: number, name: string, value: string) =>
  Array.from({ length: count }, () => [name, value] as const)

const headers: readonly Case[] = [
  refusedCase('headers: one value of 64 KiB', 431, request({ add: [['X', 'v'.repeat(65_536)]] })),
  refusedCase('headers: one value of 17 KiB', 431, request({ add: [['X', 'v'.repeat(17_408)]] })),
  refusedCase(
    'headers: a cookie of 20 KiB',
    431,
    request({ add: [['Cookie', 'c'.repeat(20_480)]] }),
  ),
  refusedCase('headers: a name of 20 KiB', 431, request({ add: [['n'.repeat(20_480), 'v']] })),
  refusedCase(
    'headers: a target of 20 KiB',
    [414, 431],
    request({ target: `/echo?${'q'.repeat(20_480)}` }),
  ),
  refusedCase(
    'headers: 2,000 headers of 12 octets',
    [400, 431],
    request({ add: many(2000, 'X-abc', '1234') }),
  ),
  {
    name: 'Hostile: headers: a cookie of 12 KiB is within the limit',
    steps: [
      send(request({ add: [['Cookie', 'c'.repeat(12_288)]] })),
      expectStatus(101),
      ...stillServed,
    ],
  },
  {
    // A parser that keeps only the first N headers would lose Upgrade (CVE-2024-37890).
    name: 'Hostile: headers: 2,100 tiny headers before Upgrade do not end the process',
    steps: [
      send(rawRequest(`GET /echo HTTP/1.1\r\n${'a:\r\n'.repeat(2100)}${upgradeLines('\r\n')}`)),
      expectStatus([101, 400, 431]),
    ],
  },
  {
    name: 'Hostile: headers: 2,100 tiny headers after Upgrade do not end the process',
    steps: [
      send(
        rawRequest(
          `GET /echo HTTP/1.1\r\n${upgradeLines('\r\n').slice(0, -2)}${'a:\r\n'.repeat(2100)}\r\n`,
        ),
      ),
      expectStatus([101, 400, 431]),
    ],
  },
  {
    name: 'Hostile: headers: one name 500 times',
    steps: [send(request({ add: many(500, 'Cookie', 'a=b') })), expectStatus([101, 400, 431])],
  },
  refusedCase(
    'headers: Sec-WebSocket-Key 100 times',
    400,
    request({
      add: many(100, 'Sec-WebSocket-Key', sampleKey),
    }),
  ),
  {
    name: 'Hostile: headers: property names as header names',
    steps: [
      send(
        request({
          add: [
            ['__proto__', 'x'],
            ['constructor', 'y'],
            ['hasOwnProperty', 'z'],
          ],
        }),
      ),
      expectStatus(101),
      ...stillServed,
    ],
  },
]

const linear: readonly (readonly [string, number[], RequestChanges])[] = [
  [
    'extension with 15,000 spaces inside',
    [400],
    { add: [['Sec-WebSocket-Extensions', `b${' '.repeat(15_000)}x`]] },
  ],
  [
    'extension parameter never closed',
    [400],
    { add: [['Sec-WebSocket-Extensions', `a; b="${'\\c'.repeat(7000)}`]] },
  ],
  [
    'extension of 7,000 semicolons',
    [400],
    { add: [['Sec-WebSocket-Extensions', `a${';'.repeat(7000)}`]] },
  ],
  [
    'extension of 7,000 commas',
    [101, 400],
    { add: [['Sec-WebSocket-Extensions', `a${','.repeat(7000)}`]] },
  ],
  [
    'subprotocol with 15,000 spaces inside',
    [400],
    { target: '/subprotocol', add: [['Sec-WebSocket-Protocol', `b${' '.repeat(15_000)}x`]] },
  ],
  [
    'subprotocols, 5,000 of one letter',
    [101, 400],
    {
      target: '/subprotocol',
      add: [['Sec-WebSocket-Protocol', Array.from({ length: 1500 }, (_, i) => `p${i}`).join(',')]],
    },
  ],
  [
    'Connection with 5,000 tokens',
    [101, 400],
    { set: { Connection: `${'a,'.repeat(5000)}Upgrade` } },
  ],
  [
    'Connection with 14,000 spaces',
    [101, 400],
    { set: { Connection: `a,${' '.repeat(14_000)}Upgrade` } },
  ],
  ['Origin of 14,000 slashes', [403], { add: [['Origin', `https:${'/'.repeat(14_000)}`]] }],
]

const regularExpressions: readonly Case[] = linear.flatMap(([name, statuses, changes]) =>
  // The route with extensions on parses them; the one without may.
  [changes.target ?? '/deflate'].map((target) => ({
    name: `Hostile: ReDoS: ${name}`,
    steps: [send(request({ ...changes, target })), { ...expectStatus(statuses), withinMs: 2000 }],
  })),
)

const slow: readonly Case[] = [
  {
    name: 'Hostile: slowloris: a connection that says nothing ends at 10 s',
    steps: [expectGoneAfterHandshakeTime()],
    withinMs: 20_000,
  },
  {
    name: 'Hostile: slowloris: half a request, then nothing, ends at 10 s',
    steps: [
      send(rawRequest('GET /echo HTTP/1.1\r\nHost: {host}\r\nUpgr')),
      wait(8_000),
      expectGoneAfterHandshakeTime(),
    ],
    withinMs: 20_000,
  },
  {
    name: 'Hostile: slowloris: one octet of the request every 100 ms ends at 10 s',
    async run(scene) {
      const connection = await scene.connect()
      const begin = performance.now()
      const octets = request()(scene.endpoint)
      for (let i = 0; i < octets.length - 1 && !connection.ended; i++) {
        connection.push(octets.subarray(i, i + 1))
        await connection.until(() => connection.ended, 100)
      }
      const tookMs = performance.now() - begin
      if (!connection.ended || tookMs < 8_000 || tookMs > 13_000) {
        scene.fail('the end of TCP at 10 s', `${connection.ended} after ${tookMs.toFixed(0)} ms`)
      }
    },
    withinMs: 30_000,
  },
  {
    name: 'Hostile: slowloris: a TLS hello begun and nothing more ends at 10 s',
    only: { transport: 'wss', why: 'there is no TLS on ws' },
    connect: { plain: true },
    steps: [send(hex('16 03 01 02 00 01 00 01')), expectGoneAfterHandshakeTime()],
    withinMs: 20_000,
  },
  {
    name: 'Hostile: slowloris: TCP open, no TLS hello at all, ends at 10 s',
    only: { transport: 'wss', why: 'there is no TLS on ws' },
    connect: { plain: true },
    steps: [expectGoneAfterHandshakeTime()],
    withinMs: 20_000,
  },
  {
    name: 'Hostile: plain HTTP where TLS is spoken',
    only: { transport: 'wss', why: 'there is no TLS on ws' },
    connect: { plain: true },
    async run(scene) {
      const connection = await scene.connect({ plain: true })
      await connection.write(request()(scene.endpoint))
      if (!(await connection.until(() => connection.ended, 4000))) {
        scene.fail('the end of TCP', connection.describe())
      }
    },
  },
]

function expectGoneAfterHandshakeTime() {
  // A 408 may come first; what counts is that the line ends.
  return { do: 'over', withinMs: 13_000 } as const
}

const leaving: readonly Case[] = [
  { name: 'Hostile: a connection that ends without a request', steps: [finish, expectGone(4000)] },
  { name: 'Hostile: a connection that is reset without a request', steps: [reset] },
  {
    name: 'Hostile: FIN in the middle of the request',
    steps: [send(rawRequest('GET /echo HTTP/1.1\r\nHost')), finish, expectGone(4000)],
  },
  {
    name: 'Hostile: FIN right behind the request',
    steps: [send(request()), finish, { do: 'over', withinMs: 4000 }],
  },
  { name: 'Hostile: RST right behind the request', steps: [send(request()), reset] },
  {
    name: 'Hostile: RST while the acceptance is under way',
    steps: [send(request({ target: '/async-accept' })), quiet(30), reset, wait(200)],
  },
  {
    name: 'Hostile: FIN while the acceptance is under way',
    steps: [send(request({ target: '/async-accept' })), finish, { do: 'over', withinMs: 4000 }],
  },
]

export const handshakeHostileCases: readonly Case[] = [
  ...headers,
  ...regularExpressions,
  ...slow,
  ...leaving,
]
