import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { Native } from '../../../src/engines/uring/ffi.ts'
import { PeerAddresses } from '../../../src/engines/uring/peer-address.ts'
import { canonicalIpAddress } from '../../../src/protocol/ip-address.ts'
import { dial } from '../http/line.ts'
import { nativeWith } from './stand.ts'

const descriptorOf = (socket: Socket): number =>
  (socket as unknown as { _handle: { fd: number } })._handle.fd

for (const [listening, dialed, expected] of [
  ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
  ['::1', '::1', '::1'],
  ['::', '127.0.0.1', '127.0.0.1'],
  ['::', '::1', '::1'],
] as const) {
  test(`a line from ${dialed} to ${listening} is from ${expected}, as node:net says`, async (t) => {
    const server = createServer().listen(0, listening)
    t.after(() => server.close())
    await once(server, 'listening')
    const accepted = once(server, 'connection')
    const { port } = server.address() as AddressInfo
    const line = await dial({ host: dialed, port })
    const socket = (await accepted)[0] as Socket
    const addresses = new PeerAddresses(Native.get())
    assert.equal(addresses.of(descriptorOf(socket)), expected)
    assert.equal(canonicalIpAddress(socket.remoteAddress!), expected)
    line.socket.destroy()
    socket.destroy()
  })
}

test('who is gone, or has no such address, has none', () => {
  const native = Native.get()
  const addresses = new PeerAddresses(native)
  assert.equal(addresses.of(1_000_000), '')
  const [near, far] = native.socketPair()
  assert.equal(addresses.of(near), '')
  native.close(near)
  native.close(far)
})

test('any address is told in its canonical form, however many have been seen', () => {
  let octets: Uint8Array = new Uint8Array(0)
  const native = nativeWith({
    peerName() {
      const isV4 = octets.length === 4
      const target = Buffer.alloc(128)
      target.writeUInt16LE(isV4 ? 2 : 10)
      target.set(octets, isV4 ? 4 : 8)
      return target
    },
  })
  const addresses = new PeerAddresses(native)
  const of = (address: Uint8Array): string => {
    octets = address
    return addresses.of(0)
  }
  for (let i = 0; i < 3_000; i++)
    assert.equal(of(Uint8Array.of(10, 0, i >> 8, i & 255)), `10.0.${i >> 8}.${i & 255}`)
  const octet = fc.integer({ min: 0, max: 255 })
  const sparse = fc.oneof(fc.constant(0), octet)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (address) => {
      assert.equal(of(address), address.join('.'))
      const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...address]
      assert.equal(of(Uint8Array.from(mapped)), address.join('.'))
    }),
  )
  fc.assert(
    fc.property(fc.array(sparse, { minLength: 16, maxLength: 16 }), (bytes) => {
      const text = Array.from({ length: 8 }, (_, i) =>
        ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16),
      ).join(':')
      const told = of(Uint8Array.from(bytes))
      assert.equal(told, canonicalIpAddress(text))
      assert.equal(canonicalIpAddress(told), told)
    }),
  )
})
