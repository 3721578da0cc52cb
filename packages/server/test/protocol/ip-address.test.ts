import assert from 'node:assert/strict'
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  canonicalIpAddress,
  formatIpAddress,
  parseIpAddress,
} from '../../src/protocol/ip-address.ts'

test('an address has one text (RFC 5952)', () => {
  for (const [text, canonical] of [
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ] as const) {
    assert.equal(canonicalIpAddress(text), canonical, text)
  }
})

test('what is no address is none', () => {
  for (const text of [
    '',
    ' ',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.4 ',
    '0x1.2.3.4',
    '1..2.3',

    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    '::g',
    'fe80::1%eth0',
    '[::1]',
    '1.2.3.4::',
    '::1.2.3.4:5',
    ':1:2:3:4:5:6:7',
    '::1.2.3',
    'unknown',
    '\u0661.2.3.4',
    `::${'0'.repeat(10_000)}`,
  ]) {
    assert.equal(canonicalIpAddress(text), null, text)
  }
})

const texts = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdefF:.:.::')), maxLength: 24 }),
)

test('what node:net takes for an address is one, and has its text', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = parseIpAddress(text)
      assert.equal(bytes?.length ?? 0, isIPv4(text) ? 4 : isIPv6(text) ? 16 : 0)
      if (bytes?.length === 16) {
        const theirs = new SocketAddress({ address: text, family: 'ipv6' }).address
        // node:net writes some ranges with dots; only IPv4-mapped addresses are IPv4 here.
        const ours = formatIpAddress(bytes)
        if (theirs.includes('.')) assert.ok(!ours.includes('.') || theirs.endsWith(`:${ours}`))
        else assert.equal(ours, theirs)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('bytes come back from their text', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(bytes, (address) => {
      const again = parseIpAddress(formatIpAddress(address))!
      assert.deepEqual(
        again.length === 4 ? again : [...again],
        again.length === 4 ? address.slice(12) : [...address],
      )
    }),
  )
})

test('`::` stands once, and what is too long for an address is none', () => {
  for (const text of ['1::2::3', '::1::', `::${'0'.repeat(44)}`, `${'0000:'.repeat(8)}0:0:0:0:0`]) {
    assert.equal(parseIpAddress(text), null, text)
  }
})
