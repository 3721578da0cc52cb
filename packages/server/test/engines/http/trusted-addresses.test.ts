import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrustedAddresses, withoutZone } from '../../../src/engines/http/trusted-addresses.ts'

test('addresses and ranges, in either notation', () => {
  for (const [entry, inside, outside] of [
    [
      '10.0.0.0/8',
      ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3', '::ffff:a01:203'],
      ['11.0.0.0', '::a01:203', '9.255.255.255'],
    ],
    ['10.1.2.3/8', ['10.9.9.9'], ['11.0.0.0']],
    ['192.0.2.7', ['192.0.2.7', '::ffff:192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
    ['192.0.2.7/32', ['192.0.2.7'], ['192.0.2.8']],
    ['192.0.2.6/31', ['192.0.2.6', '192.0.2.7'], ['192.0.2.5', '192.0.2.8']],
    ['0.0.0.0/0', ['1.2.3.4', '::ffff:1.2.3.4'], ['::1', '2001:db8::1']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
    ['2001:DB8::/33', ['2001:db8::1', '2001:db8:7fff::'], ['2001:db8:8000::', '2001:db9::']],
    ['fe80::/10', ['fe80::1', 'fe80::1%eth0'], ['fec0::1', 'ff80::1']],
    ['::ffff:192.0.2.7', ['192.0.2.7', '::ffff:192.0.2.7'], ['192.0.2.8']],
    ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.1.2.3']],
  ] as const) {
    const trusted = new TrustedAddresses([entry])
    for (const address of inside) assert.ok(trusted.has(address), `${address} in ${entry}`)
    for (const address of outside) assert.ok(!trusted.has(address), `${address} not in ${entry}`)
  }
})

test('several entries; none; what is no address is not trusted', () => {
  const both = new TrustedAddresses(['10.0.0.0/8', '::1'])
  assert.ok(both.has('10.0.0.1') && both.has('::1') && !both.has('192.0.2.1'))
  assert.ok(!both.isEmpty && !both.trustsUnix)
  const none = new TrustedAddresses([])
  assert.ok(none.isEmpty && !none.has('127.0.0.1'))
  const all = new TrustedAddresses(['0.0.0.0/0', '::/0'])
  for (const address of ['', 'unix', 'unknown', '10.0.0.1:80', '[::1]', '10.1', '%', '1.2.3.4.5']) {
    assert.ok(!all.has(address), address)
  }
})

test("'unix' stands for all who come over a Unix socket", () => {
  const trusted = new TrustedAddresses(['unix'])
  assert.ok(trusted.trustsUnix && !trusted.isEmpty)
  assert.ok(!trusted.has('') && !trusted.has('unix'))
})

test('bad entries are named, all of them', () => {
  for (const entry of [
    '',
    ' ',
    'localhost',
    '10.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',

    '10.0.0.0/8/8',
    '/8',
    '::/129',
    '::1%lo',
    '[::1]',
    '10.0.0.1:80',
    ' 10.0.0.1',
    'Unix',
    '10.0.0.0/8 ',
    7,
    null,
    undefined,
    {},
  ]) {
    assert.throws(
      () => new TrustedAddresses(['10.0.0.0/8', entry as string]),
      (error: { code: string; detail: string }) =>
        error.code === 'ERR_OPTION_INVALID' &&
        error.detail.includes(`proxy.trusted: ${JSON.stringify(entry) ?? 'undefined'} `),
      JSON.stringify(entry),
    )
  }
  assert.throws(() => new TrustedAddresses(['a', '::1', 'b']), /"a", "b"/)
  assert.throws(() => new TrustedAddresses('10.0.0.1' as unknown as string[]), /no list/)
})

test('RFC 4007 §11: a zone is no part of the address', () => {
  assert.equal(withoutZone('fe80::1%eth0'), 'fe80::1')
  assert.equal(withoutZone('192.0.2.1'), '192.0.2.1')
})
