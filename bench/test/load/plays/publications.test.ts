import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Publications } from '../../../src/load/plays/publications.ts'
import { replyFrame } from '../../../src/load/request-frame.ts'
import { ScriptedEngine } from '../scripted-engine.ts'

const reply = replyFrame('binary', Buffer.alloc(64))
const twice = Buffer.concat([reply, reply])

function publications(
  connectionCount: number,
  topicCount: number,
  inFlight: number,
  options: { reply?: Buffer | null; atOnce?: boolean } = {},
) {
  const engine = new ScriptedEngine()
  const request = engine.prepare(reply)
  const play = new Publications(engine, {
    ...{ connectionCount, topicCount, inFlight, request, reply },
    roundMs: 100,
    ...options,
  })
  play.begin(0)
  return { engine, play }
}

test('a publication is complete when the last subscriber has it; then the next is sent', () => {
  const { engine, play } = publications(3, 1, 1)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
  play.received(0, reply, 0, reply.length)
  play.received(2, reply, 0, reply.length)
  assert.deepEqual(engine.take(), [])
  play.received(1, reply, 0, 10)
  play.received(1, reply, 10, reply.length)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
  assert.deepEqual([play.deliveryCount, play.publicationCount], [3, 1])
})

test('several in flight: a subscriber that is ahead does not complete what another lacks', () => {
  const { engine, play } = publications(2, 1, 2)
  assert.deepEqual(engine.take(), ['send 2 on 0'])
  play.received(0, twice, 0, twice.length)
  assert.deepEqual(engine.take(), [])
  play.received(1, twice, 0, twice.length)
  assert.deepEqual(engine.take(), ['send 1 on 0', 'send 1 on 0'])
})

test('topics are on their own: connection c is in topic c % topics', () => {
  const { engine, play } = publications(5, 2, 1)
  assert.deepEqual(engine.take(), ['send 1 on 0', 'send 1 on 1'])
  for (const connection of [1, 3]) play.received(connection, reply, 0, reply.length)
  assert.deepEqual(engine.take(), ['send 1 on 1'])
  for (const connection of [0, 2]) play.received(connection, reply, 0, reply.length)
  assert.deepEqual(engine.take(), [])
  play.received(4, reply, 0, reply.length)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
})

test('the round ends when everything that was sent is with everyone', () => {
  const { engine, play } = publications(2, 1, 1)
  assert.equal(play.turn(100), false)
  play.received(0, reply, 0, reply.length)
  assert.equal(play.turn(101), false)
  play.received(1, reply, 0, reply.length)
  assert.equal(play.turn(102), true)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
})

test('a delivery that nobody published is an error', () => {
  const { play } = publications(2, 1, 1)
  assert.throws(() => play.received(0, twice, 0, twice.length), /more came than was published/)
})

test('messages of different lengths are counted by their frames', () => {
  const { engine, play } = publications(2, 1, 1, { reply: null })
  engine.take()
  const longer = replyFrame('text', Buffer.alloc(300))
  play.received(0, reply, 0, reply.length)
  play.received(1, reply, 0, reply.length)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
  play.received(1, longer, 0, longer.length)
  play.received(0, longer, 0, 3)
  assert.deepEqual(engine.take(), [])
  play.received(0, longer, 3, longer.length)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
  assert.deepEqual([play.deliveryCount, play.publicationCount], [4, 2])
})

test('at once: the next leave together, and what is complete when the round ends is not waited for', () => {
  const { engine, play } = publications(1, 1, 2, { atOnce: true })
  assert.deepEqual(engine.take(), ['send 2 on 0'])
  play.received(0, reply, 0, reply.length)
  assert.deepEqual(engine.take(), [])
  play.received(0, reply, 0, reply.length)
  assert.deepEqual(engine.take(), ['send 2 on 0'])
  play.received(0, reply, 0, reply.length)
  assert.equal(play.turn(101), false)
  play.received(0, reply, 0, reply.length)
  assert.equal(play.turn(102), true)
  assert.deepEqual(engine.take(), [])
  assert.equal(play.publicationCount, 4)
})
