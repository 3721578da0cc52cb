import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ClosedLoop } from '../../../src/load/plays/closed-loop.ts'
import { ReplyError } from '../../../src/load/plays/reply-error.ts'
import { replyFrame, samplePayload } from '../../../src/load/request-frame.ts'
import { ScriptedEngine } from '../scripted-engine.ts'

const reply = replyFrame('binary', samplePayload('binary', 300, 5))

function loop(window: number): { engine: ScriptedEngine; play: ClosedLoop } {
  const engine = new ScriptedEngine()
  const request = engine.prepare(reply)
  const play = new ClosedLoop(engine, {
    ...{ connectionCount: 2, request, reply, window },
    roundMs: 100,
  })
  return { engine, play }
}

test('every connection begins with its window, and each echo makes room for one more', () => {
  const { engine, play } = loop(3)
  play.begin(0)
  assert.deepEqual(engine.take(), ['send 3 on 0', 'send 3 on 1'])
  play.received(1, reply, 0, reply.length)
  assert.deepEqual(engine.take(), ['send 1 on 1'])
  assert.equal(play.messageCount, 1)
})

test('any chunking of three echoes gives three', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: reply.length * 3 }), { maxLength: 20 }), (cuts) => {
      const { play } = loop(3)
      play.begin(0)
      const bytes = Buffer.concat([reply, reply, reply])
      const edges = [...new Set([0, ...cuts, bytes.length])].toSorted((a, b) => a - b)
      for (const [index, end] of edges.slice(1).entries()) {
        play.received(0, bytes, edges[index], end)
      }
      assert.equal(play.messageCount, 3)
    }),
  )
})

test('after the time is over nothing is sent, and the round ends with the last echo', () => {
  const { engine, play } = loop(1)
  play.begin(0)
  engine.take()
  assert.equal(play.turn(99), false)
  assert.equal(play.turn(100), false)
  play.received(0, reply, 0, reply.length)
  assert.equal(play.turn(101), false)
  play.received(1, reply, 0, reply.length)
  assert.equal(play.turn(102), true)
  assert.deepEqual(engine.take(), [])
})

test('more echoes than messages, and a frame of another kind, are errors', () => {
  const { play } = loop(1)
  play.begin(0)
  const twice = Buffer.concat([reply, reply])
  assert.throws(() => play.received(0, twice, 0, twice.length), ReplyError)
  assert.throws(() => play.received(1, Buffer.of(0x88, 2, 3, 0xe9), 0, 4), /starts with 136/)
})
