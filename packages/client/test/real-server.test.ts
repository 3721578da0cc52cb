// The client against Holdline itself, over real sockets, in both encodings.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serve } from 'holdline'
import type { Server } from 'holdline'
import { line as lineRoute } from 'holdline/line'
import { live } from 'holdline-client'
import type { LiveOptions } from 'holdline-client'
import { msgpack } from 'holdline-client/msgpack'

const backoff = { baseMs: 5, capMs: 50 }

function started(engine: 'node' | 'uring', port = 0): Promise<Server> {
  return serve({
    port,
    engine,
    topics: { 'news.*': { history: { count: 1000 } } },
    routes: {
      '/live': lineRoute({
        identify: ({ token }) => (token.startsWith('t-') ? { id: token.slice(2) } : null),
        authorize: ({ topic }) => !topic.startsWith('secret.'),
        secret: 'a secret of at least thirty-two bytes',
      }),
    },
  })
}

const address = ({ port }: Server): string => `ws://127.0.0.1:${port}/live`

/** Remembers its sockets, so that a test can end them as a network would. */
function lossy(): { environment: NonNullable<LiveOptions['environment']>; lose(): void } {
  const sockets = new Set<WebSocket>()
  class Remembered extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols)
      sockets.add(this)
    }
  }
  return {
    environment: { WebSocket: Remembered },
    lose() {
      for (const socket of sockets) socket.close()
      sockets.clear()
    },
  }
}

for (const engine of ['node', 'uring'] as const) {
  for (const encoding of [undefined, msgpack]) {
    const name = `${engine}, ${encoding?.protocol ?? 'holdline.v1'}`
    test(`${name}: nothing is lost and nothing comes twice while lines are lost`, async (context) => {
      const server = await started(engine)
      context.after(() => server.close({ graceMs: 100 }))
      const { environment, lose } = lossy()
      const options = { backoff, environment, ...(encoding && { encoding }) }
      const line = live(address(server), { token: () => 't-ann', ...options })
      context.after(() => line.close())
      const gaps: unknown[] = []
      const news = line.subscribe('news.a', { since: 'start', onGap: (gap) => gaps.push(gap) })
      await news.ready
      const cursors: Promise<unknown>[] = []
      for (let n = 0; n < 200; n += 1) {
        cursors.push(line.publish('news.a', n % 2 === 0 ? { n } : Uint8Array.of(n)))
        if (n % 40 === 20) {
          await cursors.at(-1)
          lose()
        }
      }
      const offsets = (await Promise.all(cursors)) as { offset: number }[]
      assert.deepEqual(
        offsets.map(({ offset }) => offset),
        Array.from({ length: 200 }, (_, n) => n + 1),
      )
      let at = 0
      for await (const { data, offset } of news) {
        assert.equal(offset, at + 1)
        assert.deepEqual(data, at % 2 === 0 ? { n: at } : Uint8Array.of(at))
        if ((at += 1) === 200) break
      }
      assert.deepEqual(gaps, [])
      assert.equal((await line.history('news.a', { limit: 3 })).publications.length, 3)
    })
  }
}

test('who is present, and who may what: the answers of the real server', async (context) => {
  const server = await started('node')
  context.after(() => server.close({ graceMs: 100 }))
  const ann = live(address(server), { backoff, token: () => 't-ann' })
  const bob = live(address(server), { backoff, token: () => 't-bob' })
  context.after(() => [ann, bob].forEach((line) => line.close()))
  const { promise: bothThere, resolve } = Promise.withResolvers<void>()
  const news = ann.subscribe('news.a', {
    presence: true,
    state: 'here',
    onPresence: (members) => {
      if (members.size === 2) resolve()
    },
  })
  await news.ready
  await bob.present('news.a', 'too')
  await bothThere
  assert.deepEqual([...news.members.keys()].toSorted(), ['ann', 'bob'])
  await assert.rejects(bob.subscribe('secret.x').ready, { code: 'ERR_TOPIC_FORBIDDEN' })
  await assert.rejects(bob.publish('secret.x', 1), { code: 'ERR_TOPIC_FORBIDDEN' })

  // The cursor of another is worth nothing, and the program is told.
  await ann.publish('news.a', 'one')
  const gaps: string[] = []
  const stolen = bob.subscribe('news.a', {
    since: news.cursor as NonNullable<typeof news.cursor>,
    onGap: ({ reason }) => gaps.push(reason),
  })
  await stolen.ready
  assert.equal(stolen.recovered, false)
  assert.deepEqual(gaps, ['epoch'])
})

test('a token that is no good: told twice, closed for good', async (context) => {
  const server = await started('node')
  context.after(() => server.close({ graceMs: 100 }))
  const errors: string[] = []
  const line = live(address(server), {
    backoff,
    token: (reason) => reason,
    onError: ({ code }) => errors.push(code),
  })
  const { code, reason } = await line.closed
  assert.deepEqual([code, reason], [4401, 'ERR_TOKEN_INVALID'])
  assert.deepEqual(errors, ['ERR_TOKEN_INVALID', 'ERR_TOKEN_INVALID'])
})

test('a server that is restarted: what was not acknowledged is published then, the gap is told', async (context) => {
  const first = await started('node')
  const { port } = first
  const line = live(address(first), { backoff, token: () => 't-ann', reconnect: () => true })
  context.after(() => line.close())
  const gaps: string[] = []
  const news = line.subscribe('news.a', { onGap: ({ reason }) => gaps.push(reason) })
  await news.ready
  await line.publish('news.a', 'before')
  await first.close({ graceMs: 500 })
  const waiting = line.publish('news.a', 'after')
  const second = await started('node', port)
  context.after(() => second.close({ graceMs: 100 }))
  assert.equal((await waiting)?.offset, 1)
  const reader = news[Symbol.asyncIterator]()
  assert.equal((await reader.next()).value?.data, 'before')
  const { value } = await reader.next()
  assert.deepEqual([value?.data, value?.gap?.reason], ['after', 'epoch'])
  assert.deepEqual(gaps, ['epoch'])
})
