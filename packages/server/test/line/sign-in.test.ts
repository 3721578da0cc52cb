// Who is on a line, over time: the deadline of the first message, expiry, renewal, revocation, anonymity.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { line } from 'holdline/line'
import type { Identify, LineIdentity, LineOptions } from 'holdline/line'
import { HoldlineError } from 'holdline'
import { wireEngines, wireServer } from '../server/wire-server.ts'
import type { WireEngine, WireServer } from '../server/wire-server.ts'
import { dialLine, openLine } from './line-peer.ts'

/** `ann`, or `ann:500` for one who is ann for 500 ms, or `ann::s1` in the session s1. */
const identify: Identify = ({ token }): LineIdentity | null => {
  const [id = '', lifeMs = '', session] = token.split(':')
  if (id === 'nobody') return null
  return {
    id,
    issuedAtMs: Date.now() - 1,
    ...(lifeMs !== '' && { expiresAtMs: Date.now() + Number(lifeMs) }),
    ...(session !== undefined && { session }),
  }
}

function served(engine: WireEngine, options: LineOptions = {}): Promise<WireServer> {
  return wireServer(engine, { routes: { '/live': line({ identify, ...options }) } })
}

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })

for (const engine of wireEngines) {
  describe(`identity on the ${engine} engine`, () => {
    test('who says nothing of himself is closed when the time is up, and not before', async () => {
      await using wire = await served(engine, { helloMs: 300 })
      const startedAt = performance.now()
      const peer = await dialLine(wire)
      assert.deepEqual(await peer.closed(), [4401, 'ERR_TOKEN_MISSING'])
      if (engine !== 'memory') assert.ok(performance.now() - startedAt >= 300)
    })

    test('a token that expires closes the line within a second, not before', async () => {
      await using wire = await served(engine)
      const startedAt = performance.now()
      const peer = await openLine(wire, bearer('ann:400'))
      assert.deepEqual(await peer.closed(), [4401, 'ERR_TOKEN_EXPIRED'])
      const tookMs = performance.now() - startedAt
      if (engine !== 'memory') assert.ok(tookMs >= 390 && tookMs < 1_400, `${tookMs}`)
    })

    test('a renewal in time keeps the line open, and moves its end', async () => {
      await using wire = await served(engine)
      const peer = await openLine(wire, bearer('ann:400'))
      const renewed = await peer.ask(
        { type: 'token', id: 1, token: 'ann:900' },
        { type: 'renewed' },
      )
      assert.ok(renewed['expiresInMs'] > 500)
      await wire.pass(engine === 'memory' ? 200 : 600)
      await peer.ask({ type: 'ping', id: 2 }, { type: 'pong' })
      assert.deepEqual(await peer.closed(), [4401, 'ERR_TOKEN_EXPIRED'])
    })

    test('a revocation closes the lines that it concerns at once, and keeps them out', async () => {
      await using wire = await served(engine)
      const ann = await openLine(wire, bearer('ann'))
      const bob = await openLine(wire, bearer('bob::s1'))
      const eve = await openLine(wire, bearer('eve'))
      await wire.settled(wire.server.revoke({ identity: 'ann' }))
      assert.deepEqual(await ann.closed(), [4403, 'ERR_IDENTITY_REVOKED'])
      await wire.settled(wire.server.revoke({ session: 's1' }))
      assert.deepEqual(await bob.closed(), [4403, 'ERR_IDENTITY_REVOKED'])
      await eve.ask({ type: 'ping', id: 1 }, { type: 'pong' })
      const again = await dialLine(wire, bearer('bob::s1'))
      assert.deepEqual(await again.closed(), [4403, 'ERR_IDENTITY_REVOKED'])
      await openLine(wire, bearer('bob'))
    })

    test('one line is revoked by the session of its welcome', async () => {
      await using wire = await served(engine)
      const one = await dialLine(wire, bearer('ann'))
      const { session } = await one.expect({ type: 'welcome' })
      const other = await openLine(wire, bearer('ann'))
      await wire.settled(wire.server.revoke({ session }))
      assert.deepEqual(await one.closed(), [4403, 'ERR_IDENTITY_REVOKED'])
      await other.ask({ type: 'ping', id: 1 }, { type: 'pong' })
    })

    test('where it cannot be found out who it is, the client is asked to come again', async () => {
      const failing: Identify = () => Promise.reject(new Error('the database is away'))
      await using wire = await served(engine, { identify: failing })
      const peer = await dialLine(wire, bearer('ann'))
      assert.deepEqual(await peer.closed(), [1013, 'ERR_IDENTIFY_FAILED'])
      const mistaken = (() => ({ name: 'ann' })) as unknown as Identify
      await using other = await served(engine, { identify: mistaken })
      const stranger = await dialLine(other, bearer('ann'))
      assert.deepEqual(await stranger.closed(), [1013, 'ERR_IDENTIFY_FAILED'])
    })

    test('identify may say that a token is expired by throwing so', async () => {
      const strict: Identify = () => {
        throw new HoldlineError('ERR_TOKEN_EXPIRED')
      }
      await using wire = await served(engine, { identify: strict })
      const peer = await dialLine(wire, bearer('ann'))
      assert.deepEqual(await peer.closed(), [4401, 'ERR_TOKEN_EXPIRED'])
    })

    test('nothing is handled while it is found out who it is, and everything after, in order', async () => {
      const gate = Promise.withResolvers<LineIdentity>()
      await using wire = await served(engine, { identify: () => gate.promise })
      const peer = await dialLine(wire)
      peer.send({ type: 'hello', id: 1, token: 'ann' }, { type: 'ping', id: 2 })
      await wire.pass(20)
      assert.equal(peer.peer.frameCount, 0)
      gate.resolve({ id: 'ann' })
      await peer.expect({ type: 'welcome', id: 1 })
      await peer.expect({ type: 'pong', id: 2 })
    })

    test('an anonymous line is welcomed at once, and may say later who it is', async () => {
      await using wire = await served(engine, { anonymous: true })
      const peer = await dialLine(wire)
      const welcome = await peer.expect({ type: 'welcome' })
      assert.equal(welcome['identity'], undefined)
      await peer.ask(
        { type: 'token', id: 1, token: 'ann' },
        { type: 'error', code: 'ERR_TOKEN_IDENTITY' },
      )
      await peer.ask({ type: 'hello', id: 2, token: 'ann' }, { type: 'welcome', identity: 'ann' })
      await peer.ask(
        { type: 'hello', id: 3, token: 'bob' },
        { type: 'error', code: 'ERR_TOKEN_IDENTITY' },
      )
    })
  })
}
