// What a line may do with topics, and how fast: authorization of line and topic, rates, what waits for a broker, keys
// that make retries harmless, and what becomes of subscriptions when the identity changes.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ServeOptions } from 'holdline'
import { line } from 'holdline/line'
import type { Identify, LineOptions } from 'holdline/line'
import { wireEngines, wireServer } from '../server/wire-server.ts'
import type { WireEngine, WireServer } from '../server/wire-server.ts'
import { openLine } from './line-peer.ts'

/** `ann` or `ann:role`. */
const identify: Identify = ({ token }) => {
  const [id = '', role] = token.split(':')
  return { id, issuedAtMs: Date.now(), claims: role }
}

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })

function served(
  engine: WireEngine,
  options: LineOptions = {},
  topics: NonNullable<ServeOptions['topics']> = { 'log.*': { history: true } },
): Promise<WireServer> {
  return wireServer(engine, { topics, routes: { '/live': line(options) } })
}

for (const engine of wireEngines) {
  describe(`topics of a line on the ${engine} engine`, () => {
    test('without authorize everybody may subscribe and nobody publish', async () => {
      await using wire = await served(engine)
      const peer = await openLine(wire)
      await peer.ask({ type: 'subscribe', id: 1, topic: 'log.a' }, { type: 'subscribed' })
      await peer.ask({ type: 'history', id: 2, topic: 'log.a' }, { type: 'history' })
      await peer.ask(
        { type: 'publish', id: 3, topic: 'log.a', data: 1 },
        { type: 'error', code: 'ERR_TOPIC_FORBIDDEN' },
      )
    })

    test('the line’s authorize and the topic’s must both say yes, and only true is a yes', async () => {
      const answers: readonly (readonly [unknown, unknown, boolean])[] = [
        [true, true, true],
        [Promise.resolve(true), Promise.resolve(true), true],
        [true, false, false],
        [false, true, false],
        [Promise.resolve(true), Promise.resolve(false), false],
        [Promise.resolve(false), true, false],
        [1, true, false],
        [true, 'yes', false],
        [Promise.resolve({}), true, false],
        [new Error('away'), true, false],
      ]
      for (const [ofLine, ofTopic, isAllowed] of answers) {
        const topics = { chat: { authorize: () => ofTopic as boolean } }
        const byLine = (): unknown => (ofLine instanceof Error ? Promise.reject(ofLine) : ofLine)
        await using wire = await served(engine, { authorize: byLine as () => boolean }, topics)
        const peer = await openLine(wire)
        const type = isAllowed ? 'published' : 'error'
        await peer.ask({ type: 'publish', id: 1, topic: 'chat', data: 1 }, { type })
      }
    })

    test('review puts in what the server knows, and refuses what it does not want', async () => {
      const review: LineOptions['review'] = ({ message, identity }) => {
        const said = JSON.parse(message as string) as unknown
        if (said === 'broken') return undefined as never
        return typeof said === 'string' ? JSON.stringify({ said, by: identity?.id }) : null
      }
      await using wire = await served(engine, { identify, authorize: () => true, review })
      const peer = await openLine(wire, bearer('ann'))
      const publish = { type: 'publish', topic: 'log.a' }
      await peer.ask({ ...publish, id: 1, data: 'hello' }, { type: 'published' })
      await peer.ask({ ...publish, id: 2, data: 7 }, { type: 'error', code: 'ERR_LINE_FIELD' })
      await peer.ask(
        { ...publish, id: 3, data: 'broken' },
        { type: 'error', code: 'ERR_LINE_FAILED' },
      )
      await peer.ask(
        { type: 'history', id: 4, topic: 'log.a' },
        { type: 'history', publications: [{ offset: 1, data: { said: 'hello', by: 'ann' } }] },
      )
    })

    test('authorize is told who asks what of which topic', async () => {
      const asked: unknown[] = []
      const authorize: LineOptions['authorize'] = ({ action, topic, identity, request }) => {
        asked.push([action, topic, identity?.id, request.path])
        return true
      }
      await using wire = await served(engine, { identify, authorize })
      const peer = await openLine(wire, bearer('ann'))
      await peer.ask(
        { type: 'subscribe', id: 1, topic: 'a', presence: true },
        { type: 'subscribed' },
      )
      await peer.ask({ type: 'history', id: 2, topic: 'log.a' }, { type: 'history' })
      assert.deepEqual(asked, [
        ['subscribe', 'a', 'ann', '/live'],
        ['presence', 'a', 'ann', '/live'],
        ['history', 'log.a', 'ann', '/live'],
      ])
    })

    test('too many publications a second are refused with when to come again, and the line goes on', async () => {
      await using wire = await served(engine, { authorize: () => true, publishesPerSecond: 5 })
      const peer = await openLine(wire)
      for (let id = 1; id <= 12; id++) peer.send({ type: 'publish', id, topic: 'chat', data: 1 })
      const answers = []
      for (let id = 1; id <= 12; id++) answers.push(await peer.next())
      const refused = answers.filter(({ code }) => code === 'ERR_PUBLISH_RATE')
      assert.ok(refused.length >= 6 && refused.length <= 7, `${refused.length}`)
      assert.ok(refused.every(({ retryAfterMs }) => retryAfterMs === 200))
      await wire.pass(2_500)
      await peer.ask({ type: 'publish', id: 20, topic: 'chat', data: 1 }, { type: 'published' })
    })

    test('too many bytes a second are refused as well', async () => {
      await using wire = await served(engine, { authorize: () => true, publishBytesPerSecond: 100 })
      const peer = await openLine(wire)
      const data = 'x'.repeat(80)
      await peer.ask({ type: 'publish', id: 1, topic: 'chat', data }, { type: 'published' })
      await peer.ask(
        { type: 'publish', id: 2, topic: 'chat', data },
        { type: 'error', code: 'ERR_PUBLISH_RATE', retryAfterMs: 1_000 },
      )
    })

    test('a key of one identity does not swallow what another publishes', async () => {
      await using wire = await served(engine, { identify, authorize: () => true })
      const publish = { type: 'publish', id: 1, topic: 'log.a', data: 1, idempotencyKey: 'k' }
      const offsets: number[] = []
      for (const token of ['ann', 'ann', 'bob']) {
        const peer = await openLine(wire, bearer(token))
        offsets.push((await peer.ask(publish, { type: 'published' }))['cursor'].offset)
      }
      assert.deepEqual(offsets, [1, 1, 2])
    })

    test('what an identity may no longer have ends with its renewal', async () => {
      const authorize: LineOptions['authorize'] = ({ identity, topic }) =>
        topic !== 'staff' || identity?.claims === 'admin'
      await using wire = await served(engine, { identify, authorize })
      const peer = await openLine(wire, bearer('ann:admin'))
      await peer.ask({ type: 'subscribe', id: 1, topic: 'staff' }, { type: 'subscribed' })
      await peer.ask({ type: 'subscribe', id: 2, topic: 'all' }, { type: 'subscribed' })
      await peer.ask({ type: 'token', id: 3, token: 'ann:user' }, { type: 'renewed' })
      await peer.expect({ type: 'unsubscribed', topic: 'staff', code: 'ERR_TOPIC_FORBIDDEN' })
      await wire.settled(wire.server.publish('staff', '1'))
      await wire.settled(wire.server.publish('all', '2'))
      await peer.expect({ type: 'pub', topic: 'all', data: 2 })
    })

    test('patterns are served where the route says so', async () => {
      await using wire = await served(engine, { patterns: true })
      const peer = await openLine(wire)
      await peer.ask({ type: 'subscribe', id: 1, topic: 'log.*' }, { type: 'subscribed' })
      await wire.settled(wire.server.publish('log.b', '1'))
      await peer.expect({ type: 'pub', topic: 'log.b', data: 1 })
      await peer.ask(
        { type: 'subscribe', id: 2, topic: 'x.*', presence: true },
        { type: 'error', code: 'ERR_TOPIC_NAME' },
      )
    })

    test('who was present as nobody, and says who it is, is present as that', async () => {
      await using wire = await served(engine, { identify, anonymous: true, authorize: () => true })
      const watcher = await openLine(wire, bearer('bob'))
      await watcher.ask(
        { type: 'subscribe', id: 1, topic: 'room', presence: true },
        { type: 'subscribed', members: [] },
      )
      const line = await openLine(wire)
      await line.ask({ type: 'present', id: 1, topic: 'room', state: { at: 1 } }, { type: 'done' })
      const { joined } = await watcher.expect({ type: 'presence', left: [] })
      const [{ member: session }] = joined as [{ member: string }]
      assert.notEqual(session, 'ann')
      await line.ask({ type: 'hello', id: 2, token: 'ann' }, { type: 'welcome' })
      const names = (list: unknown): string[] =>
        (list as { member: string }[]).map(({ member }) => member)
      const seen: string[] = []
      while (seen.length < 2) {
        const change = await watcher.expect({ type: 'presence' })
        for (const name of names(change['left'])) seen.push(`left ${name}`)
        for (const name of names(change['joined'])) seen.push(`joined ${name}`)
      }
      assert.deepEqual(seen.toSorted(), ['joined ann', `left ${session}`])
      const ann = { member: 'ann', identity: 'ann', state: { at: 1 } }
      await watcher.ask(
        { type: 'members', id: 2, topic: 'room' },
        { type: 'members', members: [ann] },
      )
    })

    test('lines of one identity are one member, and who leaves is gone', async () => {
      await using wire = await served(engine, { identify, authorize: () => true })
      const watcher = await openLine(wire, bearer('bob'))
      await watcher.ask(
        { type: 'subscribe', id: 1, topic: 'room', presence: true },
        { type: 'subscribed', members: [] },
      )
      const one = await openLine(wire, bearer('ann'))
      await one.ask(
        { type: 'subscribe', id: 1, topic: 'room', state: { at: 1 } },
        { type: 'subscribed' },
      )
      const member = { member: 'ann', identity: 'ann', state: { at: 1 } }
      await watcher.expect({ type: 'presence', joined: [member], left: [] })
      const other = await openLine(wire, bearer('ann'))
      await other.ask({ type: 'present', id: 1, topic: 'room', state: { at: 1 } }, { type: 'done' })
      one.peer.line.cut()
      await wire.until('the end of one', () => one.peer.isClosed)
      await wire.pass(20)
      await watcher.ask(
        { type: 'members', id: 2, topic: 'room' },
        { type: 'members', members: [member] },
      )
      other.peer.line.cut()
      await watcher.expect({ type: 'presence', left: [{ member: 'ann', identity: 'ann' }] })
    })
  })
}
