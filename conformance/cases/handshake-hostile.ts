// Requests meant to confuse, to smuggle, to exhaust or to crash (RFC 9112, RFC 6455 §4.2.1).

import { hex, text } from '../frame-codec.ts'
import {
  expectEnd,
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
import { rawRequest, request, sampleKey, type RequestChanges } from '../upgrade-request.ts'

/** A second request that must never be looked at. */
const smuggled = 'GET /plain HTTP/1.1\r\nHost: {host}\r\n\r\n'

function refusedCase(name: string, statuses: number | number[], octets: Octets): Case {
  return { name: `Hostile: ${name}`, steps: [send(octets), ...refused(statuses)] }
}

function withPipelined(name: string, statuses: number | number[], changes: RequestChanges): Case {
  return refusedCase(
    `smuggling: ${name}, then a pipelined GET that is never answered`,
    statuses,
    request({ ...changes, then: smuggled }),
  )
}

const smuggling: readonly Case[] = [
  withPipelined('version 12', 426, { set: { 'Sec-WebSocket-Version': '12' } }),
  withPipelined('no key', 400, { set: { 'Sec-WebSocket-Key': null } }),
  withPipelined('unknown path', 404, { target: '/nothing' }),
  withPipelined('foreign origin', 403, { add: [['Origin', 'https://evil.example']] }),
  withPipelined('refused by the route', 401, { target: '/refused' }),
  withPipelined('method POST', [400, 405], { method: 'POST' }),
  withPipelined('Content-Length and Transfer-Encoding', 400, {
    add: [
      ['Content-Length', '4'],
      ['Transfer-Encoding', 'chunked'],
    ],
  }),
  withPipelined('Transfer-Encoding: chunked with an upgrade', 400, {
    add: [['Transfer-Encoding', 'chunked']],
  }),
  withPipelined('two different Content-Lengths', 400, {
    add: [
      ['Content-Length', '0'],
      ['Content-Length', '38'],
    ],
  }),
  withPipelined('Content-Length: +5', 400, { add: [['Content-Length', '+5']] }),
  withPipelined('Content-Length: -1', 400, { add: [['Content-Length', '-1']] }),
  withPipelined('Content-Length: 0x10', 400, { add: [['Content-Length', '0x10']] }),
  withPipelined('Transfer-Encoding: xchunked', 400, { add: [['Transfer-Encoding', 'xchunked']] }),
  withPipelined('space before a colon', 400, { add: [['Transfer-Encoding ', 'chunked']] }),
  withPipelined('absolute URI of another host', 400, { target: 'http://evil.example/echo' }),
  withPipelined('absolute URI of this host', 400, { target: '{scheme}://{host}:{port}/echo' }),
  withPipelined('target without a slash', 400, { target: 'echo' }),
  withPipelined('target *', 400, { target: '*' }),
  {
    name: 'Hostile: smuggling: 101, then a pipelined GET is read as frames',
    steps: [
      send(request({ then: smuggled })),
      expectStatus(101),
      // 47 is 'G': FIN clear, RSV1 set.
      { do: 'close', codes: [1002], withinMs: 4000 },
      expectEnd(),
    ],
  },
]

const upgradeLines = (end: string) =>
  [
    'Host: {host}:{port}',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${sampleKey}`,
    'Sec-WebSocket-Version: 13',
    '',
    '',
  ].join(end)

const requestLines: readonly (readonly [string, string])[] = [
  ['method in lower case', 'get /echo HTTP/1.1'],
  ['a tab', 'GET\t/echo\tHTTP/1.1'],
  ['no version', 'GET /echo'],
  ['HTTP/1.2', 'GET /echo HTTP/1.2'],
  ['HTTP/2.0', 'GET /echo HTTP/2.0'],
  ['HTTP/11', 'GET /echo HTTP/11'],
  ['http/1.1 in lower case', 'GET /echo http/1.1'],
  ['a space in the target', 'GET /echo /x HTTP/1.1'],
  ['a NUL in the target', 'GET /ec\0ho HTTP/1.1'],
  ['a CR in the target', 'GET /ec\rho HTTP/1.1'],
  ['an unknown method', 'BREW /echo HTTP/1.1'],
]

const malformed: readonly Case[] = [
  ...requestLines.map(([name, line]) =>
    refusedCase(
      `malformed request line: ${name}`,
      [400, 405, 505],
      rawRequest(`${line}\r\n${upgradeLines('\r\n')}`),
    ),
  ),
  {
    // RFC 9112 §3 lets a parser take any white space between the words.
    name: 'Hostile: two spaces in the request line',
    steps: [
      send(rawRequest(`GET  /echo HTTP/1.1\r\n${upgradeLines('\r\n')}`)),
      expectStatus([101, 400]),
    ],
  },
  {
    name: 'Hostile: an upgrade over HTTP/1.0 is not accepted',
    steps: [send(request({ version: 'HTTP/1.0' })), expectStatus([400, 404, 426, 505])],
  },
  refusedCase('bare LF at every line', 400, request({ lineEnd: '\n' })),
  refusedCase(
    'bare LF at one line',
    400,
    rawRequest(`GET /echo HTTP/1.1\r\nX: 1\n${upgradeLines('\r\n')}`),
  ),
  refusedCase(
    'bare LF at the request line',
    400,
    rawRequest(`GET /echo HTTP/1.1\n${upgradeLines('\r\n')}`),
  ),
  refusedCase(
    'bare CR at one line',
    400,
    rawRequest(`GET /echo HTTP/1.1\r\nX: 1\r${upgradeLines('\r\n')}`),
  ),
  refusedCase('no Host', 400, request({ set: { Host: null } })),
  refusedCase('two Hosts', 400, request({ add: [['Host', 'evil.example']] })),
  refusedCase('a header without a colon', 400, request({ add: [['X\r\nY', '1']] })),
  refusedCase('a header without a name', 400, request({ add: [['', '1']] })),
  refusedCase('a space in a header name', 400, request({ add: [['X Y', '1']] })),
  refusedCase('a NUL in a header name', 400, request({ add: [['X\0Y', '1']] })),
  refusedCase('a NUL in a header value', 400, request({ add: [['X', 'a\0b']] })),
  refusedCase('a control character in a header value', 400, request({ add: [['X', 'a\u0001b']] })),
  refusedCase('a NUL in the key', 400, request({ set: { 'Sec-WebSocket-Key': `${sampleKey}\0` } })),
  refusedCase(
    'a subprotocol that is not ASCII',
    400,
    request({
      target: '/subprotocol',
      add: [['Sec-WebSocket-Protocol', 'ch\u00e4t']],
    }),
  ),
  refusedCase(
    'an extension that is not ASCII',
    400,
    request({
      target: '/deflate',
      add: [['Sec-WebSocket-Extensions', 'd\u00e9flate']],
    }),
  ),
  {
    name: 'Hostile: a folded header line is refused or joined, and nothing else',
    steps: [send(request({ add: [['X', 'a\r\n b']] })), expectStatus([101, 400])],
  },
  refusedCase('garbage instead of a request', 400, hex('ff fe fd fc 0d 0a 0d 0a')),
  refusedCase('a TLS hello where HTTP is spoken', 400, hex('16 03 01 00 05 01 00 00 01 00')),
  refusedCase('the preface of HTTP/2', [400, 505], Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')),
  refusedCase('a frame instead of a request', 400, text('too early')),
]

const bodies: readonly Case[] = [
  refusedCase(
    'upgrade body: Content-Length of 1,000,000,000, nothing sent',
    [400, 413],
    request({
      add: [['Content-Length', '1000000000']],
    }),
  ),
  refusedCase(
    'upgrade body: Content-Length of 11 with its body',
    [400, 413],
    request({
      add: [['Content-Length', '11']],
      then: 'hello world',
    }),
  ),
  refusedCase(
    'upgrade body: Content-Length beyond 2^64',
    [400, 413],
    request({
      add: [['Content-Length', '99999999999999999999']],
    }),
  ),
  refusedCase(
    'upgrade body: Transfer-Encoding: chunked with its body',
    [400, 413],
    request({
      add: [['Transfer-Encoding', 'chunked']],
      then: '5\r\nhello\r\n0\r\n\r\n',
    }),
  ),
  {
    name: 'Hostile: upgrade body: Content-Length: 0 is no body',
    steps: [send(request({ add: [['Content-Length', '0']] })), expectStatus([101, 400, 413])],
  },
]

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
  ...smuggling,
  ...malformed,
  ...bodies,
  ...headers,
  ...regularExpressions,
  ...slow,
  ...leaving,
]
