import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MixedTraffic,
  type Echoed,
  type MixedTrafficOptions,
} from '../../../src/load/plays/mixed-traffic.ts'
import { replyFrame, samplePayload } from '../../../src/load/request-frame.ts'
import { ScriptedEngine } from '../scripted-engine.ts'

function mixed(changes: Partial<MixedTrafficOptions> = {}) {
  const engine = new ScriptedEngine()
  const [small, large] = [20, 300].map((payloadBytes): Echoed[] =>
    [1, 2].map((seed) => {
      const reply = replyFrame('binary', samplePayload('binary', payloadBytes, seed))
      return { request: engine.prepare(reply), reply }
    }),
  )
  const play = new MixedTraffic(engine, {
    ...{ connectionCount: 3, messages: small, messagesPerSecond: 1000, roundMs: 4 },
    ...{ firstNumber: 0, burst: undefined, ...changes },
  })
  play.begin(0)
  const echo = (connection: number, { reply }: Echoed): void =>
    play.received(connection, reply, 0, reply.length)
  return { engine, play, echo, small, large }
}

test('messages leave when they are due, on one connection after the other, and each waits for its echo', () => {
  const { engine, play, echo, small } = mixed()
  play.turn(0)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
  play.turn(10)
  assert.deepEqual(engine.take(), ['send 1 on 1', 'send 1 on 2'])
  echo(0, small[0])
  assert.equal(play.turn(10), false)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
  echo(0, small[1])
  echo(1, small[1])
  assert.equal(play.turn(10), false)
  echo(2, small[0])
  assert.equal(play.turn(10), true)
  assert.equal(play.messageCount, 4)
})

test('a burst leaves at the start, on as many connections as it names, and holds back the schedule there', () => {
  const { large } = mixed()
  const { engine, play, echo } = mixed({ burst: { messages: large, connectionCount: 2 } })
  assert.deepEqual(engine.take(), ['send 1 on 0', 'send 1 on 1'])
  play.turn(4)
  assert.deepEqual(engine.take(), [])
  echo(0, large[0])
  play.turn(4)
  assert.deepEqual(engine.take(), ['send 1 on 0'])
})

test('a round goes on where the last one ended; a burst never takes a connection twice', () => {
  const { large } = mixed()
  const burst = { messages: large, connectionCount: Number.MAX_SAFE_INTEGER }
  assert.deepEqual(mixed({ firstNumber: 5, burst }).engine.take(), [
    ...['send 1 on 2', 'send 1 on 0', 'send 1 on 1'],
  ])
  const { engine, play } = mixed({ firstNumber: 5 })
  play.turn(0)
  assert.deepEqual(engine.take(), ['send 1 on 2'])
})

test('an echo may come in parts, and each byte of each part is compared', () => {
  const { play, small } = mixed()
  play.turn(0)
  const { reply } = small[0]
  const chunk = Buffer.concat([Buffer.alloc(5), reply])
  play.received(0, chunk, 5, 12)
  const wrong = Buffer.from(chunk)
  wrong[20] ^= 1
  assert.throws(() => play.received(0, wrong, 12, wrong.length), /connection 0: byte 15 of/)
  play.received(0, chunk, 12, chunk.length)
  assert.equal(play.messageCount, 1)
})

test('bytes behind an echo, and bytes on a connection that asked for nothing, are errors', () => {
  const { play, small } = mixed()
  play.turn(0)
  const twice = Buffer.concat([small[0].reply, small[0].reply])
  assert.throws(() => play.received(0, twice, 0, twice.length), /more bytes came/)
  assert.throws(() => play.received(1, twice, 0, 1), /nothing was under way/)
})
