// Lines with topics over real sockets, in both encodings, and their types.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { live } from 'holdline-client'
import { msgpack } from 'holdline-client/msgpack'
import { z } from 'zod'
import { lineServer } from './line-server.ts'

const backoff = { baseMs: 2, capMs: 20 }

for (const encoding of [undefined, msgpack]) {
  const name = encoding?.protocol ?? 'holdline.v1'
  test(`${name}: publications of any kind, there and back, over lost lines`, async (context) => {
    const { url, script, sockets } = await lineServer(context)
    script.topic('news')
    const line = live(url, { backoff, ...(encoding && { encoding }) })
    context.after(() => line.close())
    const news = line.subscribe('news', { since: 'start' })
    const sent = ['grüß dich', { a: [1, null] }, Uint8Array.of(0, 255), 4, '']
    const reader = news[Symbol.asyncIterator]()
    for (const data of sent) {
      const cursor = await line.publish('news', data)
      const { value } = await reader.next()
      assert.deepEqual(value?.data, data)
      assert.equal(value?.offset, cursor?.offset)
      for (const socket of sockets) socket.terminate()
    }
    assert.equal(script.topic('news').head, sent.length)
  })
}

test('schemas give types and are asked both ways; patterns are topics too', async (context) => {
  const { url, script } = await lineServer(context)
  script.topic('room.42')
  script.topic('news')
  const errors: string[] = []
  const line = live(url, {
    topics: { news: z.object({ title: z.string() }), 'room.*': z.number().transform(String) },
    onError: ({ code }) => errors.push(code),
  })
  context.after(() => line.close())
  const room = line.subscribe('room.42')
  await room.ready
  await line.publish('news', { title: 'a' })
  // @ts-expect-error: no such topic
  await assert.rejects(line.publish('other', 1), { code: 'ERR_TOPIC_UNKNOWN' })
  // @ts-expect-error: another message
  await assert.rejects(line.publish('news', { title: 1 }), { code: 'ERR_MESSAGE_OUT_INVALID' })
  script.publish('room.42', 'no number')
  script.publish('room.42', 7)
  const { value } = await room[Symbol.asyncIterator]().next()
  const data: string | undefined = value?.data
  assert.equal(data, '7')
  assert.deepEqual(errors, ['ERR_MESSAGE_INVALID'])
})

test('types alone', async (context) => {
  const { url, script } = await lineServer(context)
  script.topic('news')
  const line = live<{ news: { title: string } }>(url)
  context.after(() => line.close())
  const news = line.subscribe('news')
  await line.publish('news', { title: 'a' })
  for await (const { data } of news) {
    const title: string = data.title
    assert.equal(title, 'a')
    break
  }
  // @ts-expect-error: another message
  await line.publish('news', 'text')
})

test('an address that makes no sense throws at once', () => {
  assert.throws(() => live('http://'), TypeError)
})
