// What signals do to a program: real processes, real signals.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Caller, isAlive, RunningProgram } from './running-program.ts'

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} closes all connections with 1001 and ends with exit code 0`, async () => {
    await using program = new RunningProgram({ processes: 2 })
    const { port } = await program.listening(2)
    const callers = await Caller.callEach(port!, 2)
    program.child.kill(signal)
    assert.deepEqual(await Promise.all(callers.map(({ closed }) => closed)), [1001, 1001])
    assert.equal(await program.exit, 0)
    for (const { pid } of program.workers) assert.equal(isAlive(pid), false)
  })
}

test('a second signal ends everything at once', async () => {
  await using program = new RunningProgram({ processes: 2, graceMs: 60_000 })
  const { port } = await program.listening(2)
  const callers = await Caller.callEach(port!, 2)
  // They do not answer the close frame, so the grace would last.
  for (const { socket } of callers) socket.pause()
  program.child.kill('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 300))
  program.child.kill('SIGTERM')
  assert.equal(await program.exit, 143)
  await program.until('all to end', () => program.workers.every(({ pid }) => !isAlive(pid)))
  for (const { socket } of callers) socket.terminate()
})

test('SIGHUP replaces the workers one by one with 1012; connections are served meanwhile', async () => {
  await using program = new RunningProgram({ processes: 2 })
  const { port } = await program.listening(2)
  const before = await Caller.callEach(port!, 2)
  const failures: string[] = []
  let calls = 0
  let isOver = false
  const callOnAndOn = async (): Promise<void> => {
    while (!isOver) {
      calls++
      const caller = await Caller.call(port!).catch((error: unknown) => {
        failures.push(String(error))
        return null
      })
      caller?.socket.terminate()
    }
  }
  const loops = [callOnAndOn(), callOnAndOn(), callOnAndOn()]
  program.child.kill('SIGHUP')
  assert.deepEqual(await Promise.all(before.map(({ closed }) => closed)), [1012, 1012])
  await program.listening(4)
  await program.factsWith(({ left, toldTo }) => left !== undefined && toldTo === 0, 2)
  isOver = true
  await Promise.all(loops)
  // What the kernel has accepted for a socket in the moment that it closes is reset (docs/guide/processes.md): a matter of
  // microseconds for each worker, which a loaded machine makes longer.
  const resets = failures.filter((failure) => failure.includes('ECONNRESET'))
  assert.deepEqual(failures, resets)
  assert.ok(resets.length <= 2, `${resets.length} of ${calls} connections were reset`)
  assert.ok(calls > 20, `only ${calls} connections were made meanwhile`)
  const old = before.map(({ pid }) => pid)
  for (const pid of old) assert.equal(isAlive(pid), false)
  const after = await Caller.callEach(port!, 2)
  for (const { pid, socket } of after) {
    assert.ok(!old.includes(pid))
    socket.terminate()
  }
  // One by one: the second successor started after the first old worker had ended.
  const told = program.facts.map(({ left, toldTo, workerId }) =>
    left !== undefined && toldTo === 0 ? `left ${left}` : workerId === 4 ? 'fourth listens' : '',
  )
  assert.ok(told.findIndex((line) => line.startsWith('left')) < told.indexOf('fourth listens'))
})

test('a server of one process heeds signals where it is asked to', async () => {
  await using program = new RunningProgram({ processes: 1, signals: true })
  const { port } = await program.listening(0)
  const caller = await Caller.call(port!)
  program.child.kill('SIGTERM')
  assert.equal(await caller.closed, 1001)
  assert.equal(await program.exit, 0)
})

test('without signals: true a server of one process leaves them to the program', async () => {
  await using program = new RunningProgram({ processes: 1 })
  await program.listening(0)
  program.child.kill('SIGTERM')
  assert.equal(await program.exit, 'SIGTERM')
})
