// Workers that end, hang, or lose their supervisor: real processes, real signals.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Caller, isAlive, kill, RunningProgram } from './running-program.ts'

test('a worker that is killed: the other serves on, another takes its place, who is left is told once', async () => {
  await using program = new RunningProgram({ processes: 2 })
  const { port } = await program.listening(2)
  const callers = await Caller.callEach(port!, 2)
  const [doomed, other] = callers as [Caller, Caller]
  const doomedId = program.workers.find(({ pid }) => pid === doomed.pid)!.workerId!
  kill(doomed.pid, 'SIGKILL')
  await doomed.closed
  other.socket.send('still here')
  await program.until('the other to serve', () => other.heard.length === 1)
  await program.listening(3)
  const successor = program.workers.at(-1)!
  assert.equal(successor.workerId, 3)
  assert.equal(successor.port, port)
  // The new one takes part in everything: it is reached by publications and by connections.
  const again = await Caller.callEach(port!, 2)
  assert.deepEqual(new Set(again.map(({ pid }) => pid)), new Set([other.pid, successor.pid]))
  other.socket.send('welcome')
  await program.until('the new one to hear', () => again.every(({ heard }) => heard.length === 1))
  const told = await program.factsWith(({ left }) => left !== undefined, 2)
  const otherId = program.workers.find(({ pid }) => pid === other.pid)!.workerId!
  assert.ok(told.every(({ left }) => left === doomedId))
  assert.equal(told.length, 2)
  assert.deepEqual(new Set(told.map(({ toldTo }) => toldTo)), new Set([0, otherId]))
  for (const { socket } of [...callers, ...again]) socket.terminate()
})

test('that a worker is gone is told after the last of its publications', async () => {
  await using program = new RunningProgram({ processes: 2 })
  const { port } = await program.listening(2)
  const caller = await Caller.call(port!)
  caller.socket.send('last words')
  const told = await program.factsWith(({ left }) => left !== undefined, 2)
  assert.deepEqual(
    told.map(({ lastWords }) => lastWords),
    [5_000, 5_000],
  )
})

test('workers that keep ending: the server closes and the program ends with exit code 1', async () => {
  const restart = { intensity: 2, periodMs: 60_000, backoffMs: 1, maxBackoffMs: 1 }
  await using program = new RunningProgram({ processes: 2, restart })
  const { port } = await program.listening(2)
  for (let crashes = 1; crashes <= 3; crashes++) {
    await program.listening(1 + crashes)
    const caller = await Caller.call(port!)
    caller.socket.send('crash')
    await caller.closed
  }
  const [fact] = await program.factsWith(({ error }) => error !== undefined)
  assert.match(fact!.error!, /ERR_WORKER_RESTARTS.*exit code 7/)
  assert.equal(await program.exit, 1)
  for (const { pid } of program.workers) assert.equal(isAlive(pid), false)
})

test('no worker outlives a supervisor that was killed: each closes its connections and ends', async () => {
  await using program = new RunningProgram({ processes: 2 })
  const { port } = await program.listening(2)
  const callers = await Caller.callEach(port!, 2)
  kill(program.pid, 'SIGKILL')
  assert.deepEqual(await Promise.all(callers.map(({ closed }) => closed)), [1001, 1001])
  await program.until('all to end', () => program.workers.every(({ pid }) => !isAlive(pid)))
})

test('a worker that hangs is killed when grace and margin are over', async () => {
  await using program = new RunningProgram({ processes: 2, graceMs: 100 })
  const { port } = await program.listening(2)
  const caller = await Caller.call(port!)
  caller.socket.send('hang')
  // Otherwise the order to drain may be there first, and it does not hang.
  await program.factsWith(({ hangs }) => hangs === true)
  program.child.kill('SIGTERM')
  assert.equal(await program.exit, 0)
  const [fact] = await program.factsWith(({ warn }) => warn !== undefined)
  assert.match(fact!.warn!, /does not end; it is killed/)
  assert.equal(await caller.closed, 1006)
})

test('SIGTERM to a worker alone replaces it without a failed connection', async () => {
  await using program = new RunningProgram({ processes: 2 })
  const { port } = await program.listening(2)
  const callers = await Caller.callEach(port!, 2)
  const [asked, other] = callers as [Caller, Caller]
  kill(asked.pid, 'SIGTERM')
  assert.equal(await asked.closed, 1012)
  await program.listening(3)
  await program.factsWith(({ left, toldTo }) => left !== undefined && toldTo === 0)
  assert.equal(other.closeCode, 0)
  other.socket.terminate()
  // It did not end unasked: nothing was restarted, and nothing warned of.
  assert.deepEqual(
    program.facts.filter(({ warn }) => warn !== undefined),
    [],
  )
})

test('SIGINT to all processes, as a terminal sends it, is one orderly stop', async () => {
  await using program = new RunningProgram({ processes: 2 })
  const { port } = await program.listening(2)
  const callers = await Caller.callEach(port!, 2)
  for (const { pid } of program.workers) kill(pid, 'SIGINT')
  kill(program.pid, 'SIGINT')
  assert.deepEqual(await Promise.all(callers.map(({ closed }) => closed)), [1001, 1001])
  assert.equal(await program.exit, 0)
})
