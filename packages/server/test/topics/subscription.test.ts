// What waits for a subscriber, and what the window must keep for it, in each mode.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeldConnection } from '../../src/connection/held-connection.ts'
import { LiveTopic } from '../../src/topics/live-topic.ts'
import { Mode, Pace, Subscription, tellProgram } from '../../src/topics/subscription.ts'
import { TopicSettingsTable } from '../../src/topics/topic-settings.ts'

function subscription(): Subscription {
  const topic = new LiveTopic('news', new TopicSettingsTable().of('news'), null)
  const connection = { fail: () => {} } as unknown as HeldConnection
  const made = new Subscription(topic, topic.windowOf(), connection, topic.subscribed)
  made.window.add(made)
  topic.take('news', 'x'.repeat(98), null)
  return made
}

test('one that reads on lags by what it has not been sent, and needs that', () => {
  const made = subscription()
  assert.deepEqual([made.lagBytes, made.neededFrom], [100, 0])
  made.pace = new Pace('dropOldest', 1_000, null)
  assert.deepEqual([made.lagBytes, made.neededFrom], [100, 0])
  made.pace.isQuiet = true
  assert.equal(made.lagBytes, 0)
})

test('one that reads history needs what its page may reach, within its bound', () => {
  const made = subscription()
  const pace = new Pace('replay', 150, null)
  made.pace = pace
  pace.mode = Mode.PAGING
  assert.deepEqual([made.lagBytes, made.neededFrom], [0, 0])
  pace.page = { pieces: [], bytes: 0, cursor: { epoch: 'a', offset: 1 }, gap: null }
  assert.equal(made.lagBytes, 1, 'a gap that is not told on the line has to be taken too')
  made.topic.take('news', 'x'.repeat(98), null)
  assert.equal(made.neededFrom, 200)
})

test('one that is asked for, or sent the latest, needs nothing of the window', () => {
  const made = subscription()
  const pace = new Pace('conflate', 150, null)
  made.pace = pace
  pace.mode = Mode.LATEST
  assert.deepEqual([made.lagBytes, made.neededFrom], [1, 100])
  pace.mode = Mode.ASKED
  assert.deepEqual([made.lagBytes, made.neededFrom], [0, 100])
})

test('the program is told of a gap later, and a throw is its connection’s', async () => {
  const told: unknown[] = []
  const made = subscription()
  Object.assign(made.connection, { fail: (...all: unknown[]) => told.push(all) })
  const error = new Error('own')
  const pace = new Pace('replay', 1, () => {
    told.push('called')
    throw error
  })
  tellProgram(made, pace, { topic: 'news', from: null, to: null, count: 1, reason: 'overflow' })
  assert.deepEqual(told, [])
  await Promise.resolve()
  assert.deepEqual(told, ['called', ['ERR_HANDLER', error]])
})
