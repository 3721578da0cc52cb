// Clients of holdline.v1 that mean no good, or are unlucky: what they ask for must cost nobody else anything, and what
// they are answered must be true.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ServeOptions } from 'holdline'
import { line } from 'holdline/line'
import type { LineOptions } from 'holdline/line'
import { openLine } from '../line/line-peer.ts'
import type { Message } from '../line/line-peer.ts'
import { wireEngines, wireServer } from '../server/wire-server.ts'
import type { WireEngine, WireServer } from '../server/wire-server.ts'

const topics = {
  'news.**': { history: { count: 200 }, overflow: 'dropOldest', lagBytes: 20_000 },
} satisfies ServeOptions['topics']

function served(engine: WireEngine, options: LineOptions = {}): Promise<WireServer> {
  return wireServer(engine, {
    topics,
    presence: {},
    routes: { '/live': line({ authorize: () => true, ...options }) },
  })
}

type Stats = Awaited<ReturnType<WireServer['server']['stats']>>

async function untilStats(wire: WireServer, isSo: (stats: Stats) => boolean): Promise<void> {
  for (let i = 0; !isSo(await wire.server.stats()); i++) {
    if (i > 1_000) throw new Error(`Waited in vain for ${String(isSo)}`)
    await wire.pass(10)
  }
}

for (const engine of wireEngines) {
  describe(`hostile lines on the ${engine} engine`, () => {
    test('who may only read cannot hold publishers up', async () => {
      await using wire = await served(engine, { limits: { bufferedBytes: 65_536 } })
      const idler = await openLine(wire)
      await idler.ask(
        { type: 'subscribe', id: 1, topic: 'news.a', overflow: 'block' },
        { code: 'ERR_TOPIC_FORBIDDEN' },
      )
    })

    test('unsubscribe ends the presence, also where there was no subscription', async () => {
      await using wire = await served(engine)
      const ann = await openLine(wire)
      await ann.ask({ type: 'present', id: 1, topic: 'news.a', state: 1 }, { type: 'done' })
      await ann.ask({ type: 'unsubscribe', id: 2, topic: 'news.a' }, { type: 'unsubscribed' })
      await ann.ask({ type: 'members', id: 3, topic: 'news.a' }, { members: [] })
    })

    test('whose state is refused has no subscription either', async () => {
      await using wire = await served(engine)
      const ann = await openLine(wire)
      const subscribe = { type: 'subscribe', id: 1, topic: 'news.a' }
      await ann.ask({ ...subscribe, state: 'x'.repeat(50_000) }, { code: 'ERR_PRESENCE_STATE' })
      await wire.settled(wire.server.publish('news.a', '1'))
      await ann.ask(subscribe, { type: 'subscribed' })
    })

    test('half of a surrogate pair reaches nobody in MessagePack', async () => {
      await using wire = await served(engine)
      const ann = await openLine(wire)
      for (const data of ['\ud800', { a: ['x\udc00'] }, { '\ud800': 1 }]) {
        await ann.ask({ type: 'publish', id: 1, topic: 'news.a', data }, { code: 'ERR_LINE_FIELD' })
      }
      const bob = await openLine(wire, { subprotocol: 'holdline.v1.msgpack' })
      await bob.ask({ type: 'subscribe', id: 1, topic: 'news.a' }, { type: 'subscribed' })
      for (const message of ['"\\ud800"', 'no json \ud800']) {
        await wire.settled(wire.server.publish('news.a', message, { key: '\ud800' }))
        const { payload } = await bob.peer.frame()
        const utf8 = Buffer.from(payload).toString('latin1')
        assert.ok(!utf8.includes('\xed\xa0\x80'), 'a surrogate on the line')
      }
    })

    test('a history with what lies deep in itself can be read', async () => {
      await using wire = await served(engine)
      const deep = '['.repeat(100_000) + ']'.repeat(100_000)
      await wire.settled(wire.server.publish('news.a', deep))
      await wire.settled(wire.server.publish('news.a', '1'))
      for (const subprotocol of ['holdline.v1', 'holdline.v1.msgpack'] as const) {
        const ann = await openLine(wire, { subprotocol })
        const { publications } = await ann.ask(
          { type: 'history', id: 1, topic: 'news.a' },
          { type: 'history' },
        )
        assert.deepEqual(
          publications.map(({ offset }: Message) => offset),
          [1, 2],
        )
      }
    })

    test('who may no longer see who is present sees it no more after a renewal', async () => {
      let mayWatch = true
      await using wire = await served(engine, {
        identify: ({ token }) => ({ id: token }),
        authorize: ({ action }) => action !== 'presence' || mayWatch,
      })
      const ann = await openLine(wire, { headers: { authorization: 'Bearer ann' } })
      const bob = await openLine(wire, { headers: { authorization: 'Bearer bob' } })
      await ann.ask(
        { type: 'subscribe', id: 1, topic: 'news.a', presence: true },
        { type: 'subscribed' },
      )
      mayWatch = false
      await ann.ask({ type: 'token', id: 2, token: 'ann' }, { type: 'renewed' })
      mayWatch = true
      await bob.ask({ type: 'present', id: 1, topic: 'news.a', state: 1 }, { type: 'done' })
      ann.send({ type: 'ping', id: 3 })
      const types: unknown[] = []
      for (;;) {
        const { type } = await ann.next()
        types.push(type)
        if (type === 'pong') break
      }
      assert.ok(!types.includes('presence'), String(types))
    })

    test('names that are no Unicode are no names', async () => {
      await using wire = await served(engine)
      const ann = await openLine(wire)
      const { code } = await ann.ask(
        { type: 'subscribe', id: 1, topic: 'news.\ud800' },
        { type: 'error' },
      )
      assert.equal(code, 'ERR_LINE_FIELD')
      assert.throws(() => wire.server.publish('news.\ud800', ''), { code: 'ERR_TOPIC_NAME' })
    })

    test('an anonymous line goes on when the token of its hello is refused', async () => {
      await using wire = await served(engine, {
        anonymous: true,
        identify: ({ token }) => (token === 'ann' ? { id: token } : null),
      })
      const ann = await openLine(wire)
      await ann.ask({ type: 'subscribe', id: 1, topic: 'news.a' }, { type: 'subscribed' })
      await ann.ask(
        { type: 'hello', id: 2, token: 'nobody' },
        { type: 'error', id: 2, code: 'ERR_TOKEN_INVALID' },
      )
      await wire.settled(wire.server.publish('news.a', '1'))
      await ann.expect({ type: 'pub' })
      await ann.ask({ type: 'hello', id: 3, token: 'ann' }, { type: 'welcome', identity: 'ann' })
    })

    test('who is revoked while the server drains is closed as revoked', async () => {
      const wire = await served(engine, { identify: ({ token }) => ({ id: token }) })
      const ann = await openLine(wire, { headers: { authorization: 'Bearer ann' } })
      const closing = wire.server.close({ graceMs: 5_000 })
      await ann.expect({ type: 'goaway' })
      const revoking = wire.server.revoke({ identity: 'ann' }).catch((error: unknown) => error)
      const told = await ann.closed()
      ann.peer.close(told[0] ?? 1000)
      ann.peer.end()
      assert.deepEqual(told, [4403, 'ERR_IDENTITY_REVOKED'])
      assert.equal(await wire.settled(revoking), undefined)
      await wire.settled(closing)
    })

    test('a cursor that is none, from elsewhere or from the future, is answered as it is', async () => {
      await using wire = await served(engine, { identify: ({ token }) => ({ id: token }) })
      const ann = await openLine(wire, { headers: { authorization: 'Bearer ann' } })
      const bob = await openLine(wire, { headers: { authorization: 'Bearer bob' } })
      const subscribe = (topic: string, since: unknown): Message => ({
        type: 'subscribe',
        id: 1,
        topic,
        since,
      })
      await ann.ask({ type: 'subscribe', id: 9, topic: 'news.b' }, { type: 'subscribed' })
      await ann.ask({ type: 'unsubscribe', id: 9, topic: 'news.b' }, { type: 'unsubscribed' })
      const { cursor } = await ann.ask(
        { type: 'subscribe', id: 1, topic: 'news.a' },
        { type: 'subscribed' },
      )
      await ann.ask({ type: 'unsubscribe', id: 2, topic: 'news.a' }, { type: 'unsubscribed' })
      for (const offset of [-1, 1.5, 1e300, '3', null, [], {}, true, 2 ** 53]) {
        await ann.ask(subscribe('news.a', { ...cursor, offset }), { code: 'ERR_CURSOR_INVALID' })
      }
      for (const epoch of ['', 'a'.repeat(65), 'ü', '*', 3, null, '__proto__\n']) {
        await ann.ask(subscribe('news.a', { ...cursor, epoch }), { code: 'ERR_CURSOR_INVALID' })
      }
      await bob.ask(subscribe('news.a', cursor), { code: 'ERR_CURSOR_PROOF' })
      await ann.ask(subscribe('news.b', cursor), { code: 'ERR_CURSOR_PROOF' })
      await ann.ask(subscribe('news.a', { ...cursor, proof: undefined }), {
        code: 'ERR_CURSOR_PROOF',
      })
      for (const [since, reason] of [
        [{ ...cursor, offset: Number.MAX_SAFE_INTEGER }, 'future'],
        [{ ...cursor, offset: 1 }, 'future'],
        [{ ...cursor, epoch: '__proto__' }, 'epoch'],
      ] as const) {
        await ann.ask(subscribe('news.a', since), { recovered: false, reason, cursor })
        await ann.ask({ type: 'unsubscribe', id: 2, topic: 'news.a' }, { type: 'unsubscribed' })
      }
    })

    test('a thousand topics resumed in one piece, while they are published on', async () => {
      await using wire = await served(engine, { maxSubscriptions: 10_000 })
      const { server } = wire
      const count = 1_000
      const names = Array.from({ length: count }, (_, i) => `news.${i}`)
      const publishAll = (n: number): Promise<unknown> =>
        Promise.all(names.map((name) => server.publish(name, String(n))))
      await wire.settled(publishAll(1))
      const { head } = await wire.settled(server.topic('news.0').history())
      const epochs = new Map<string, string>()
      for (const name of names) {
        epochs.set(name, (await wire.settled(server.topic(name).history())).head.epoch)
      }
      assert.equal(epochs.get('news.0'), head.epoch)
      await wire.settled(publishAll(2))
      const ann = await openLine(wire)
      ann.send(
        ...names.map((topic, i) => ({
          type: 'subscribe',
          id: i + 1,
          topic,
          since: { epoch: epochs.get(topic), offset: 1 },
        })),
      )
      const last = 6
      const publishing = (async () => {
        for (let n = 3; n <= last; n++) {
          await publishAll(n)
          await new Promise(setImmediate)
        }
      })()
      const at = new Map<string, number>()
      let finished = 0
      while (finished < count) {
        const { type, topic, offset, recovered, data } = await ann.next()
        if (type === 'subscribed') {
          assert.equal(recovered, true)
          at.set(topic, 1)
        } else {
          assert.equal(type, 'pub')
          assert.equal(offset, at.get(topic)! + 1, topic)
          assert.equal(data, offset)
          at.set(topic, offset)
          if (offset === last) finished++
        }
      }
      await wire.settled(publishing)
    })

    test('subscribed and unsubscribed again and again in one piece, and gone in the middle', async () => {
      await using wire = await served(engine)
      const { server } = wire
      const ann = await openLine(wire)
      const bob = await openLine(wire)
      const rounds = 300
      const asked = Array.from({ length: rounds }, (_, i) => [
        { type: 'subscribe', id: 3 * i + 1, topic: 'news.a', since: 'start' },
        { type: 'subscribe', id: 3 * i + 2, topic: 'news.a' },
        { type: 'unsubscribe', id: 3 * i + 3, topic: 'news.a' },
      ]).flat()
      ann.send(...asked)
      bob.send(...asked)
      const publishing = (async () => {
        for (let n = 0; n < 50; n++) {
          await server.publish('news.a', String(n))
          await new Promise(setImmediate)
        }
      })()
      await bob.next()
      bob.peer.cut()
      let isSubscribed = false
      let at = 0
      for (let id = 0; id < 3 * rounds;) {
        const message = await ann.next()
        if (message['type'] === 'pub') {
          assert.ok(isSubscribed, 'a publication of nothing that is subscribed')
          if (at > 0) assert.equal(message['offset'], at + 1)
          at = message['offset']
          continue
        }
        assert.equal(message['id'], ++id)
        const kind = id % 3
        if (kind === 1) assert.equal(message['type'], 'subscribed')
        else if (kind === 2) assert.equal(message['code'], 'ERR_TOPIC_SUBSCRIBED')
        else assert.equal(message['type'], 'unsubscribed')
        isSubscribed = kind !== 0
        if (kind === 1) at = message['cursor'].offset
      }
      await wire.settled(publishing)
      ann.peer.cut()
      await untilStats(wire, ({ subscriptions }) => subscriptions === 0)
    })

    test('who leaves between a subscription and its answer leaves nothing behind', async () => {
      await using wire = await served(engine, {
        authorize: () => new Promise((resolve) => setImmediate(() => resolve(true))),
      })
      for (let i = 0; i < 20; i++) {
        const ann = await openLine(wire)
        ann.send({ type: 'subscribe', id: 1, topic: `news.${i}`, presence: true, state: i })
        if (i % 2 === 0) await new Promise(setImmediate)
        ann.peer.cut()
      }
      await untilStats(wire, ({ connections, subscriptions }) => connections + subscriptions === 0)
      for (let i = 0; i < 20; i++) {
        const topic = wire.server.topic(`news.${i}`)
        while ((await wire.settled(topic.members())).length > 0) await wire.pass(10)
      }
    })
  })
}
