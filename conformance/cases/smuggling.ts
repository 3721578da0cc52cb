// Requests meant to confuse or to smuggle another one past the server (RFC 9112, RFC 6455 §4.2.1).

import { hex, text } from '../frame-codec.ts'
import { expectEnd, expectStatus, refused, send, type Case, type Octets } from '../script.ts'
import {
  rawRequest,
  request,
  sampleKey,
  upgradeLines,
  type RequestChanges,
} from '../upgrade-request.ts'

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
  withPipelined('target *', [400, 404], { target: '*' }),
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

export const smugglingCases: readonly Case[] = [...smuggling, ...malformed, ...bodies]
