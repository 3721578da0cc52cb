// What is beyond the contract: contract.test.ts runs that.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryBroker } from '../../../src/brokers/memory/memory-broker.ts'

test('a publication is delivered before publish returns, as the very message', async () => {
  const broker = new MemoryBroker()
  const heard: unknown[] = []
  await broker.start((topic, message) => heard.push(topic, message))
  const bytes = Uint8Array.of(1)
  void broker.publish('t', bytes)
  assert.equal(heard[1], bytes)
})

test('it can be started again after stop', async () => {
  const broker = new MemoryBroker()
  const heard: string[] = []
  await broker.start(() => heard.push('first'))
  await broker.stop()
  await broker.start(() => heard.push('second'))
  await broker.publish('t', 'x')
  assert.deepEqual(heard, ['second'])
})
