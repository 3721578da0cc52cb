// Presence over real workers and their real deaths: no ghost stays, and who comes late knows everybody.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Caller, kill, RunningProgram } from './running-program.ts'
import type { Fact } from './running-program.ts'

type Here = Fact & { readonly here: readonly number[]; readonly by: number }

function latest(program: RunningProgram): Map<number, readonly number[]> {
  const byProcess = new Map<number, readonly number[]>()
  for (const fact of program.facts as Here[]) {
    if (fact.here !== undefined) byProcess.set(fact.by, fact.here)
  }
  return byProcess
}

async function started(t: TestContext): Promise<{ program: RunningProgram; port: number }> {
  const program = new RunningProgram({ processes: 2, graceMs: 1_000 }, 'present.ts')
  t.after(() => program[Symbol.asyncDispose]())
  const { port } = await program.listening(2)
  return { program, port: port! }
}

function knows(program: RunningProgram, by: number, pids: readonly number[]): Promise<void> {
  const wanted = JSON.stringify([...pids].sort((one, other) => one - other))
  return program.until(
    `process ${by} to know ${wanted}`,
    () => JSON.stringify(latest(program).get(by)) === wanted,
  )
}

test('all processes know who is present; those of a worker that is killed are gone within two seconds', async (t) => {
  const { program, port } = await started(t)
  const [one, two] = await Caller.callEach(port, 2)
  const idOf = (pid: number): number => program.workers.find((fact) => fact.pid === pid)!.workerId!
  // Those that looked for the other worker may still be leaving.
  for (const by of [0, idOf(one!.pid), idOf(two!.pid)]) {
    await knows(program, by, [one!.pid, two!.pid])
  }
  const killedAt = performance.now()
  kill(one!.pid, 'SIGKILL')
  await knows(program, idOf(two!.pid), [two!.pid])
  await knows(program, 0, [two!.pid])
  const tookMs = performance.now() - killedAt
  assert.ok(tookMs < 2_000, `gone after ${Math.round(tookMs)} ms`)
  // Its successor asks the others when it starts.
  const [third] = await program.factsWith(({ workerId }) => workerId !== undefined && workerId > 2)
  await knows(program, third!.workerId!, [two!.pid])
  two!.socket.terminate()
})

test('a connection that closes, or is cut, has left at once', async (t) => {
  const { program, port } = await started(t)
  const [one, two] = await Caller.callEach(port, 2)
  await knows(program, 0, [one!.pid, two!.pid])
  const closedAt = performance.now()
  one!.socket.close()
  await knows(program, 0, [two!.pid])
  two!.socket.terminate()
  await knows(program, 0, [])
  const tookMs = performance.now() - closedAt
  assert.ok(tookMs < 2_000, `gone after ${Math.round(tookMs)} ms`)
})
