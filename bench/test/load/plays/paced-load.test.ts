import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PacedLoad } from '../../../src/load/plays/paced-load.ts'
import { replyFrame } from '../../../src/load/request-frame.ts'
import { ScriptedEngine } from '../scripted-engine.ts'

const reply = replyFrame('binary', Buffer.alloc(20))

function paced(): { engine: ScriptedEngine; play: PacedLoad } {
  const engine = new ScriptedEngine()
  const play = new PacedLoad(engine, {
    ...{ connectionCount: 2, request: engine.prepare(reply), reply },
    ...{ messagesPerSecond: 1000, roundMs: 10 },
  })
  return { engine, play }
}

test('messages leave when they are due, on one connection after the other', () => {
  const { engine, play } = paced()
  play.begin(0)
  play.turn(0)
  play.turn(0.5)
  play.turn(2.1)
  assert.deepEqual(engine.take(), ['send 1 on 0', 'send 1 on 1', 'send 1 on 0'])
})

test('what could not leave in time leaves later, and no more than was planned', () => {
  const { engine, play } = paced()
  play.begin(0)
  play.turn(500)
  assert.equal(engine.take().length, 10)
  assert.equal(play.sentCount, 10)
  assert.ok(Math.abs(play.lateness.highestUs - 500_000) < 1)
})

test('a message is timed from when it was meant to leave, not from when it left', () => {
  const { play } = paced()
  const startMs = performance.now() - 50
  play.begin(startMs)
  // Ten messages were due within 10 ms; the generator was held up, and all echoes come at once.
  play.turn(startMs + 50)
  for (let number = 0; number < 10; number++) play.received(number % 2, reply, 0, reply.length)
  assert.equal(play.messageCount, 10)
  assert.equal(play.turn(startMs + 60), true)
  assert.ok(play.latency.quantileUs(0.1) >= 40_000, `${play.latency.quantileUs(0.1)} µs`)
  // The first waited for 50 ms at least.
  assert.ok(play.latency.highestUs >= 49_000)
})

test('an echo of a message that was not sent is an error', () => {
  const { play } = paced()
  play.begin(0)
  play.turn(0)
  assert.throws(() => play.received(1, reply, 0, reply.length), /more bytes came/)
})
