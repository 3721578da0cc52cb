// One line as a conversation: what breaks it, what does not, in which order it answers, and what an error says.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { line } from 'holdline/line'
import type { LineOptions } from 'holdline/line'
import { wireFrame } from 'holdline/testing'
import { wireEngines, wireServer } from '../server/wire-server.ts'
import type { WireEngine, WireServer } from '../server/wire-server.ts'
import { openLine, subprotocols } from './line-peer.ts'

function served(engine: WireEngine, options: LineOptions = {}): Promise<WireServer> {
  const route = line({ authorize: () => true, ...options })
  return wireServer(engine, { routes: { '/live': route }, graceMs: 100 })
}

for (const engine of wireEngines) {
  describe(`a session on the ${engine} engine`, () => {
    test('who does not offer the protocol is refused, and is told what to offer', async () => {
      await using wire = await served(engine)
      for (const offered of [undefined, 'chat.v1', 'holdline.v2']) {
        const headers = offered === undefined ? {} : { 'Sec-WebSocket-Protocol': offered }
        const peer = await wire.dial('/live', { headers })
        await peer.answered()
        assert.equal(peer.status, 400)
      }
    })

    for (const subprotocol of subprotocols) {
      test(`${subprotocol}: malformed envelopes end their line alone`, async () => {
        await using wire = await served(engine)
        const healthy = await openLine(wire, { subprotocol })
        const deep = '{"type":"ping","id":1,"a":'.concat(
          '['.repeat(100_000),
          ']'.repeat(100_000),
          '}',
        )
        const bad: readonly Uint8Array[] = [
          wireFrame(1, ''),
          wireFrame(1, 'null'),
          wireFrame(1, '"ping"'),
          wireFrame(1, '[]'),
          wireFrame(1, '{}'),
          wireFrame(1, '{"type":{"toString":1}}'),
          wireFrame(1, '{"type":"ping","id":1,"__proto__":{"x":1}}'),
          wireFrame(1, '['.repeat(100_000)),
          wireFrame(2, ''),
          wireFrame(2, Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)),
          wireFrame(2, new Uint8Array(100_000).fill(0x91)),
          wireFrame(2, Uint8Array.of(0x81, 0xa4, ...Buffer.from('type'), 0xd4, 1, 1)),
          ...(subprotocol === 'holdline.v1' ? [] : [wireFrame(1, deep)]),
        ]
        for (const frame of bad) {
          const peer = await openLine(wire, { subprotocol })
          peer.peer.raw(frame)
          assert.deepEqual(await peer.closed(), [1008, 'ERR_LINE_MALFORMED'])
        }
        await healthy.ask({ type: 'ping', id: 1 }, { type: 'pong' })
      })
    }

    test('data of any depth, and other things that it cannot be, are refused, and the line goes on', async () => {
      await using wire = await served(engine)
      const peer = await openLine(wire)
      for (const data of [
        '['.repeat(100_000) + ']'.repeat(100_000),
        '{"a":'.repeat(1_000) + '1' + '}'.repeat(1_000),
        '{"__proto__":{"admin":true}}',
        '1e999',
      ]) {
        peer.peer.raw(wireFrame(1, `{"type":"publish","id":7,"topic":"chat","data":${data}}`))
        await peer.expect({ type: 'error', id: 7, code: 'ERR_LINE_FIELD' })
      }
      await peer.ask({ type: 'ping', id: 1 }, { type: 'pong' })
    })

    test('answers come in the order of what was asked, however long each takes', async () => {
      const first = Promise.withResolvers<boolean>()
      let asked = 0
      const authorize = (): boolean | Promise<boolean> => (asked++ === 0 ? first.promise : true)
      await using wire = await served(engine, { authorize })
      const peer = await openLine(wire)
      peer.send(
        { type: 'subscribe', id: 1, topic: 'a' },
        { type: 'ping', id: 2 },
        { type: 'subscribe', id: 3, topic: 'b' },
      )
      await wire.until('the question', () => asked > 0)
      await wire.pass(10)
      assert.equal(peer.peer.frameCount, 0)
      first.resolve(true)
      for (const id of [1, 2, 3]) await peer.expect({ id })
    })

    test('a million subscriptions are a thousand, and errors', async () => {
      await using wire = await served(engine, { maxSubscriptions: 1_000 })
      const peer = await openLine(wire)
      const frames: Uint8Array[] = []
      for (let id = 1; id <= 3_000; id++) {
        frames.push(wireFrame(1, JSON.stringify({ type: 'subscribe', id, topic: `t${id}` })))
      }
      peer.peer.raw(Buffer.concat(frames))
      let subscribed = 0
      for (let id = 1; id <= 3_000; id++) {
        const { type, code } = await peer.expect({ id })
        if (type === 'subscribed') subscribed++
        else assert.equal(code, 'ERR_SUBSCRIPTIONS')
      }
      assert.equal(subscribed, 1_000)
    })

    test('an error of the server’s own says nothing of what stands behind it', async () => {
      const authorize = (): boolean => {
        throw new Error('postgres://user:secret@10.0.0.7')
      }
      await using wire = await served(engine, { authorize })
      const peer = await openLine(wire)
      const error = await peer.ask(
        { type: 'subscribe', id: 1, topic: 'a' },
        { type: 'error', code: 'ERR_TOPIC_FORBIDDEN' },
      )
      assert.doesNotMatch(JSON.stringify(error), /10\.0\.0\.7|postgres/)
    })

    test('who leaves in the middle of an answer leaves nothing behind', async () => {
      const gates: (() => void)[] = []
      const authorize = (): Promise<boolean> =>
        new Promise((resolve) => gates.push(() => resolve(true)))
      await using wire = await served(engine, { authorize })
      const peer = await openLine(wire)
      peer.send({ type: 'subscribe', id: 1, topic: 'a' })
      await wire.until('the question', () => gates.length === 1)
      peer.peer.line.cut()
      await wire.until('the end', () => peer.peer.isClosed)
      const stats = await wire.settled(wire.server.stats())
      gates[0]!()
      await wire.pass(10)
      assert.equal((await wire.settled(wire.server.stats())).subscriptions, 0)
      assert.equal(stats.subscriptions, 0)
    })

    test('a draining server says goaway before it closes', async () => {
      await using wire = await served(engine)
      const peer = await openLine(wire)
      const closing = wire.server.close({ graceMs: 500 })
      const goaway = await peer.expect({ type: 'goaway' })
      assert.equal(typeof goaway['afterMs'], 'number')
      peer.peer.raw(wireFrame(8, ''))
      await wire.settled(closing)
    })
  })
}
