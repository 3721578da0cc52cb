import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopicKeeper } from '../../../src/brokers/process/topic-keeper.ts'
import type { KeeperMember } from '../../../src/brokers/process/topic-keeper.ts'
import type { AppendOptions, ReadResult, Retention } from '../../../src/topics/broker.ts'

const retention: Retention = { count: 100, bytes: 100_000, ageMs: 1_000 }
const plain: AppendOptions = { key: null, idempotencyKey: null, retention }
const page = { count: 100, bytes: 100_000 }

interface Listener extends KeeperMember {
  readonly heard: string[]
}

function listener(): Listener {
  const heard: string[] = []
  return {
    heard,
    told: ({ name }, { offset, previous, message }) =>
      void heard.push(`${name} ${previous}>${offset} ${String(message)}`),
  }
}

test('members are told what is appended to what they are attached to, once, until they detach or leave', () => {
  const keeper = new TopicKeeper()
  const one = listener()
  const two = listener()
  keeper.attach(one, 'a.b', retention)
  keeper.attach(one, 'a.b', retention)
  keeper.attach(one, 'a.*', null)
  keeper.attach(one, 'a.*', null)
  keeper.attach(one, '**', null)
  keeper.attach(two, 'a.*', null)
  keeper.append('a.b', 'x', plain)
  keeper.append('b', 'y', plain)
  assert.deepEqual(one.heard, ['a.b 0>1 x', 'b 0>1 y'])
  assert.deepEqual(two.heard, ['a.b 0>1 x'])
  keeper.detach(one, '**')
  keeper.detach(one, 'a.*')
  keeper.detach(one, 'never attached')
  keeper.append('b', 'y', plain)
  keeper.append('a.b', 'z', plain)
  assert.deepEqual(one.heard.slice(2), ['a.b 1>2 z'])
  assert.equal(two.heard.length, 2)
  keeper.detach(one, 'a.b')
  keeper.append('a.b', 'w', plain)
  assert.deepEqual([one.heard.length, two.heard.length], [3, 3])
  keeper.attach(two, 'a.b', retention)
  keeper.left(two)
  keeper.append('a.b', 'v', plain)
  assert.equal(two.heard.length, 3)
})

test('a known idempotency key is answered, and told to nobody', () => {
  const keeper = new TopicKeeper()
  const one = listener()
  keeper.attach(one, 't', retention)
  const first = keeper.append('t', 'x', { ...plain, idempotencyKey: 'k' })
  assert.deepEqual(keeper.append('t', 'x', { ...plain, idempotencyKey: 'k' }), first)
  assert.deepEqual(one.heard, ['t 0>1 x'])
})

test('a member that appends when it is told is told last, so that all others are told in order', () => {
  const last: KeeperMember = {
    told: ({ name }, { message }) => {
      if (message === 'question') keeper.append(name, 'answer', plain)
    },
  }
  const keeper: TopicKeeper = new TopicKeeper({ last })
  const other = listener()
  keeper.attach(last, 't', retention)
  keeper.attach(other, 't', retention)
  keeper.append('t', 'question', plain)
  assert.deepEqual(other.heard, ['t 0>1 question', 't 1>2 answer'])
})

test('the last publication is told again, though all that is kept is too old', () => {
  let nowMs = 0
  const keeper = new TopicKeeper({ nowMs: () => nowMs })
  const topics: Parameters<KeeperMember['told']>[0][] = []
  const one = listener()
  const member: KeeperMember = {
    told: (topic, publication) => {
      topics.push(topic)
      one.told(topic, publication)
    },
  }
  keeper.attach(member, 't', retention)
  keeper.append('t', 'a', plain)
  keeper.append('t', 'b', plain)
  nowMs = 1_000_000
  keeper.tellLatest(member, topics[0]!)
  assert.deepEqual(one.heard.at(-1), 't 1>2 b')
})

test('pages fit into a frame, whatever is asked for', () => {
  const keeper = new TopicKeeper()
  const ample = { count: 1_000_000, bytes: 1_000_000_000, ageMs: 1_000_000 }
  const message = new Uint8Array(1_048_576)
  for (let i = 0; i < 40; i++) keeper.append('big', message, { ...plain, retention: ample })
  for (let i = 0; i < 11_000; i++) keeper.append('many', '', { ...plain, retention: ample })
  const all = { count: 1e9, bytes: 1e12 }
  assert.equal(lengthOf(keeper.read('big', 'start', all, ample)), 32)
  assert.equal(lengthOf(keeper.read('many', 'start', all, ample)), 10_000)
})

test('topics that nobody is attached to and that keep nothing young are forgotten, never others', () => {
  let nowMs = 0
  const keeper = new TopicKeeper({ nowMs: () => nowMs })
  const one = listener()
  keeper.append('held', 'x', plain)
  keeper.attach(one, 'held', retention)
  for (let i = 1; i < 10_000; i++) keeper.append(`old ${i}`, 'x', plain)
  nowMs = 1_500
  keeper.append('young', 'x', plain)
  assert.equal(keeper.topicCount, 2)
  assert.equal(lengthOf(keeper.read('held', 'start', page, retention)), 1)
})

test('a topic that all have left, by detaching or by going, can go for a new one', () => {
  const keeper = new TopicKeeper({ limits: { topics: 1 } })
  const [one, two] = [listener(), listener()]
  keeper.attach(one, 'a', retention)
  keeper.attach(two, 'a', retention)
  keeper.detach(one, 'a')
  assert.throws(() => keeper.append('b', 'x', plain), { code: 'ERR_TOPIC_LIMIT' })
  keeper.left(two)
  keeper.append('b', 'x', plain)
  assert.equal(keeper.topicCount, 1)
})

test('who is told late is told of no topic that was forgotten meanwhile', () => {
  const keeper = new TopicKeeper({ limits: { topics: 1 } })
  const topics: Parameters<KeeperMember['told']>[0][] = []
  const one = listener()
  const member: KeeperMember = {
    told: (topic, publication) => {
      topics.push(topic)
      one.told(topic, publication)
    },
  }
  keeper.attach(member, '*', null)
  keeper.append('old', 'x', plain)
  keeper.append('new', 'y', plain)
  keeper.tellLatest(member, topics[0]!)
  keeper.tellLatest(member, topics[1]!)
  assert.deepEqual(one.heard, ['old 0>1 x', 'new 0>1 y', 'new 0>1 y'])
})

function lengthOf(result: ReadResult): number {
  assert.ok(result.lost === null)
  return result.publications.length
}
