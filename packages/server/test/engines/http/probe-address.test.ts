import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { probeAddress } from '../../../src/engines/http/probe-address.ts'

test('a free port is found and free again', async () => {
  const address = await probeAddress({ port: 0, host: '127.0.0.1' })
  assert.ok('port' in address && address.port > 0)
  assert.deepEqual(await probeAddress(address), address)
})

test('a port that is taken is refused, also where SO_REUSEPORT would share it', async () => {
  const server = createServer()
  const reusePort = process.platform === 'linux'
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', reusePort }, resolve),
  )
  const { port } = server.address() as AddressInfo
  await assert.rejects(probeAddress({ port, host: '127.0.0.1', reusePort }), {
    code: 'ERR_LISTEN_IN_USE',
  })
  server.close()
})

test('an address that is not of this machine is refused', async () => {
  await assert.rejects(probeAddress({ port: 0, host: '192.0.2.1' }), { code: 'ERR_LISTEN_ADDRESS' })
})

test('a socket file is gone again', async () => {
  const path = join(tmpdir(), `holdline-probe-${process.pid}.sock`)
  assert.deepEqual(await probeAddress({ path }), { path })
  assert.equal(existsSync(path), false)
})
