// A route that joins the mesh of workers: real processes, real signals.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Caller, isAlive, kill, RunningProgram } from './running-program.ts'

/** Two workers, with a connection to each. */
async function pair(
  t: TestContext,
  options: object = {},
): Promise<{ program: RunningProgram; one: Speaker; two: Speaker; port: number }> {
  const program = started(t, { processes: 2, graceMs: 1_000, ...options })
  const { port } = await program.listening(2)
  const [one, two] = await speakers(program, port!)
  return { program, one: one!, two: two!, port: port! }
}

function started(t: TestContext, options: object): RunningProgram {
  const program = new RunningProgram(options, 'mesh.ts')
  t.after(() => program[Symbol.asyncDispose]())
  return program
}

async function speakers(program: RunningProgram, port: number): Promise<Speaker[]> {
  const callers = await Caller.callEach(port, 2)
  return callers.map((caller) => {
    const worker = program.workers.find(({ pid }) => pid === caller.pid)
    return new Speaker(program, caller, worker!.workerId!)
  })
}

class Speaker {
  readonly program: RunningProgram
  readonly caller: Caller
  readonly id: number

  constructor(program: RunningProgram, caller: Caller, id: number) {
    this.program = program
    this.caller = caller
    this.id = id
  }

  /** What is heard next after a request. */
  async asks(request: string): Promise<string> {
    const before = this.caller.heard.length
    this.caller.socket.send(request)
    await this.program.until(request, () => this.caller.heard.length > before)
    return this.caller.heard[before]!
  }

  async hears(fact: string): Promise<void> {
    await this.program.until(fact, () => this.caller.heard.includes(fact))
  }
}

for (const options of [{}, { brings: 'broker' }, { engine: 'node' }]) {
  test(`workers send to each other and share names (${JSON.stringify(options)})`, async (t) => {
    const { one, two } = await pair(t, options)
    assert.equal(await one.asks(`send ${two.id} hello`), 'sent')
    await two.hears(`from ${one.id}: hello`)
    assert.equal(await two.asks(`send ${one.id} welcome`), 'sent')
    await one.hears(`from ${two.id}: welcome`)
    assert.equal(await one.asks('send 0 supervisor'), 'gone')
    assert.equal(await one.asks('claim lobby'), String(one.id))
    assert.equal(await two.asks('claim lobby'), String(one.id))
    assert.equal(await two.asks('owner lobby'), String(one.id))
    assert.equal(await two.asks('owner nothing'), 'null')
    one.caller.socket.send('release lobby')
    await one.asks('owner lobby')
    assert.equal(await two.asks('claim lobby'), String(two.id))
  })
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`the owner of a name ends by ${signal}: it is told once, and the name can be claimed`, async (t) => {
    const { program, one, two } = await pair(t)
    assert.equal(await one.asks('claim taken'), String(one.id))
    assert.equal(await one.asks('claim lobby'), String(one.id))
    const since = performance.now()
    kill(one.caller.pid, signal)
    // Its successor may be there before it ends, and be the first who claims.
    const gone = (): string[] => two.caller.heard.filter((fact) => fact.startsWith('gone'))
    await program.until('it to be told', () => gone().length > 0)
    const tookMs = performance.now() - since
    // One that ends in good order serves until its successor listens.
    if (signal === 'SIGKILL') assert.ok(tookMs < 2_000, `${tookMs} ms`)
    assert.equal(await two.asks('claim lobby'), String(two.id))
    await program.listening(3)
    assert.match(gone().join(), new RegExp(`^gone ${one.id}, owner (${two.id}|3)$`))
    assert.equal(await two.asks(`send ${one.id} x`), 'gone')
    assert.equal(await two.asks('send 3 x'), 'sent')
  })
}

test('a reload: old and new workers share names, and those of the old ones become free', async (t) => {
  const { program, one, two, port } = await pair(t)
  assert.equal(await one.asks('claim lobby'), String(one.id))
  program.child.kill('SIGHUP')
  assert.deepEqual(await Promise.all([one, two].map(({ caller }) => caller.closed)), [1012, 1012])
  await program.listening(4)
  await program.factsWith(({ left, toldTo }) => left !== undefined && toldTo === 0, 2)
  const [three, four] = await speakers(program, port)
  const owner = Number(await three!.asks('claim lobby'))
  assert.equal(owner, three!.id)
  assert.equal(await four!.asks('claim lobby'), String(owner))
  assert.equal(await four!.asks(`send ${owner} on`), 'sent')
  await three!.hears(`from ${four!.id}: on`)
  assert.deepEqual(
    program.facts.filter(({ warn, error }) => warn !== undefined || error !== undefined),
    [],
  )
})

test('a worker that is stopped keeps its names, and goes on where it was', async (t) => {
  const { one, two } = await pair(t)
  assert.equal(await one.asks('claim lobby'), String(one.id))
  kill(one.caller.pid, 'SIGSTOP')
  t.after(() => kill(one.caller.pid, 'SIGKILL'))
  assert.equal(await two.asks('claim lobby'), String(one.id))
  assert.equal(await two.asks(`send ${one.id} patience`), 'sent')
  kill(one.caller.pid, 'SIGCONT')
  await one.hears(`from ${two.id}: patience`)
  assert.equal(await one.asks('owner lobby'), String(one.id))
})

test('a supervisor that was killed: names are refused, and the workers end', async (t) => {
  const { program, one, two } = await pair(t)
  assert.equal(await one.asks('claim lobby'), String(one.id))
  kill(program.pid, 'SIGKILL')
  await program.exit
  await Promise.all([one, two].map(({ caller }) => caller.closed))
  await program.until('all to end', () => program.workers.every(({ pid }) => !isAlive(pid)))
})

test('one process: there is nobody to join', async (t) => {
  const program = started(t, { processes: 1 })
  const [serving] = await program.factsWith(({ workerId }) => workerId === 0)
  const caller = await Caller.call(serving!.port!)
  assert.equal(await new Speaker(program, caller, 0).asks('claim lobby'), 'nobody')
})

test('a route that cannot join: the server does not start, and the first process says why', async (t) => {
  const program = started(t, { processes: 2, brings: 'fault' })
  assert.equal(await program.exit, 3)
  const [fact] = await program.factsWith(({ failed }) => failed !== undefined)
  assert.equal(fact!.failed, 'ERR_WORKER_START')
  assert.match(fact!.message!, /a mistake of a model/)
})
