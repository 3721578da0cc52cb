// The server in the first process, over real workers.

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Caller, RunningProgram } from './running-program.ts'

test('a publication of any process reaches the connections of all workers, once', async () => {
  await using program = new RunningProgram({ processes: 2 })
  const { port } = await program.listening(2)
  const callers = await Caller.callEach(port!, 2)
  program.tell('from the supervisor')
  await program.until('the first publication', () => callers.every(({ heard }) => heard.length > 0))
  callers[0]!.socket.send('one')
  callers[1]!.socket.send('two')
  await program.until('all three', () => callers.every(({ heard }) => heard.length === 3))
  const expected = [
    `${callers[0]!.pid}: one`,
    `${callers[1]!.pid}: two`,
    'from the supervisor',
  ].toSorted()
  for (const { heard } of callers) assert.deepEqual(heard.toSorted(), expected)
  // The supervisor listens too.
  const heard = await program.factsWith((fact) => fact.heard !== undefined, 3)
  assert.deepEqual(heard.map((fact) => fact.heard!).toSorted(), expected)
  for (const { socket } of callers) socket.terminate()
})

test('stats are those of all workers together; close ends them all with 1001', async () => {
  await using program = new RunningProgram({ processes: 2 })
  const { port } = await program.listening(2)
  const callers = await Caller.callEach(port!, 2)
  program.tell('stats')
  const [fact] = await program.factsWith(({ stats }) => stats !== undefined)
  assert.ok(fact!.stats!.connections >= 2)
  assert.equal(fact!.stats!.routes.length, 1)
  program.tell('close')
  assert.deepEqual(await Promise.all(callers.map(({ closed }) => closed)), [1001, 1001])
  await program.factsWith(({ closed }) => closed === true)
  await program.factsWith(({ left, toldTo }) => left !== undefined && toldTo === 0, 2)
})

test('workers number from 1 and take one port, the supervisor is 0', async () => {
  await using program = new RunningProgram({ processes: 3 })
  const { port, url } = await program.listening(3)
  assert.ok(port! > 0)
  assert.equal(url, `http://localhost:${port}`)
  assert.deepEqual(new Set(program.workers.map(({ workerId }) => workerId)), new Set([1, 2, 3]))
  for (const worker of program.workers) assert.equal(worker.port, port)
})

test('several workers serve one socket file', async () => {
  const path = join(tmpdir(), `holdline-test-${process.pid}.sock`)
  await using program = new RunningProgram({ processes: 2, path })
  const { url } = await program.factsWith(({ workerId }) => workerId === 0).then(([fact]) => fact!)
  assert.equal(url, `unix:${path}`)
  const callers = await Caller.callEach(path, 2)
  callers[0]!.socket.send('hello')
  await program.until('both to hear', () => callers.every(({ heard }) => heard.length === 1))
  program.child.kill('SIGTERM')
  assert.deepEqual(await Promise.all(callers.map(({ closed }) => closed)), [1001, 1001])
  assert.equal(await program.exit, 0)
})

test('an occupied port is found, although workers share theirs', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, resolve))
  try {
    const { port } = other.address() as AddressInfo
    await using program = new RunningProgram({ processes: 2, port })
    const [fact] = await program.factsWith(({ failed }) => failed !== undefined)
    assert.equal(fact!.failed, 'ERR_LISTEN_IN_USE')
    assert.equal(await program.exit, 3)
  } finally {
    other.close()
  }
})

test('a second program cannot take the port of one with several workers', async () => {
  await using first = new RunningProgram({ processes: 2 })
  const { port } = await first.listening(2)
  await using second = new RunningProgram({ processes: 2, port })
  const [fact] = await second.factsWith(({ failed }) => failed !== undefined)
  assert.equal(fact!.failed, 'ERR_LISTEN_IN_USE')
})

test('serve rejects with the reason of a worker that cannot start, and leaves no worker', async () => {
  await using program = new RunningProgram({ processes: 2 }, 'bad-route.ts')
  const [fact] = await program.factsWith(({ failed }) => failed !== undefined)
  assert.equal(fact!.failed, 'ERR_WORKER_START')
  assert.equal(fact!.cause, 'ERR_ROUTE_INVALID')
  assert.equal(await program.exit, 3)
  // Workers end without a word: the supervisor has said it.
  assert.equal(program.facts.length, 1)
})

test('serve rejects when a worker ends before it serves', async () => {
  await using program = new RunningProgram({ processes: 2 }, 'ends-early.ts')
  const [fact] = await program.factsWith(({ failed }) => failed !== undefined)
  assert.equal(fact!.failed, 'ERR_WORKER_START')
  assert.match(fact!.message!, /worker \d: it ended with exit code 9/)
})

test('a program has one server with several processes at a time', async () => {
  await using program = new RunningProgram({ processes: 2 }, 'two-servers.ts')
  const facts = await program.factsWith(({ message }) => message !== undefined, 2)
  assert.deepEqual(
    facts.map(({ message }) => message),
    ['ERR_OPTION_INVALID', 'served again'],
  )
  assert.equal(await program.exit, 0)
})
