// Actors of several workers: real processes, real signals, clients over WebSockets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Caller, kill, RunningProgram } from './running-program.ts'

interface Stage {
  readonly program: RunningProgram
  /** A connection in the worker that owns the room `lobby`, and two in the other one. */
  readonly owner: Caller
  readonly guests: readonly [Caller, Caller]
}

async function stage(t: TestContext, options: object = {}): Promise<Stage> {
  const program = new RunningProgram({ processes: 2, graceMs: 1_000, ...options }, 'actors.ts')
  t.after(() => program[Symbol.asyncDispose]())
  const { port } = await program.listening(2)
  const [one, two] = (await Caller.callEach(port!, 2)) as [Caller, Caller]
  assert.equal(await next(program, one, 'join lobby'), `in lobby at ${one.pid}`)
  let three = await Caller.call(port!)
  while (three.pid !== two.pid) {
    three.socket.terminate()
    three = await Caller.call(port!)
  }
  for (const guest of [two, three]) {
    assert.equal(await next(program, guest, 'join lobby'), `in lobby at ${one.pid}`)
  }
  return { program, owner: one, guests: [two, three] }
}

/** What is heard next after a request. */
async function next(program: RunningProgram, caller: Caller, request: string): Promise<string> {
  const before = caller.heard.length
  caller.socket.send(request)
  await program.until(request, () => caller.heard.length > before)
  return caller.heard[before]!
}

function downs({ heard }: Caller): string[] {
  return heard.filter((fact) => fact.startsWith('down'))
}

test('a named actor is one on the machine: all workers speak to the same', async (t) => {
  const { program, owner, guests } = await stage(t)
  const all = [owner, ...guests]
  guests[0].socket.send('say lobby hello')
  await program.until('all to hear', () => all.every(({ heard }) => heard.includes('said hello')))
  owner.socket.send('say lobby welcome')
  await program.until('all to hear', () =>
    all.every(({ heard }) => heard.at(-1) === 'said welcome'),
  )
  // A guest that leaves is told to the room, wherever it is; the others hear on.
  guests[1].socket.terminate()
  await guests[1].closed
  guests[0].socket.send('say lobby on')
  await program.until('the rest to hear', () => owner.heard.at(-1) === 'said on')
})

test('whoever asks first starts it, however many ask at once', async (t) => {
  const { program, owner, guests } = await stage(t)
  for (let i = 0; i < 20; i++) {
    const answers = await Promise.all(
      [owner, ...guests].map((caller) => next(program, caller, `join room${i}`)),
    )
    assert.equal(new Set(answers).size, 1, answers.join(', '))
  }
})

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  const withinTwoSeconds = signal === 'SIGKILL' ? ' within two seconds' : ''
  test(`the worker of a named actor ends by ${signal}: exactly one DOWN for each monitor, and the next whereis starts it here${withinTwoSeconds}`, async (t) => {
    const { program, owner, guests } = await stage(t)
    const since = performance.now()
    kill(owner.pid, signal)
    await program.until('the downs', () => guests.every((guest) => downs(guest).length > 0))
    assert.equal(await next(program, guests[0], 'join lobby'), `in lobby at ${guests[0].pid}`)
    const tookMs = performance.now() - since
    // One that ends in good order serves until its successor listens.
    if (signal === 'SIGKILL') assert.ok(tookMs < 2_000, `${tookMs} ms`)
    assert.equal(await next(program, guests[1], 'join lobby'), `in lobby at ${guests[0].pid}`)
    await program.listening(3)
    await program.factsWith(({ left, toldTo }) => left !== undefined && toldTo === 0)
    // One that ends in good order has shut its actors down before it goes.
    const reason = signal === 'SIGKILL' ? 'noconnection' : 'shutdown'
    for (const guest of guests) assert.deepEqual(downs(guest), [`down ${reason}`])
    // The worker that took the place of the other one finds it too.
    let late = await Caller.call(program.workers[0]!.port!)
    while (late.pid === guests[0].pid) {
      late.socket.terminate()
      late = await Caller.call(program.workers[0]!.port!)
    }
    assert.equal(await next(program, late, 'join lobby'), `in lobby at ${guests[0].pid}`)
  })

  test(`whoever asks while the worker ends by ${signal} waits for its end, and is not refused`, async (t) => {
    const { program, owner, guests } = await stage(t)
    kill(owner.pid, signal)
    for (let i = 0; i < 5; i++) {
      guests[0].socket.send(`join other${i}`)
      guests[1].socket.send('say lobby x')
    }
    await program.until(
      'all answers',
      () => guests[0].heard.filter((fact) => fact.startsWith('in other')).length === 5,
    )
    assert.deepEqual(
      guests[0].heard.filter((fact) => fact.startsWith('refused')),
      [],
    )
  })
}

test('a worker that is stopped: asks of its actors time out, nobody is told of an end, and it goes on where it was', async (t) => {
  const { program, owner, guests } = await stage(t)
  kill(owner.pid, 'SIGSTOP')
  t.after(() => kill(owner.pid, 'SIGKILL'))
  assert.equal(await next(program, guests[0], 'join lobby'), 'refused ERR_ACTOR_TIMEOUT')
  assert.deepEqual(downs(guests[0]), [])
  // What was sent meanwhile is not lost.
  guests[1].socket.send('say lobby patience')
  kill(owner.pid, 'SIGCONT')
  await program.until('it to be said', () =>
    guests.every(({ heard }) => heard.includes('said patience')),
  )
})

test('a worker that is stopped and is sent more than the kernel holds: given up and killed, as if it had died', async (t) => {
  const { program, owner, guests } = await stage(t)
  kill(owner.pid, 'SIGSTOP')
  t.after(() => kill(owner.pid, 'SIGKILL'))
  const { workerId } = program.workers.find(({ pid }) => pid === owner.pid)!
  const text = 'x'.repeat(60_000)
  for (let i = 0; i < 40; i++) guests[1].socket.send(`say lobby ${text}`)
  await program.until('the downs', () => guests.every((guest) => downs(guest).length > 0))
  assert.equal(await next(program, guests[0], 'join lobby'), `in lobby at ${guests[0].pid}`)
  for (const guest of guests) assert.deepEqual(downs(guest), ['down noconnection'])
  assert.deepEqual(
    program.facts.flatMap(({ error }) => (error?.includes('worker') ? error.trim() : [])),
    [`holdline: worker ${workerId} takes nothing from others; it is killed`],
  )
})
