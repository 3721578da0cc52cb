// What a thread answers, called on this one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { transferableSymbol, valueSymbol } from 'piscina'
import type { TaskAnswer } from '../../../src/models/queues/pool-thread.ts'
import { runTask } from '../../../src/models/queues/pool-thread.ts'

const tasks = new URL('./tasks.ts', import.meta.url).href
const answer = async (name: string, ...args: unknown[]): Promise<TaskAnswer> =>
  (await runTask({ tasks, name, args })) as TaskAnswer

test('a task that returned, synchronously or not', async () => {
  assert.deepEqual(await answer('add', 1, 2), { kind: 'returned', value: 3 })
  assert.deepEqual(await answer('thread'), { kind: 'returned', value: 0 })
})

test('a result that is a buffer leaves with its memory', async () => {
  const bytes = new Uint8Array(4)
  const moving = (await answer('fill', bytes, 3)) as unknown as Record<symbol, unknown>
  assert.equal(bytes.length, 0)
  const [buffer] = moving[transferableSymbol] as ArrayBuffer[]
  const { value } = moving[valueSymbol] as { value: Uint8Array }
  assert.equal(value.buffer, buffer)
  assert.deepEqual(value, Uint8Array.of(3, 3, 3, 3))
})

test('a task that threw, is unknown, or returned what cannot be sent', async () => {
  const { kind } = await answer('fail', 'range')
  assert.equal(kind, 'threw')
  assert.deepEqual(await answer('none'), { kind: 'unknown', detail: `none of ${tasks}` })
  assert.deepEqual((await answer('hasOwnProperty')).kind, 'unknown')
  assert.equal((await answer('uncloneable')).kind, 'uncloneable')
  const missing = await runTask({ tasks: `${tasks}.none`, name: 'add', args: [] })
  assert.equal((missing as TaskAnswer).kind, 'unknown')
})
