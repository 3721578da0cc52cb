import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Verification } from '../../../src/load/plays/verification.ts'
import { replyFrame, samplePayload } from '../../../src/load/request-frame.ts'
import { ScriptedEngine } from '../scripted-engine.ts'

const reply = replyFrame('binary', samplePayload('binary', 300, 5))

function verification(engine = new ScriptedEngine()): Verification {
  const request = engine.prepare(reply)
  const play = new Verification(engine, 2, (connection) => ({
    request: connection === 0 ? request : undefined,
    reply,
  }))
  play.begin()
  return play
}

test('only those with a request send, and all must get the reply', () => {
  const engine = new ScriptedEngine()
  const play = verification(engine)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
  play.received(0, reply, 0, reply.length)
  assert.equal(play.turn(), false)
  play.received(1, reply, 0, 100)
  play.received(1, reply, 100, reply.length)
  assert.equal(play.turn(), true)
})

test('one wrong byte is found, wherever it is', () => {
  fc.assert(
    fc.property(fc.nat({ max: reply.length - 1 }), (at) => {
      const wrong = Buffer.from(reply)
      wrong[at] = wrong[at] ^ 1
      const play = verification()
      assert.throws(() => play.received(0, wrong, 0, wrong.length), new RegExp(`byte ${at} of`))
    }),
  )
})

test('a byte too many is wrong', () => {
  const long = Buffer.concat([reply, Buffer.of(0)])
  assert.throws(() => verification().received(0, long, 0, long.length), /instead of undefined/)
})
