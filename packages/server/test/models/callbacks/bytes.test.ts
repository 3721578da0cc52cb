// Whose the bytes of a message are: all sockets are read into one buffer, so bytes that a handler looks at later
// would be those of another connection.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { serve } from 'holdline'
import type { Route } from 'holdline'
import { callbacks, handler, WebSocketHandler } from 'holdline/callbacks'
import { WebSocket } from 'ws'

/** Sends 1, 1, 1, … on one line and 2, 2, 2, … on another while the handlers of the first wait. */
async function answers(route: Route, release: () => void): Promise<Buffer[]> {
  await using server = await serve({ host: '127.0.0.1', logger: null, routes: { '/': route } })
  const lines = [new WebSocket(server.url), new WebSocket(server.url)]
  await Promise.all(lines.map((line) => once(line, 'open')))
  const heard: Buffer[] = []
  const done = new Promise<void>((resolve) => {
    for (const line of lines) {
      line.on('message', (data: Buffer) => {
        heard.push(data)
        if (heard.length === 2) resolve()
      })
    }
  })
  lines[0]!.send(Buffer.alloc(1_000, 1))
  while ((await server.stats()).routes[0]!.messagesReceived < 1) await turn()
  lines[1]!.send(Buffer.alloc(1_000, 2))
  while ((await server.stats()).routes[0]!.messagesReceived < 2) await turn()
  release()
  await done
  for (const line of lines) line.terminate()
  return heard
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function assertOwn(heard: Buffer[]): void {
  const contents = heard.map((data) => data.toString('hex')).toSorted()
  assert.deepEqual(contents, ['01'.repeat(1_000), '02'.repeat(1_000)])
}

test('K8: an async function may look at its bytes behind an await', async () => {
  const gate = Promise.withResolvers<void>()
  const route = callbacks({
    async message(c, data) {
      await gate.promise
      c.send(data)
    },
  })
  assertOwn(await answers(route, gate.resolve))
})

test('K8: so may an async method of a WebSocketHandler', async () => {
  const gate = Promise.withResolvers<void>()
  class Late extends WebSocketHandler {
    override async onMessage(data: string | Uint8Array): Promise<void> {
      await gate.promise
      await this.write(data)
    }
  }
  assertOwn(await answers(handler(Late), gate.resolve))
})

test('K8: a plain function is lent the bytes; its own copy stays', async () => {
  const kept: Uint8Array[] = []
  const gate = Promise.withResolvers<void>()
  const route = callbacks({
    message(c, data) {
      const copy = (data as Uint8Array).slice()
      kept.push(copy)
      void gate.promise.then(() => c.send(copy))
    },
  })
  assertOwn(await answers(route, gate.resolve))
  assert.notEqual(kept[0]!.buffer, kept[1]!.buffer)
})
