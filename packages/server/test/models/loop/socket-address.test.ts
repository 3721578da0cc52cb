import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LineAddress } from 'holdline/loop'
import { decodeAddress, encodeAddress, familyOf } from '../../../src/models/loop/socket-address.ts'
import { canonicalIpAddress } from '../../../src/protocol/ip-address.ts'

const port = fc.nat(65_535)
const plain = { noNullPrototype: true }
const address: fc.Arbitrary<LineAddress> = fc.oneof(
  fc.record({ host: fc.ipV4(), port }, plain),
  fc.record({ host: fc.ipV6().map((host) => canonicalIpAddress(host)!), port }, plain).filter(
    // Read back as IPv4, which is what it means.
    ({ host }) => host.includes(':'),
  ),
  fc.record({ path: fc.stringMatching(/^\/[a-zä-ü/.]{0,50}$/) }, plain),
)

test('what is written for the kernel is read from it', () => {
  fc.assert(
    fc.property(address, (written) => {
      const bytes = encodeAddress(written)
      const memory = Buffer.alloc(128, 0xff)
      memory.set(bytes)
      assert.deepEqual(decodeAddress(memory, bytes.length), written)
    }),
  )
})

test('the bytes are those of the manual', () => {
  const inet = [2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
  assert.deepEqual([...encodeAddress({ host: '127.0.0.1', port: 8_080 })], inet)
  assert.equal(encodeAddress({ host: '::1', port: 1 }).length, 28)
  assert.equal(familyOf({ host: '::1', port: 1 }), 10)
  assert.equal(familyOf({ host: '1.2.3.4', port: 1 }), 2)
  assert.equal(familyOf({ path: '/x' }), 1)
})

test('an address without a name, or of no known family, is an empty path', () => {
  assert.deepEqual(decodeAddress(Uint8Array.of(1, 0), 2), { path: '' })
  assert.deepEqual(decodeAddress(new Uint8Array(128), -107), { path: '' })
  assert.deepEqual(decodeAddress(Uint8Array.of(16, 0, 1, 2, 3), 5), { path: '' })
})
