// The ws client: every kind of frame, with and without permessage-deflate.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { echoServer, engines } from './echo-server.ts'

async function opened(url: string, ...rest: [WebSocket.ClientOptions?]): Promise<WebSocket> {
  const socket = new WebSocket(url, ...rest)
  await once(socket, 'open')
  return socket
}

async function received(socket: WebSocket): Promise<string | Buffer> {
  const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean]
  return isBinary ? data : data.toString()
}

async function echoed(socket: WebSocket, message: string | Buffer): Promise<void> {
  socket.send(message)
  assert.deepEqual(await received(socket), message)
}

for (const engine of engines) {
  describe(`ws and the ${engine} engine`, () => {
    for (const path of ['/echo', '/deflate']) {
      for (const perMessageDeflate of [
        false,
        true,
        { serverNoContextTakeover: true, clientNoContextTakeover: true },
      ]) {
        test(`${path}, perMessageDeflate: ${JSON.stringify(perMessageDeflate)}`, async () => {
          await using echo = await echoServer(engine)
          const socket = await opened(`ws://${echo.host}${path}`, { perMessageDeflate })
          const isCompressed = path === '/deflate' && perMessageDeflate !== false
          assert.match(socket.extensions, isCompressed ? /permessage-deflate/ : /^$/)
          for (const text of [
            '',
            'a',
            'grüße 👋',
            'x'.repeat(125),
            'x'.repeat(126),
            'y'.repeat(65_535),
            'z'.repeat(65_536),
          ]) {
            await echoed(socket, text)
          }
          for (const bytes of [0, 1, 125, 126, 65_535, 65_536, 1_048_576]) {
            await echoed(socket, randomBytes(bytes))
          }
          await echoed(socket, Buffer.alloc(8 * 1_048_576, 'a compressible message. '))
          socket.terminate()
        })
      }
    }

    test('fragments, with control frames between them', async () => {
      await using echo = await echoServer(engine)
      const socket = await opened(`ws://${echo.host}/echo`, { perMessageDeflate: false })
      socket.send('one ', { fin: false })
      socket.ping('between')
      socket.send('two ', { fin: false })
      socket.send('', { fin: false })
      socket.send('three', { fin: true })
      const pong = once(socket, 'pong') as Promise<[Buffer]>
      assert.equal(await received(socket), 'one two three')
      assert.equal((await pong)[0].toString(), 'between')
      socket.terminate()
    })

    test('pings both ways', async () => {
      await using echo = await echoServer(engine)
      const socket = await opened(`ws://${echo.host}/echo`)
      const payload = randomBytes(125)
      socket.ping(payload)
      assert.deepEqual((await once(socket, 'pong'))[0], payload)
      socket.send('ping')
      assert.equal(String((await once(socket, 'ping'))[0]), 'are you there?')
      await echoed(socket, 'yes')
      socket.terminate()
    })

    for (const [code, reason] of [
      [1000, ''],
      [1001, 'leaving'],
      [3000, 'ü'.repeat(61)],
      [4999, 'x'.repeat(123)],
    ] as const) {
      test(`the client closes with ${code}`, async () => {
        await using echo = await echoServer(engine)
        const socket = await opened(`ws://${echo.host}/echo`)
        socket.close(code, reason)
        const [gotCode] = (await once(socket, 'close')) as [number]
        assert.equal(gotCode, code)
        await echo.server.close()
        assert.deepEqual(echo.heard.closes, [{ code, reason }])
      })

      test(`the server closes with ${code}`, async () => {
        await using echo = await echoServer(engine)
        const socket = await opened(`ws://${echo.host}/echo`)
        socket.send(`close ${code} ${reason}`)
        const [gotCode, gotReason] = (await once(socket, 'close')) as [number, Buffer]
        assert.deepEqual([gotCode, gotReason.toString()], [code, reason])
      })
    }

    test('a close without a code, both ways', async () => {
      await using echo = await echoServer(engine)
      const one = await opened(`ws://${echo.host}/echo`)
      one.close()
      assert.equal((await once(one, 'close'))[0], 1005)
      const two = await opened(`ws://${echo.host}/echo`)
      two.send('close')
      assert.equal((await once(two, 'close'))[0], 1005)
      await echo.server.close()
      assert.deepEqual(echo.heard.closes, [
        { code: 1005, reason: '' },
        { code: 1005, reason: '' },
      ])
    })

    test('many messages at once come back in order', async () => {
      await using echo = await echoServer(engine)
      const socket = await opened(`ws://${echo.host}/echo`)
      const count = 5_000
      const seen: number[] = []
      const done = new Promise<void>((resolve) => {
        socket.on('message', (data: Buffer) => {
          if (seen.push(Number(data.toString())) === count) resolve()
        })
      })
      for (let i = 0; i < count; i++) socket.send(String(i))
      await done
      assert.deepEqual(
        seen,
        Array.from({ length: count }, (_, i) => i),
      )
      socket.terminate()
    })
  })
}
