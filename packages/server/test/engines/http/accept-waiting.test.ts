import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { acceptWaiting } from '../../../src/engines/http/accept-waiting.ts'

test('every line that the kernel holds is accepted before it resolves', async () => {
  let accepted = 0
  const server = createServer((socket) => {
    accepted++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const count = 50
  // Connecting to this machine is done when `connect` returns; accepting waits for the loop.
  for (let i = 0; i < count; i++)
    connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume()
  await acceptWaiting(server)
  assert.equal(accepted, count)
  assert.equal(server.listenerCount('connection'), 1)
  server.close()
  await once(server, 'close')
})

test('a server that does not listen has nothing to wait for', async () => {
  await acceptWaiting(createServer())
})

test('a crowd that never ceases is not waited for', async () => {
  const server = createServer((socket) => {
    socket.destroy()
    call()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const call = (): void => {
    if (server.listening)
      connect(port, '127.0.0.1')
        .on('error', () => {})
        .resume()
  }
  for (let i = 0; i < 20; i++) call()
  const startedAt = performance.now()
  await acceptWaiting(server)
  server.close()
  assert.ok(performance.now() - startedAt < 5_000)
})
