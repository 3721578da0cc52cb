import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwardedAddress } from '../../../src/engines/http/forwarded-for.ts'

const isTrusted = (address: string): boolean =>
  address.startsWith('10.') || address === '2001:db8::a'

test('the last address that is not itself trusted, however it is written', () => {
  for (const [header, address] of [
    ['192.0.2.1', '192.0.2.1'],
    [' 192.0.2.1 ', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['[2001:DB8::1]', '2001:db8::1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:80', '192.0.2.1'],
    ['192.0.2.1, 10.0.0.1', '192.0.2.1'],
    ['192.0.2.1,10.0.0.1,10.0.0.2:80,[2001:db8::a]', '192.0.2.1'],
    // What a client claims about itself stands before what the proxy heard.
    ['198.51.100.9, 192.0.2.1', '192.0.2.1'],
    ['10.6.6.6, 192.0.2.1, 10.0.0.1', '192.0.2.1'],
    ['garbage, , 192.0.2.1', '192.0.2.1'],
    [`${'x'.repeat(10_000)},192.0.2.1`, '192.0.2.1'],
    // Where all are trusted, the first is the farthest known.
    ['10.0.0.3', '10.0.0.3'],
    ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ] as const) {
    assert.equal(forwardedAddress(header, isTrusted), address, header)
  }
})

test('absent, or malformed in the part that is read: nothing is known', () => {
  for (const header of [
    undefined,
    '',
    ' ',
    ',',
    ', ,',
    'unknown',
    '_hidden',
    '192.0.2.1,',
    ',10.0.0.1',
    ' ,10.0.0.1',

    '192.0.2.1, unknown',
    'garbage, 10.0.0.1',
    '192.0.2.1, , 10.0.0.1',
    '192.0.2.1:',
    '192.0.2.1:x',

    '192.0.2.1:123456',
    '[192.0.2.1]',
    '[::1',
    '::1]',
    '[::1]x',
    '[]',
    '"192.0.2.1"',
    '192.0.2.1 10.0.0.1',
    'fe80::1%eth0',
    '192.0.2.256',
    'for=192.0.2.1',
  ]) {
    assert.equal(forwardedAddress(header, isTrusted), null, String(header))
  }
})

test('the time for a long list of trusted addresses grows with its length only', () => {
  const timeOf = (count: number): number => {
    const header = Array<string>(count).fill('10.0.0.1').join(',')
    const times = Array.from({ length: 9 }, () => {
      const since = performance.now()
      forwardedAddress(header, isTrusted)
      return performance.now() - since
    })
    return Math.min(...times)
  }
  timeOf(1_000)
  assert.ok(timeOf(8_000) < 16 * timeOf(1_000))
})
