// The inputs follow proxy-protocol.txt, sections 2.1 (version 1) and 2.2 (version 2).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ErrorCode } from '../../src/protocol/errors.ts'
import { MAX_V1_BYTES, MAX_V2_BYTES, ProxyHeaderParser } from '../../src/protocol/proxy-protocol.ts'
import type { ProxySource } from '../../src/protocol/proxy-protocol.ts'
import { v2Header } from './proxy-header.ts'

interface Outcome {
  /** null: more was wanted. */
  readonly result: ErrorCode | { readonly source: ProxySource | null } | null
  /** Bytes of the header; with a code, those that were looked at chunk by chunk. */
  readonly taken: number
}

function parse(bytes: Uint8Array, cuts: readonly number[] = []): Outcome {
  const parser = new ProxyHeaderParser()
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  )
  let start = 0
  for (const end of ends) {
    const chunk = Uint8Array.from(bytes.subarray(start, end))
    const result = parser.push(chunk)
    chunk.fill(0xee)
    if (typeof result === 'string') return { result, taken: 0 }
    if (result !== null) return { result: { source: result.source }, taken: start + result.rest }
    start = end
  }
  return { result: null, taken: bytes.length }
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const longV6 = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'

test('version 1: what comes out', () => {
  const rows: readonly (readonly [string, Outcome['result']])[] = [
    [
      'PROXY TCP4 192.0.2.1 198.51.100.2 40000 443',
      { source: { address: '192.0.2.1', port: 40_000 } },
    ],
    [
      'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535',
      { source: { address: '255.255.255.255', port: 65_535 } },
    ],
    ['PROXY TCP6 2001:DB8::1 ::1 1 443', { source: { address: '2001:db8::1', port: 1 } }],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::1 1 443', { source: { address: '192.0.2.1', port: 1 } }],
    [`PROXY TCP6 ${longV6} ${longV6} 65535 65535`, { source: { address: longV6, port: 65_535 } }],
    ['PROXY UNKNOWN', { source: null }],
    ['PROXY UNKNOWN anything at all', { source: null }],
    [`PROXY UNKNOWN ${longV6} ${longV6} 65535 65535`, { source: null }],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 40000', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 40000 443 1', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.1  198.51.100.2 40000 443', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 040 443', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 65536 443', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 -1 443', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 1 ', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 1 65536', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.01 198.51.100.2 1 2', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.1 nobody 1 2', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 ::1 ::1 1 2', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP6 192.0.2.1 192.0.2.1 1 2', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP6 fe80::1%eth0 ::1 1 2', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY UDP4 192.0.2.1 198.51.100.2 1 2', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY ', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY UNKNOWNS', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY tcp4 192.0.2.1 198.51.100.2 1 2', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY UNKNOWN \u0000', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY UNKNOWN \u00e9', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY UNKNOWN \rx', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY UNKNOWN\n', 'ERR_PROXY_HEADER_MALFORMED'],
    ['proxy UNKNOWN', 'ERR_PROXY_HEADER_MISSING'],
    ['PROXYUNKNOWN', 'ERR_PROXY_HEADER_MISSING'],
    ['GET / HTTP/1.1', 'ERR_PROXY_HEADER_MISSING'],
    ['\u0016\u0003\u0001', 'ERR_PROXY_HEADER_MISSING'],
  ]
  for (const [line, result] of rows) {
    const header = latin1(`${line}\r\n`)
    assert.deepEqual(parse(Buffer.concat([header, latin1('GET /')])).result, result, line)
    if (typeof result !== 'string') {
      assert.equal(parse(Buffer.concat([header, latin1('GET /')])).taken, header.length, line)
    }
  }
})

test('version 1: 107 bytes are taken, and no more are waited for', () => {
  const fits = `PROXY UNKNOWN ${'x'.repeat(MAX_V1_BYTES - 16)}\r\n`
  assert.equal(fits.length, MAX_V1_BYTES)
  assert.deepEqual(parse(latin1(fits)), { result: { source: null }, taken: MAX_V1_BYTES })
  const long = latin1(`PROXY UNKNOWN ${'x'.repeat(MAX_V1_BYTES - 15)}\r\n`)
  assert.equal(parse(long.subarray(0, MAX_V1_BYTES - 1)).result, null)
  assert.equal(parse(long.subarray(0, MAX_V1_BYTES)).result, 'ERR_PROXY_HEADER_TOO_LONG')
  assert.equal(parse(long).result, 'ERR_PROXY_HEADER_TOO_LONG')
})

test('version 1: CR and LF belong together', () => {
  const line = 'PROXY TCP4 192.0.2.1 198.51.100.2 1 2'
  assert.equal(parse(latin1(line)).result, null)
  assert.equal(parse(latin1(`${line}\r`)).result, null)
  assert.equal(parse(latin1(`${line}\n`)).result, 'ERR_PROXY_HEADER_MALFORMED')
  assert.equal(parse(latin1(`${line}\r\r\n`)).result, 'ERR_PROXY_HEADER_MALFORMED')
})

const ipv4 = [192, 0, 2, 1, 198, 51, 100, 2, 0x9c, 0x40, 1, 187]
const ipv6 = [...Array(36).keys()]
const tlvs = [0x04, 0, 3, 1, 2, 3]

test('version 2: what comes out', () => {
  const source4 = { source: { address: '192.0.2.1', port: 40_000 } }
  const source6 = { source: { address: '1:203:405:607:809:a0b:c0d:e0f', port: 0x2021 } }
  const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1]
  const rows: readonly (readonly [string, Uint8Array, Outcome['result']])[] = [
    ['TCP over IPv4', v2Header(0x21, 0x11, ipv4), source4],
    ['TCP over IPv4 with TLVs', v2Header(0x21, 0x11, [...ipv4, ...tlvs]), source4],
    ['UDP over IPv4', v2Header(0x21, 0x12, ipv4), source4],
    ['TCP over IPv6', v2Header(0x21, 0x21, ipv6), source6],
    ['UDP over IPv6 with TLVs', v2Header(0x21, 0x22, [...ipv6, ...tlvs]), source6],
    [
      'IPv4-mapped IPv6',
      v2Header(0x21, 0x21, [...mapped, ...mapped, 0, 7, 0, 8]),
      { source: { address: '192.0.2.1', port: 7 } },
    ],
    ['Unix stream', v2Header(0x21, 0x31, Array<number>(216).fill(47)), { source: null }],
    ['unspecified', v2Header(0x21, 0x00, []), { source: null }],
    ['unspecified with TLVs', v2Header(0x21, 0x00, tlvs), { source: null }],
    ['unspecified transport', v2Header(0x21, 0x10, ipv4), { source: null }],
    ['LOCAL', v2Header(0x20, 0x00, []), { source: null }],
    ['LOCAL with addresses', v2Header(0x20, 0x11, ipv4), { source: null }],
    ['LOCAL of any family', v2Header(0x20, 0xff, [1, 2]), { source: null }],
    [
      'as long as may be',
      v2Header(0x21, 0x11, [...ipv4, ...Array<number>(MAX_V2_BYTES - 28).fill(0)]),
      source4,
    ],
    ['IPv4 too short', v2Header(0x21, 0x11, ipv4.slice(1)), 'ERR_PROXY_HEADER_MALFORMED'],
    ['IPv4 empty', v2Header(0x21, 0x11, []), 'ERR_PROXY_HEADER_MALFORMED'],
    ['IPv6 too short', v2Header(0x21, 0x21, ipv6.slice(1)), 'ERR_PROXY_HEADER_MALFORMED'],
    [
      'Unix too short',
      v2Header(0x21, 0x31, Array<number>(215).fill(0)),
      'ERR_PROXY_HEADER_MALFORMED',
    ],
    ['family 4', v2Header(0x21, 0x41, ipv6), 'ERR_PROXY_HEADER_MALFORMED'],
    ['transport 3', v2Header(0x21, 0x13, ipv4), 'ERR_PROXY_HEADER_MALFORMED'],
    ['command 2', v2Header(0x22, 0x11, ipv4), 'ERR_PROXY_HEADER_MALFORMED'],
    [
      'version 1 in the frame of version 2',
      v2Header(0x11, 0x11, ipv4),
      'ERR_PROXY_HEADER_MALFORMED',
    ],
    ['version 3', v2Header(0x31, 0x11, ipv4), 'ERR_PROXY_HEADER_MALFORMED'],
    ['64 KiB announced', v2Header(0x21, 0x11, ipv4, 0xffff), 'ERR_PROXY_HEADER_TOO_LONG'],
    ['64 KiB announced by LOCAL', v2Header(0x20, 0x00, [], 0xffff), 'ERR_PROXY_HEADER_TOO_LONG'],
    [
      'one byte too long',
      v2Header(0x21, 0x11, ipv4, MAX_V2_BYTES - 15),
      'ERR_PROXY_HEADER_TOO_LONG',
    ],
    [
      'another signature',
      Buffer.from('0d0a0d0a000d0a5155495a0a2111', 'hex'),
      'ERR_PROXY_HEADER_MISSING',
    ],
    ['an empty line', latin1('\r\n\r\nGET / HTTP/1.1\r\n'), 'ERR_PROXY_HEADER_MISSING'],
  ]
  for (const [name, header, result] of rows) {
    const outcome = parse(Buffer.concat([header, latin1('GET /')]))
    assert.deepEqual(outcome.result, result, name)
    if (typeof result !== 'string') assert.equal(outcome.taken, header.length, name)
    // Whole is whole, and one byte less is not.
    if (typeof result !== 'string') assert.equal(parse(header.subarray(0, -1)).result, null, name)
  }
})

test('a refusal comes with the first byte that shows it', () => {
  for (const [bytes, at] of [
    [latin1('GET'), 1],
    [latin1('PROXX'), 5],
    [latin1('\r\n\r\n\r'), 5],
    [v2Header(0x22, 0x11, ipv4), 13],
    [v2Header(0x21, 0x41, ipv4), 16],
    [v2Header(0x21, 0x11, ipv4, 0xffff), 16],
  ] as const) {
    assert.equal(parse(bytes.subarray(0, at - 1)).result, null)
    assert.equal(typeof parse(bytes.subarray(0, at)).result, 'string')
  }
})

const v1Lines = fc
  .tuple(
    fc.constantFrom('TCP4', 'TCP6', 'UNKNOWN', 'TCP5'),
    fc.oneof(fc.ipV4(), fc.ipV6()),
    fc.oneof(fc.ipV4(), fc.ipV6()),
    fc.nat(70_000),
    fc.nat(70_000),
    fc.constantFrom('\r\n', '\n', '\r', ''),
  )
  .map(([family, from, to, p, q, end]) => latin1(`PROXY ${family} ${from} ${to} ${p} ${q}${end}`))

const v2Headers = fc
  .tuple(
    fc.oneof(fc.constantFrom(0x20, 0x21), fc.nat(255)),
    fc.oneof(fc.constantFrom(0x11, 0x21, 0x31, 0), fc.nat(255)),
    fc.uint8Array({ maxLength: 300 }),
  )
  .map(([command, family, body]) => v2Header(command, family, [...body]))

test('any chunking of the bytes gives the same', () => {
  const inputs = fc.tuple(
    fc.oneof(v1Lines, v2Headers, fc.uint8Array({ maxLength: 200 })),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(fc.nat(), { maxLength: 12 }),
  )
  fc.assert(
    fc.property(inputs, ([header, behind, cuts]) => {
      const bytes = Buffer.concat([header, behind])
      const whole = parse(bytes)
      assert.deepEqual(parse(bytes, cuts), whole)
      assert.deepEqual(parse(bytes, [...bytes.keys()]), whole)
    }),
    { numRuns: 1_000 },
  )
})

test('version 1: a lone LF ends no line, and no port may be missing', () => {
  for (const line of [
    'PROXY UNKNOWN\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \n',
    'PROXY TCP4 192.0.2.1 192.0.2.2\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n',
  ]) {
    assert.equal(new ProxyHeaderParser().push(Buffer.from(line)), 'ERR_PROXY_HEADER_MALFORMED')
  }
})
