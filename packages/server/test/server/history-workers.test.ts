// Topics with history over real workers and their real deaths: nothing that was acknowledged is lost, shown twice, or out
// of order, whichever worker a subscriber comes back to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Cursor } from 'holdline'
import { Caller, kill, RunningProgram } from './running-program.ts'
import type { Fact } from './running-program.ts'

type Told = Fact & {
  readonly acknowledged?: string
  readonly cursor?: Cursor
  readonly history?: readonly string[]
  readonly heardCount?: number
  readonly plain?: readonly string[]
  readonly took?: string
}

interface Stand {
  readonly program: RunningProgram
  readonly port: number
  readonly one: Caller
  readonly two: Caller
}

/** Two workers, with a connection to each. */
async function stand(t: TestContext, options: object = {}): Promise<Stand> {
  const program = new RunningProgram({ processes: 2, graceMs: 500, ...options }, 'histories.ts')
  t.after(() => program[Symbol.asyncDispose]())
  const { port } = await program.listening(2)
  const [one, two] = await Caller.callEach(port!, 2)
  return { program, port: port!, one: one!, two: two! }
}

function acknowledged(program: RunningProgram, name: string): string[] {
  return (program.facts as Told[])
    .map((fact) => fact.acknowledged)
    .filter((message) => message?.startsWith(`${name} `) === true) as string[]
}

function acknowledgedCount(program: RunningProgram, name: string, count: number): Promise<void> {
  return program.until(
    `${count} acknowledged of ${name}`,
    () => acknowledged(program, name).length >= count,
  )
}

interface Answer {
  readonly cursor: Cursor
  readonly recovered: boolean
  readonly reason: string | null
}

/** Subscribes; what is heard after the answer is what was published. */
async function subscribe(
  program: RunningProgram,
  caller: Caller,
  since?: Cursor | 'start',
): Promise<Answer> {
  caller.socket.send(JSON.stringify({ since }))
  await program.until('the answer to subscribe', () => caller.heard.length > 0)
  return JSON.parse(caller.heard.shift()!) as Answer
}

async function hearsAll(
  program: RunningProgram,
  caller: Caller,
  messages: readonly string[],
): Promise<void> {
  await program.until(`${messages.length} publications`, () => {
    const heard = new Set(caller.heard)
    return messages.every((message) => heard.has(message))
  })
  assert.equal(new Set(caller.heard).size, caller.heard.length, 'something was shown twice')
}

for (const options of [{ engine: 'node' }, { engine: 'auto' }]) {
  test(`SIGKILL of a worker that publishes loses nothing acknowledged, here and for who resumes (${options.engine})`, async (t) => {
    const { program, port, one, two } = await stand(t, options)
    const { cursor: begin } = await subscribe(program, two)
    one.socket.send(JSON.stringify({ publish: 'a', count: 1_000_000 }))
    await acknowledgedCount(program, 'a', 500)
    kill(one.pid, 'SIGKILL')
    await one.closed
    two.socket.send(JSON.stringify({ publish: 'b', count: 200 }))
    await acknowledgedCount(program, 'b', 200)
    const all = [...acknowledged(program, 'a'), ...acknowledged(program, 'b')]
    assert.ok(all.length >= 700)
    await hearsAll(program, two, all)
    // In the order of the offsets, which each publisher's acknowledgements tell.
    const heardB = two.heard.filter((message) => message.startsWith('b '))
    const offsets = new Map(
      (program.facts as Told[]).map((f) => [f.acknowledged, f.cursor?.offset]),
    )
    for (const [i, message] of heardB.entries()) {
      if (i > 0) assert.ok(offsets.get(message)! > offsets.get(heardB[i - 1])!)
    }
    // Whoever was on the dead worker comes back with its cursor, to its successor or to the other one.
    await program.listening(3)
    for (const back of await Caller.callEach(port, 2)) {
      const answer = await subscribe(program, back, begin)
      assert.deepEqual([answer.recovered, answer.cursor], [true, begin])
      await hearsAll(program, back, all)
      // There may be some more that were taken and never acknowledged: those too are the same for all.
      await program.until('the last of them', () => back.heard.length === two.heard.length)
      assert.deepEqual(back.heard, two.heard)
      back.socket.terminate()
    }
    two.socket.terminate()
  })
}

test('the last words of a worker: what it sent before SIGKILL is there, before anybody is told of its end, and a retry adds nothing', async (t) => {
  const { program, one, two } = await stand(t)
  const begin = await subscribe(program, two)
  const count = 1_000
  one.socket.send(JSON.stringify({ lastWords: count }))
  await one.closed
  const numbers = Array.from({ length: count }, (_, i) => `${i}`)
  const said = numbers.map((number) => `last ${number}`)
  await program.until('its last words', () => two.heard.length === count)
  assert.deepEqual(two.heard, said)
  // Without history it comes straight from the worker: the end of it is told behind.
  const told = await program.factsWith((fact) => fact.left !== undefined, 2)
  for (const { plain } of told as Told[]) assert.deepEqual(plain, numbers)
  two.socket.send(JSON.stringify({ publish: 'last', count }))
  await acknowledgedCount(program, 'last', count)
  two.socket.send(JSON.stringify({ publish: 'next', count: 1 }))
  await program.until('what comes next', () => two.heard.at(-1) === 'next 0')
  assert.deepEqual(two.heard, [...said, 'next 0'])
  const offsets = new Map(
    (program.facts as Told[]).map(({ acknowledged: text, cursor }) => [text, cursor?.offset]),
  )
  for (const [i, message] of said.entries()) {
    assert.equal(offsets.get(message), begin.cursor.offset + i + 1)
  }
  two.socket.terminate()
})

test('a worker that is stopped for a while holds up nobody, and is shown everything in order', async (t) => {
  const { program, one, two } = await stand(t)
  await subscribe(program, one)
  kill(one.pid, 'SIGSTOP')
  t.after(() => kill(one.pid, 'SIGCONT'))
  const beganAt = performance.now()
  two.socket.send(JSON.stringify({ publish: 'm', count: 5_000 }))
  await acknowledgedCount(program, 'm', 5_000)
  assert.ok(performance.now() - beganAt < 8_000, 'publishers were held up')
  assert.equal(one.heard.length, 0)
  kill(one.pid, 'SIGCONT')
  await hearsAll(program, one, acknowledged(program, 'm'))
  assert.equal(one.heard.length, 5_000)
  one.socket.terminate()
  two.socket.terminate()
})

test('history outlives a reload, and the end of all workers at once', async (t) => {
  const { program, port, one, two } = await stand(t)
  const { cursor: begin } = await subscribe(program, one)
  one.socket.send(JSON.stringify({ publish: 'first', count: 100 }))
  await acknowledgedCount(program, 'first', 100)
  one.socket.terminate()
  two.socket.terminate()
  kill(program.pid, 'SIGHUP')
  await program.listening(4)
  const reloaded = await calledAfter(port, [one.pid, two.pid])
  assert.equal((await subscribe(program, reloaded, begin)).recovered, true)
  await hearsAll(program, reloaded, acknowledged(program, 'first'))
  reloaded.socket.send(JSON.stringify({ publish: 'second', count: 100 }))
  await acknowledgedCount(program, 'second', 100)
  const pids = program.workers.map(({ pid }) => pid)
  for (const pid of pids) kill(pid, 'SIGKILL')
  await program.listening(6)
  const last = await calledAfter(port, pids)
  assert.equal((await subscribe(program, last, begin)).recovered, true)
  const all = [...acknowledged(program, 'first'), ...acknowledged(program, 'second')]
  await hearsAll(program, last, all)
  assert.equal(last.heard.length, 200)
  last.socket.terminate()
})

/** A connection to a worker that is none of these. */
async function calledAfter(port: number, pids: readonly number[]): Promise<Caller> {
  for (let tries = 0; tries < 200; tries++) {
    const caller = await Caller.call(port).catch(() => null)
    if (caller !== null && !pids.includes(caller.pid)) return caller
    caller?.socket.terminate()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('No new worker answers')
}

test('the supervisor publishes, hears and reads as its workers do', async (t) => {
  const { program, one, two } = await stand(t)
  await subscribe(program, one)
  program.tell('listen')
  program.tell('own')
  await acknowledgedCount(program, 'own', 10)
  two.socket.send(JSON.stringify({ publish: 'theirs', count: 10 }))
  await acknowledgedCount(program, 'theirs', 10)
  const all = [...acknowledged(program, 'own'), ...acknowledged(program, 'theirs')]
  await hearsAll(program, one, all)
  await program.until('the supervisor to hear', () =>
    (program.facts as Told[]).some(({ heardCount }) => heardCount === 20),
  )
  program.tell('history')
  await program.until('its history', () =>
    (program.facts as Told[]).some(({ history }) => history !== undefined),
  )
  const { history } = (program.facts as Told[]).find((fact) => fact.history !== undefined)!
  assert.deepEqual(history, one.heard)
  one.socket.terminate()
  two.socket.terminate()
})

test('the histories of all workers are bounded together', async (t) => {
  const { program, one } = await stand(t, { histories: { topics: 1 } })
  const took = async (count: number): Promise<string | undefined> =>
    ((await program.factsWith((fact) => (fact as Told).took !== undefined, count)) as Told[])[
      count - 1
    ]!.took
  program.tell('extra.a')
  assert.equal(await took(1), 'extra.a')
  program.tell('extra.b')
  assert.equal(await took(2), 'extra.b')
  await subscribe(program, one)
  program.tell('extra.c')
  assert.equal(await took(3), 'ERR_TOPIC_LIMIT')
  one.socket.terminate()
})
