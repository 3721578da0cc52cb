// Which engine runs, and the reason that is told for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, MemoryEngine } from '../../src/testing/index.ts'
import { NodeEngine } from '../../src/engines/node/node-engine.ts'
import { chooseEngine } from '../../src/server/choose-engine.ts'

test('auto takes what runs here, and says why', () => {
  const { name, reason, engine } = chooseEngine('auto')
  assert.equal(name, 'node')
  assert.equal(reason, 'runs everywhere')
  assert.ok(engine instanceof NodeEngine)
})

test('an engine that is named is taken', () => {
  const { name, reason, engine } = chooseEngine('node')
  assert.deepEqual([name, reason], ['node', 'asked for'])
  assert.ok(engine instanceof NodeEngine)
})

test('an engine that is given is used as it is', () => {
  const memory = new MemoryEngine(new FakeClock())
  const { name, reason, engine } = chooseEngine(memory)
  assert.deepEqual([name, reason], ['memory', 'given by the program'])
  assert.equal(engine, memory)
})

test('every server has an engine of its own', () => {
  assert.notEqual(chooseEngine('auto').engine, chooseEngine('auto').engine)
})
