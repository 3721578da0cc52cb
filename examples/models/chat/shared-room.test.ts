// Threads that come and go at once: the lock keeps names apart.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { SharedRoom, sharedRoomBytes } from './shared-room.ts'

const threadCount = 3
const stayCount = 20

/** Comes and goes a hundred times, then comes to stay. */
const program = `
  const { workerData } = require('node:worker_threads')
  import(workerData.module).then(({ SharedRoom }) => {
    const room = new SharedRoom(workerData.memory)
    for (let i = 0; i < 100; i++) room.leave(room.enter('ann').slot)
    for (let i = 0; i < ${stayCount}; i++) room.enter('ann')
  })`

test('of threads that enter at once each has a name and a place of its own', async () => {
  const memory = new SharedArrayBuffer(sharedRoomBytes)
  const module = new URL('shared-room.ts', import.meta.url).href
  const execArgv = ['-C', 'source', '--disable-warning=ExperimentalWarning']
  const workers = Array.from(
    { length: threadCount },
    () => new Worker(program, { eval: true, execArgv, workerData: { memory, module } }),
  )
  for (const [code] of await Promise.all(workers.map((worker) => once(worker, 'exit')))) {
    assert.equal(code, 0)
  }
  const { people, you } = new SharedRoom(memory).enter('last')
  assert.equal(you, 'last')
  assert.equal(people.length, threadCount * stayCount + 1)
  assert.equal(new Set(people).size, people.length)
})
