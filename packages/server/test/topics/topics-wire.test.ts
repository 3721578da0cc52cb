// Topics with history over real sockets: resume, and a subscriber that does not read.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callbacks } from 'holdline/callbacks'
import type { Cursor, Overflow, Subscribed } from 'holdline'
import { wireEngines, wireServer } from '../server/wire-server.ts'

interface Asked {
  readonly since?: Cursor | 'start'
  readonly overflow?: Overflow
}

/** Subscribes as its first message says, and answers with what it was answered. */
const route = callbacks({
  message: async (connection, message) => {
    const asked = JSON.parse(String(message)) as Asked
    connection.send(JSON.stringify(await connection.subscribe('news', asked)))
  },
})

for (const engine of wireEngines) {
  test(`${engine}: a line resumes with its cursor and has every publication once, in order`, async () => {
    await using wire = await wireServer(engine, {
      routes: { '/': route },
      topics: { news: { history: true } },
    })
    const news = wire.server.topic('news')
    const first = await wire.connect()
    first.text('{}')
    const answer = JSON.parse(String(await first.message())) as Subscribed
    assert.equal(answer.cursor?.offset, 0)
    await news.publish('one')
    assert.equal(String(await first.message()), 'one')
    first.cut()
    const cursor = await news.publish('two')
    for (let i = 3; i <= 200; i++) await news.publish(`${i} ${'x'.repeat(1_000)}`)
    const again = await wire.connect()
    again.text(JSON.stringify({ since: { ...cursor!, offset: 1 } }))
    assert.equal((JSON.parse(String(await again.message())) as Subscribed).recovered, true)
    assert.equal(String(await again.message()), 'two')
    for (let i = 3; i <= 200; i++)
      assert.equal(String(await again.message()).split(' ')[0], String(i))
    await news.publish('last')
    assert.equal(String(await again.message()), 'last')
  })
}
