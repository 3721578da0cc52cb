// The frameworks that people have, as `http` of a server: their requests and a WebSocket on one port.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { streamText } from 'hono/streaming'
import { serve } from 'holdline'
import type { HttpHandler } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { WebSocket } from 'ws'

/** Each answers GET /hello, POST /sum with JSON, GET /stream with three pieces, and nothing else. */
const frameworks: Record<string, () => Promise<HttpHandler>> = {
  'Express 5': async () => {
    const app = express()
    app.get(
      '/hello',
      (incoming, response) => void response.send(`hello ${incoming.query['name'] as string}`),
    )
    app.post('/sum', express.json(), (incoming, response) => {
      const { a, b } = incoming.body as { a: number; b: number }
      response.json({ sum: a + b })
    })
    app.get('/stream', async (_, response) => {
      for (const piece of ['one ', 'two ', 'three']) {
        response.write(piece)
        await sleep(5)
      }
      response.end()
    })
    return app
  },
  'Fastify 5': async () => {
    const app = fastify()
    app.get('/hello', async (incoming) => `hello ${(incoming.query as { name: string }).name}`)
    app.post('/sum', async (incoming) => {
      const { a, b } = incoming.body as { a: number; b: number }
      return { sum: a + b }
    })
    app.get('/stream', (_, reply) => {
      reply.hijack()
      void (async () => {
        for (const piece of ['one ', 'two ', 'three']) {
          reply.raw.write(piece)
          await sleep(5)
        }
        reply.raw.end()
      })()
    })
    await app.ready()
    return (incoming, response) => app.routing(incoming, response)
  },
  Hono: async () => {
    const app = new Hono()
    app.get('/hello', (c) => c.text(`hello ${c.req.query('name')}`))
    app.post('/sum', async (c) => {
      const { a, b } = await c.req.json<{ a: number; b: number }>()
      return c.json({ sum: a + b })
    })
    app.get('/stream', (c) =>
      streamText(c, async (stream) => {
        for (const piece of ['one ', 'two ', 'three']) {
          await stream.write(piece)
          await stream.sleep(5)
        }
      }),
    )
    const listener = getRequestListener(app.fetch)
    return (incoming, response) => void listener(incoming, response)
  },
}

const echo = callbacks({ message: (c, data) => void c.send(data) })

async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

for (const [name, make] of Object.entries(frameworks)) {
  describe(name, () => {
    test('GET, POST with a body, a streamed response and a 404, while a WebSocket echoes', async () => {
      await using server = await serve({
        host: '127.0.0.1',
        logger: null,
        http: await make(),
        routes: { '/echo': echo },
      })
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}/echo`)
      await once(socket, 'open')
      let sent = 0
      const echoed = async (): Promise<void> => {
        socket.send(`message ${++sent}`)
        const [data] = (await once(socket, 'message')) as [Buffer]
        assert.equal(data.toString(), `message ${sent}`)
      }
      await echoed()

      const hello = await fetch(`${server.url}/hello?name=ann`)
      assert.equal(hello.status, 200)
      const [greeting] = await Promise.all([hello.text(), echoed()])
      assert.equal(greeting, 'hello ann')

      const sum = fetch(`${server.url}/sum`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ a: 20, b: 22, padding: 'x'.repeat(50_000) }),
      })
      await echoed()
      assert.deepEqual(await (await sum).json(), { sum: 42 })

      const stream = await fetch(`${server.url}/stream`)
      const pieces: string[] = []
      const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        pieces.push(part.value)
        await echoed()
      }
      assert.equal(pieces.join(''), 'one two three')
      assert.ok(pieces.length > 1, 'the response came in one piece')

      assert.equal((await fetch(`${server.url}/none`)).status, 404)
      await echoed()
      socket.terminate()
    })

    test('keep-alive: several requests on one line, then an upgrade on it', async () => {
      await using server = await serve({
        host: '127.0.0.1',
        logger: null,
        http: await make(),
        routes: { '/echo': echo },
      })
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const ports = new Set<number>()
      for (const user of ['ann', 'bob', 'cy']) {
        const outgoing = request(`${server.url}/hello?name=${user}`, { agent }).end()
        const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
        ports.add(response.socket.localPort!)
        assert.equal(await textOf(response), `hello ${user}`)
      }
      assert.equal(ports.size, 1)
      const outgoing = request(`${server.url}/echo`, {
        agent,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          'sec-websocket-version': '13',
        },
      }).end()
      const [response, socket] = (await once(outgoing, 'upgrade')) as [
        IncomingMessage,
        IncomingMessage['socket'],
      ]
      assert.equal(response.statusCode, 101)
      ports.add(socket.localPort!)
      assert.equal(ports.size, 1)
      // An unmasked close frame is answered with 1002: the line speaks WebSocket.
      socket.write(Uint8Array.of(0x88, 0x00))
      const [bytes] = (await once(socket, 'data')) as [Buffer]
      assert.deepEqual([...bytes.subarray(0, 1), bytes.readUInt16BE(2)], [0x88, 1002])
      socket.destroy()
      agent.destroy()
    })
  })
}
