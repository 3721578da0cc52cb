// The way to engines that listen on TCP, tried on a server of node:net that knows nothing of WebSockets.

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import type { Engine } from '../../src/connection/engine.ts'
import { FakeClock } from '../../src/engines/memory/fake-clock.ts'
import { ContractAcceptor } from '../../src/testing/contract-acceptor.ts'
import { tcpHarness } from '../../src/testing/tcp-harness.ts'

function plainEngine(onSocket: (socket: Socket) => void): Engine {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  return {
    name: 'plain',
    clock: new FakeClock(),
    listen: (options) =>
      new Promise((resolve) =>
        server.listen(options, () =>
          resolve({
            address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
            stopAccepting: () => server.close(),
            close: () =>
              new Promise((closed) => {
                server.close(() => closed())
                for (const socket of sockets) socket.destroy()
              }),
          }),
        ),
      ),
  }
}

test('a request arrives in one piece with what is behind it; bytes, ends and breaks both ways', async () => {
  const got: Buffer[] = []
  const sockets: Socket[] = []
  const harness = tcpHarness('plain', () =>
    plainEngine((socket) => {
      sockets.push(socket)
      socket.on('data', (bytes) => got.push(bytes as Buffer))
    }),
  )
  const engine = await harness.start((clock) => new ContractAcceptor(clock, {}))
  const line = await engine.dial({
    path: '/p?q',
    method: 'GET',
    headers: { 'x-a': 'b', connection: null },
    behind: Buffer.from('behind'),
  })
  await engine.until('the request', () => got.length === 1)
  const text = String(got[0])
  assert.match(text, /^GET \/p\?q HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/)
  assert.match(text, /\r\nx-a: b\r\n\r\nbehind$/)
  assert.doesNotMatch(text, /connection/)

  let received = ''
  line.onBytes = (bytes) => (received += String(bytes))
  sockets[0]!.write('one')
  await engine.until('bytes', () => received === 'one')
  sockets[0]!.end()
  await engine.until('the end', () => line.hasEnded)
  assert.ok(!line.isClosed)
  line.write(Buffer.from('still'))
  await engine.until('bytes', () => got.length === 2)
  line.end()
  await engine.until('the close', () => line.isClosed)

  const second = await engine.dial({
    path: '/',
    method: 'GET',
    headers: {},
    behind: Buffer.alloc(0),
  })
  await engine.until('the second', () => sockets.length === 2)
  second.cut()
  await engine.until('the reset', () => sockets[1]!.destroyed)
  await engine.stop()
  await assert.rejects(
    engine.dial({ path: '/', method: 'GET', headers: {}, behind: Buffer.alloc(0) }),
  )
})
