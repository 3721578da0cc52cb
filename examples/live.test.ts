// The example of lines is started as its reader would, and used by the client: two people, one of whom goes away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { live } from 'holdline-client'
import { SignJWT } from 'jose'
import { withExample } from './run-example.ts'

function tokenFor(sub: string): Promise<string> {
  return new SignJWT({ sub, iss: 'holdline example', aud: 'live' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(Buffer.from('for this example only: 32 bytes or more'))
}

test('live: a room with history, presence, and a resume', () =>
  withExample('live', async (at) => {
    const ann = live(`${at}/live`, { token: () => tokenFor('ann') })
    const bob = live(`${at}/live`, { token: () => tokenFor('bob') })
    await ann.publish('room.lobby', { text: 'first' })
    const subscription = bob.subscribe('room.lobby', { since: 'start', state: { mood: 'fine' } })
    await subscription.ready
    await ann.publish('room.lobby', { text: 'second' })
    const texts: unknown[] = []
    for await (const { data } of subscription) {
      texts.push((data as { text: string }).text)
      if (texts.length === 2) break
    }
    assert.deepEqual(texts, ['first', 'second'])
    assert.deepEqual(await ann.members('room.lobby'), [
      { member: 'bob', identity: 'bob', state: { mood: 'fine' } },
    ])
    const { cursor } = subscription
    bob.close()
    await ann.publish('room.lobby', { text: 'while bob was away' })
    const back = live(`${at}/live`, { token: () => tokenFor('bob') })
    const resumed = back.subscribe('room.lobby', { since: cursor! })
    for await (const { data } of resumed) {
      assert.deepEqual(data, { text: 'while bob was away' })
      break
    }
    assert.equal(resumed.recovered, true)
    await assert.rejects(ann.publish('elsewhere', 1), { code: 'ERR_TOPIC_FORBIDDEN' })
    ann.close()
    back.close()
  }))
