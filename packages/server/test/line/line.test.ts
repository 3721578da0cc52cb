// The line over real sockets and over the memory engine, in both encodings: what is answered, in which order, and how a
// line ends.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ServeOptions } from 'holdline'
import { line } from 'holdline/line'
import type { LineOptions } from 'holdline/line'
import { wireEngines, wireServer } from '../server/wire-server.ts'
import type { WireEngine, WireServer } from '../server/wire-server.ts'
import { openLine, subprotocols } from './line-peer.ts'

const topics = {
  'news.*': { history: { count: 5 } },
  'secret.*': { history: true, authorize: () => false },
} satisfies ServeOptions['topics']

function served(engine: WireEngine, options: LineOptions = {}): Promise<WireServer> {
  return wireServer(engine, {
    topics,
    routes: { '/live': line({ authorize: () => true, ...options }) },
  })
}

for (const engine of wireEngines) {
  for (const subprotocol of subprotocols) {
    describe(`${subprotocol} on the ${engine} engine`, () => {
      test('a line is welcomed, subscribes, publishes, and hears itself', async () => {
        await using wire = await served(engine)
        const ann = await openLine(wire, { subprotocol })
        await ann.ask(
          { type: 'subscribe', id: 1, topic: 'chat' },
          { type: 'subscribed', id: 1, topic: 'chat', cursor: null, recovered: false },
        )
        ann.send({ type: 'publish', id: 2, topic: 'chat', data: { text: 'hi' } })
        const both = [await ann.next(), await ann.next()]
        const pub = both.find(({ type }) => type === 'pub')
        assert.deepEqual(pub, { type: 'pub', topic: 'chat', data: { text: 'hi' } })
        const published = both.find(({ type }) => type === 'published')
        assert.deepEqual(published, { type: 'published', id: 2, topic: 'chat', cursor: null })
      })

      test('bytes, texts and JSON arrive as they were published', async () => {
        await using wire = await served(engine)
        const ann = await openLine(wire, { subprotocol })
        await ann.ask({ type: 'subscribe', id: 1, topic: 'chat' }, { type: 'subscribed' })
        for (const [message, data] of [
          ['no json {', 'no json {'],
          ['{"a":[1,null]}', { a: [1, null] }],
          ['"text"', 'text'],
        ] as const) {
          await wire.settled(wire.server.publish('chat', message))
          assert.deepEqual(await ann.next(), { type: 'pub', topic: 'chat', data })
        }
        await wire.settled(wire.server.publish('chat', Uint8Array.of(0, 255, 7)))
        const bytes = await ann.next()
        if (subprotocol === 'holdline.v1') assert.equal(bytes['data64'], 'AP8H')
        else assert.deepEqual(bytes['data'], Uint8Array.of(0, 255, 7))
      })

      test('a topic with history gives cursors, and resumes from them with exactly what was missed', async () => {
        await using wire = await served(engine)
        const ann = await openLine(wire, { subprotocol })
        const { cursor } = await ann.ask(
          { type: 'subscribe', id: 1, topic: 'news.at' },
          { type: 'subscribed', recovered: false },
        )
        for (const n of [1, 2, 3]) await wire.settled(wire.server.publish('news.at', String(n)))
        for (const data of [1, 2, 3]) await ann.expect({ type: 'pub', data, offset: data })
        ann.peer.line.cut()
        const back = await openLine(wire, { subprotocol })
        const since = { ...cursor, offset: 1 }
        const subscribed = await back.ask(
          { type: 'subscribe', id: 1, topic: 'news.at', since },
          { type: 'subscribed', recovered: true, cursor: since },
        )
        assert.equal(subscribed['reason'], undefined)
        for (const data of [2, 3]) await back.expect({ type: 'pub', data, offset: data })
      })
    })
  }
}
