// The client over real sockets: a `ws` server that behaves, and servers that do not.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { connect } from 'holdline-client'
import type { ClientOptions, State } from 'holdline-client'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'

type Plain = Omit<ClientOptions<string | Uint8Array<ArrayBuffer>>, 'format' | 'contract'>

/** Quick enough to test with, and still jittered. */
const backoff = { baseMs: 2, capMs: 20 }

async function listen(
  context: TestContext,
  onLine: (line: WebSocket, count: number) => void,
  refuse: (count: number) => boolean = () => false,
): Promise<{ url: string; server: Server; upgrades: () => number }> {
  const server = createServer()
  const lines = new WebSocketServer({ noServer: true })
  let upgradeCount = 0
  server.on('upgrade', (request, socket, head) => {
    upgradeCount += 1
    if (refuse(upgradeCount)) {
      return socket.end(
        'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n',
      )
    }
    lines.handleUpgrade(request, socket, head, (line) => onLine(line, upgradeCount))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    for (const line of lines.clients) line.terminate()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `ws://127.0.0.1:${port}/`, server, upgrades: () => upgradeCount }
}

function follow(url: string, options: Plain = {}): ReturnType<typeof connect> & AsyncDisposable {
  const client = connect(url, { backoff, ...options })
  return Object.assign(client, {
    [Symbol.asyncDispose]: async () => {
      client.close()
      await client.closed
    },
  })
}

test('text and binary go there and back', async (context) => {
  const { url } = await listen(context, (line) => {
    line.on('message', (data, binary) => line.send(data, { binary }))
  })
  await using client = follow(url)
  client.send('grüß dich')
  client.send(Uint8Array.of(0, 255))
  const read: unknown[] = []
  for await (const message of client) {
    if (read.push(message) === 2) break
  }
  assert.deepEqual(read, ['grüß dich', Uint8Array.of(0, 255)])
})

test('a server that closes at once, ten times: the client keeps its messages and gets through', async (context) => {
  const { url, upgrades } = await listen(context, (line, count) => {
    if (count <= 10) return line.close(1001)
    line.on('message', (data) => line.send(`got ${(data as Buffer).toString()}`))
  })
  const { promise: steady, resolve } = Promise.withResolvers<void>()
  let openCount = 0
  await using client = follow(url, {
    onState: (state) => {
      if (state === 'open' && ++openCount === 11) resolve()
    },
  })
  // Sent once the server is steady: what was handed to a line that closes may be gone, and says so by being `sent`.
  await steady
  client.send('hello')
  for await (const message of client) {
    assert.equal(message, 'got hello')
    break
  }
  assert.equal(upgrades(), 11)
})

test('a server that refuses ten times: what was queued arrives, in order', async (context) => {
  const received: string[] = []
  const { url, upgrades } = await listen(
    context,
    (line) => {
      line.on('message', (data) => {
        received.push((data as Buffer).toString())
        if (received.length === 3) line.send('all')
      })
    },
    (count) => count <= 10,
  )
  await using client = follow(url)
  for (const message of ['a', 'b', 'c']) assert.equal(client.send(message), 'queued')
  for await (const message of client) {
    assert.equal(message, 'all')
    break
  }
  assert.deepEqual(received, ['a', 'b', 'c'])
  assert.equal(upgrades(), 11)
})

test('a server that sends garbage: a broken frame ends the line, not the client', async (context) => {
  const { url } = await listen(context, (line, count) => {
    const socket = (line as unknown as { _socket: Socket })._socket
    // Reserved opcodes and bits, then a frame that is longer than anything.
    if (count <= 3)
      return socket.write(Buffer.from(['b3', '83', '82'][count - 1] + 'ff'.repeat(40), 'hex'))
    line.send('sane')
  })
  await using client = follow(url)
  for await (const message of client) {
    assert.equal(message, 'sane')
    break
  }
})

test('a server that is no WebSocket server: the client goes on trying and stays whole', async (context) => {
  let attempts = 0
  const { promise: enough, resolve } = Promise.withResolvers<void>()
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    attempts += 1
    socket.end(
      attempts % 2 ? '\0\xff garbage \r\n\r\n' : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    )
    if (attempts === 6) resolve()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  const states: State[] = []
  await using client = follow(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    onState: (state) => states.push(state),
  })
  assert.equal(client.send('kept'), 'queued')
  await enough
  assert.ok(!states.includes('open'))
  assert.equal(client.state, 'reconnecting')
})

test('a server that takes the connection and says nothing: the attempt times out', async (context) => {
  const held: Socket[] = []
  const { promise: thrice, resolve } = Promise.withResolvers<void>()
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    if (held.push(socket) === 3) resolve()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    for (const socket of held) socket.destroy()
    server.close()
  })
  await using client = follow(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    connectTimeoutMs: 30,
  })
  await thrice
  assert.equal(client.state, 'reconnecting')
})

test('a half-open line: let go when the network goes, without waiting for the other side', async (context) => {
  let tell: (event: 'online' | 'offline') => void = () => {}
  const { url, upgrades } = await listen(context, (line, count) => {
    // The first line is deaf: it reads nothing, so it answers neither close nor anything else.
    if (count === 1) (line as unknown as { _socket: Socket })._socket.pause()
    else line.send('back')
  })
  const { promise: open, resolve } = Promise.withResolvers<void>()
  await using client = follow(url, {
    backoff: { baseMs: 60_000 },
    onState: (state) => {
      if (state === 'open') resolve()
    },
    environment: {
      random: () => 0.999,
      watchNetwork: (listener) => {
        tell = listener
        return () => {}
      },
    },
  })
  await open
  tell('offline')
  assert.equal(client.state, 'reconnecting')
  tell('online')
  for await (const message of client) {
    assert.equal(message, 'back')
    break
  }
  assert.equal(upgrades(), 2)
})

test('a server that refuses for good (1008) is not asked again', async (context) => {
  const { url, upgrades } = await listen(context, (line) => line.close(1008, 'not you'))
  await using client = follow(url)
  assert.deepEqual(await client.closed, { code: 1008, reason: 'not you' })
  assert.equal(upgrades(), 1)
})
