// Headers of the PROXY protocol, whole and byte by byte: one outcome, bounded, and nothing taken that is no header.
import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { HoldlineError } from '../../../src/protocol/errors.ts'
import type { ErrorCode } from '../../../src/protocol/errors.ts'
import {
  MAX_V1_BYTES,
  MAX_V2_BYTES,
  ProxyHeaderParser,
} from '../../../src/protocol/proxy-protocol.ts'
import type { ProxySource } from '../../../src/protocol/proxy-protocol.ts'
import { v2Header, v2Ipv4 } from '../../protocol/proxy-header.ts'
import type { FuzzTarget } from '../fuzz-target.ts'

const lines = [
  'PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\nGET / HTTP/1.1\r\n\r\n',
  'PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 65535\r\n',
  'PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\r\n',
  'PROXY UNKNOWN\r\n',
  'PROXY TCP4 192.0.2.01 198.51.100.2 65536 0443\r\n',
  `PROXY UNKNOWN ${'x'.repeat(200)}\r\n`,
]

export const target: FuzzTarget = {
  name: 'proxy-protocol',
  seeds: [
    ...lines.map((line) => Uint8Array.from(Buffer.from(line, 'latin1'))),
    v2Ipv4('192.0.2.1', 40_000),
    v2Header(0x21, 0x21, [...Array(42).keys()]),
    v2Header(0x21, 0x31, Array<number>(216).fill(47)),
    v2Header(0x20, 0x00, []),
    v2Header(0x21, 0x11, [1, 2, 3], 0xffff),
  ].map((seed) => Uint8Array.from(seed)),
  run(input) {
    const whole = outcomeOf(input, input.length)
    assert.deepEqual(outcomeOf(input, 1), whole)
    if (whole === null) {
      assert.ok(input.length < MAX_V2_BYTES)
      if (input[0] === 0x50) assert.ok(input.length < MAX_V1_BYTES)
      return
    }
    if (typeof whole === 'string') throw new HoldlineError(whole)
    assert.ok(whole.taken <= (input[0] === 0x50 ? MAX_V1_BYTES : MAX_V2_BYTES))
    if (whole.source === null) return
    assert.notEqual(isIP(whole.source.address), 0)
    assert.ok(whole.source.port >= 0 && whole.source.port <= 0xffff)
  },
}

function outcomeOf(
  input: Uint8Array,
  step: number,
): { source: ProxySource | null; taken: number } | ErrorCode | null {
  const parser = new ProxyHeaderParser()
  for (let start = 0; start < input.length; start += step) {
    const result = parser.push(input.subarray(start, start + step))
    if (typeof result === 'string') return result
    if (result !== null) return { source: result.source, taken: start + result.rest }
  }
  return null
}
