// How `serve` chooses who serves. What each of them does is tested with its own module.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serve } from 'holdline'
import type { Server, ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { RunningProgram } from './running-program.ts'

function serveHere(options: ServeOptions = {}): Promise<Server> {
  return serve({ host: '127.0.0.1', port: 0, logger: null, ...options })
}

test('one process: a server here, without a supervisor', async () => {
  await using server = await serveHere()
  assert.deepEqual([server.workerId, server.processCount], [0, 1])
  assert.equal((await server.stats()).workerId, 0)
})

test('several processes: the first one supervises, each other one serves', async () => {
  await using program = new RunningProgram({ processes: 2 })
  await program.listening(2)
  assert.deepEqual(new Set(program.facts.map(({ workerId }) => workerId)), new Set([0, 1, 2]))
})

test('what is wrong with options or routes is said before anything listens', async () => {
  await assert.rejects(serveHere({ processes: 0 }), { code: 'ERR_OPTION_INVALID' })
  await assert.rejects(serveHere({ processes: 1.5 }), { code: 'ERR_OPTION_INVALID' })
  await assert.rejects(serveHere({ routes: { nowhere: callbacks({}) } }), {
    code: 'ERR_ROUTE_INVALID',
  })
})

test('signals are listened to while a server runs that was asked to, and left alone otherwise', async () => {
  const counts = (): number[] =>
    ['SIGTERM', 'SIGINT', 'SIGHUP'].map((s) => process.listenerCount(s))
  const before = counts()
  const quiet = await serveHere()
  assert.deepEqual(counts(), before)
  await quiet.close()
  const heeding = await serveHere({ signals: true })
  assert.deepEqual(counts(), [before[0]! + 1, before[1]! + 1, before[2]])
  await heeding.close()
  await Promise.resolve()
  assert.deepEqual(counts(), before)
})
