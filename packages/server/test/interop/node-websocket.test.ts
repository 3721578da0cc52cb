// Node's own WebSocket, which is that of undici.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { echoServer, engines } from './echo-server.ts'

async function next<E extends Event>(socket: WebSocket, name: string): Promise<E> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(name, (event) => resolve(event as E), { once: true })
    if (name === 'close') return
    socket.addEventListener('error', () => reject(new Error(`error before ${name}`)), {
      once: true,
    })
  })
}

async function opened(url: string, protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(url, protocols)
  socket.binaryType = 'arraybuffer'
  await next(socket, 'open')
  return socket
}

for (const engine of engines) {
  describe(`Node's WebSocket and the ${engine} engine`, () => {
    for (const path of ['/echo', '/deflate']) {
      test(`text and binary on ${path}`, async () => {
        await using echo = await echoServer(engine)
        const socket = await opened(`ws://${echo.host}${path}`)
        assert.match(socket.extensions, path === '/echo' ? /^$/ : /^permessage-deflate/)
        for (const text of ['', 'grüße 👋', 'x'.repeat(200_000)]) {
          const answer = next<MessageEvent>(socket, 'message')
          socket.send(text)
          assert.equal((await answer).data, text)
        }
        for (const bytes of [0, 1, 126, 70_000, 3 * 1_048_576]) {
          const sent = randomBytes(bytes)
          const answer = next<MessageEvent>(socket, 'message')
          socket.send(sent)
          assert.deepEqual(Buffer.from((await answer).data as ArrayBuffer), sent)
        }
        const closed = next<CloseEvent>(socket, 'close')
        socket.close(4000, 'done')
        const { code, reason, wasClean } = await closed
        assert.deepEqual([code, wasClean], [4000, true], reason)
      })
    }

    test('close codes and reasons of the server', async () => {
      await using echo = await echoServer(engine)
      for (const [text, expected] of [
        ['close 1000 bye', [1000, 'bye']],
        ['close 4123', [4123, '']],
        ['close', [1005, '']],
      ] as const) {
        const socket = await opened(`ws://${echo.host}/echo`)
        const closed = next<CloseEvent>(socket, 'close')
        socket.send(text)
        const { code, reason, wasClean } = await closed
        assert.deepEqual([code, reason, wasClean], [...expected, true])
      }
    })

    test('a ping of the server is answered', async () => {
      await using echo = await echoServer(engine)
      const socket = await opened(`ws://${echo.host}/echo`)
      socket.send('ping')
      const answer = next<MessageEvent>(socket, 'message')
      socket.send('still here')
      assert.equal((await answer).data, 'still here')
      const closed = next(socket, 'close')
      socket.close()
      await closed
    })

    test('the subprotocol of the server is taken', async () => {
      await using echo = await echoServer(engine)
      const socket = await opened(`ws://${echo.host}/chat`, ['chat.v1', 'chat.v2'])
      assert.equal(socket.protocol, 'chat.v2')
      const closed = next(socket, 'close')
      socket.close()
      await closed
    })

    test('a path without a route is an error', async () => {
      await using echo = await echoServer(engine)
      await assert.rejects(opened(`ws://${echo.host}/none`), /error before open/)
    })
  })
}
