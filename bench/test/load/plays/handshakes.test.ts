import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetOf } from '../../../src/load/opening.ts'
import { CutAll } from '../../../src/load/plays/cut-all.ts'
import { Handshakes } from '../../../src/load/plays/handshakes.ts'
import { OpenAll } from '../../../src/load/plays/open-all.ts'
import { ScriptedEngine } from '../scripted-engine.ts'

const target = targetOf(1, '/', [])

test('each connection that opens is cut and opened again, until the time is over', () => {
  const engine = new ScriptedEngine()
  const play = new Handshakes(engine, target, 2, 60_000)
  play.begin(performance.now())
  play.opened(1)
  assert.deepEqual(engine.take(), ['open 0', 'open 1', 'cut 1', 'open 1'])
  assert.equal(play.turn(), false)

  const late = new Handshakes(engine, target, 2, -1)
  late.begin(performance.now())
  engine.take()
  late.opened(0)
  assert.equal(late.turn(), false)
  late.opened(1)
  assert.equal(late.turn(), true)
  assert.deepEqual(engine.take(), ['cut 0', 'cut 1'])
  assert.equal(late.handshakeCount, 2)
})

test('connections are opened a few at a time, each to its target', () => {
  const engine = new ScriptedEngine()
  const asked: number[] = []
  const play = new OpenAll(engine, 3, 2, (connection) => {
    asked.push(connection)
    return target
  })
  play.begin()
  assert.deepEqual(engine.take(), ['open 0', 'open 1'])
  play.opened()
  assert.deepEqual(engine.take(), ['open 2'])
  play.opened()
  assert.equal(play.turn(), false)
  play.opened()
  assert.equal(play.turn(), true)
  assert.deepEqual(asked, [0, 1, 2])
  assert.throws(() => play.received(1), /before it was spoken to/)
})

test('all are cut at once', () => {
  const engine = new ScriptedEngine()
  const play = new CutAll(engine, 2)
  play.begin()
  assert.deepEqual(engine.take(), ['cut 0', 'cut 1'])
  assert.equal(play.turn(), true)
})
