// The example on NATS, started twice as on two machines, and used.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { WebSocket } from 'ws'
import { NatsServer } from '../packages/server/test/brokers/nats/nats-server.ts'
import { next, open, withExample } from './run-example.ts'

test('nats: a room is one room on two servers, and who joins late hears what was said', async () => {
  await using server = await NatsServer.start()
  const environment = { NATS_URL: server.url }
  await withExample(
    'nats',
    (one) =>
      withExample(
        'nats',
        async (other) => {
          const ann = await open(`${one}/room/tea`)
          const bob = await open(`${other}/room/tea`)
          const heard = next(bob)
          ann.send('hello')
          assert.equal(await heard, 'hello')
          const answered = nextOf(ann, 'hello back')
          bob.send('hello back')
          await answered
          const late = await joined(`${other}/room/tea`, 2)
          assert.deepEqual(late, ['hello', 'hello back'])
          for (const line of [ann, bob]) line.close()
        },
        environment,
      ),
    environment,
  )
})

async function nextOf(line: WebSocket, text: string): Promise<void> {
  while ((await next(line)) !== text);
}

/** The first messages that a new line hears. */
async function joined(url: string, count: number): Promise<string[]> {
  const { WebSocket: Line } = await import('ws')
  const line = new Line(url)
  const heard: string[] = []
  const all = Promise.withResolvers<void>()
  line.on('message', (data: Buffer) => {
    heard.push(data.toString())
    if (heard.length === count) all.resolve()
  })
  await once(line, 'open')
  await all.promise
  line.close()
  return heard
}
