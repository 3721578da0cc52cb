// Deploys as those on the lines see them: real processes get real signals, everybody is told a slot, comes back at it, and
// has missed nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { RedisServer } from '../brokers/redis/redis-server.ts'
import { isAlive, kill, RunningProgram } from './running-program.ts'
import type { Fact } from './running-program.ts'

type Told = Fact & { readonly acknowledged?: number; readonly hasPublished?: boolean }

interface Envelope {
  readonly type: string
  readonly afterMs: number
  readonly offset: number
  readonly data: number
  readonly cursor: { readonly epoch: string; readonly offset: number }
  readonly recovered: boolean
}

/** A client that keeps its slots, or one that does not heed them. */
class Rider {
  readonly slots: number[] = []
  readonly heard: number[] = []
  readonly faults: string[] = []
  readonly codes: number[] = []
  /** How long it was told to go until it was closed, beyond its slot. */
  overdueMs = 0
  lineCount = 0
  readonly #where: () => number
  readonly #heedsSlots: boolean
  #socket: WebSocket | null = null
  #cursor: Envelope['cursor'] | undefined = undefined
  #toldAtMs = 0
  #isOver = false

  constructor(where: () => number, heedsSlots = true) {
    this.#where = where
    this.#heedsSlots = heedsSlots
    this.#connect()
  }

  end(): void {
    this.#isOver = true
    this.#socket?.terminate()
  }

  get isUp(): boolean {
    return this.#cursor !== undefined && this.#socket?.readyState === WebSocket.OPEN
  }

  #connect(): void {
    if (this.#isOver) return
    const socket = new WebSocket(`ws://127.0.0.1:${this.#where()}/live`, ['holdline.v1'])
    this.#socket = socket
    let hasOpened = false
    socket.on('open', () => {
      hasOpened = true
      this.lineCount++
    })
    socket.on('error', (error: Error & { code?: string }) => {
      // Reset in the microseconds in which a worker closes its socket (docs/guide/processes.md): once more.
      if (error.code !== 'ECONNRESET') this.faults.push(String(error))
    })
    socket.on('message', (data: Buffer) => {
      this.#take(socket, JSON.parse(data.toString()) as Envelope)
    })
    socket.on('close', (code) => {
      if (this.#isOver) return
      if (hasOpened) this.codes.push(code)
      this.overdueMs = performance.now() - this.#toldAtMs - (this.slots.at(-1) ?? 0)
      this.#connect()
    })
  }

  #take(socket: WebSocket, said: Envelope): void {
    if (said.type === 'welcome') {
      const since = this.#cursor
      socket.send(JSON.stringify({ type: 'subscribe', id: 1, topic: 'log', since }))
    } else if (said.type === 'subscribed') {
      if (this.#cursor !== undefined && !said.recovered) this.faults.push(JSON.stringify(said))
      this.#cursor = said.cursor
    } else if (said.type === 'pub') {
      this.heard.push(said.data)
      this.#cursor = { ...this.#cursor!, offset: said.offset }
    } else if (said.type === 'goaway') {
      this.slots.push(said.afterMs)
      this.#toldAtMs = performance.now()
      if (this.#heedsSlots) setTimeout(() => socket.close(1000), said.afterMs)
    } else this.faults.push(JSON.stringify(said))
  }
}

const SPREAD_MS = 1_500
const RIDERS = 30

interface Journey {
  readonly riders: readonly Rider[]
  /** Waits until all of them are up again and have heard everything, each once, in order. */
  arrived(publisher: RunningProgram): Promise<void>
}

async function boarded(
  t: TestContext,
  publisher: RunningProgram,
  where: () => number,
  lazyCount = 0,
): Promise<Journey> {
  const riders = Array.from({ length: RIDERS }, (_, i) => new Rider(where, i >= lazyCount))
  t.after(() => riders.forEach((rider) => rider.end()))
  await publisher.until('all on their lines', () => riders.every(({ isUp }) => isUp))
  publisher.tell('publish')
  await publisher.factsWith((fact) => (fact as Told).acknowledged !== undefined, 20)
  const arrived = async (): Promise<void> => {
    publisher.tell('stop')
    await publisher.factsWith((fact) => (fact as Told).hasPublished === true)
    const all = (publisher.facts as Told[]).flatMap(({ acknowledged }) => acknowledged ?? [])
    await publisher.until(`all to have heard ${all.length}`, () =>
      riders.every(({ heard }) => heard.length >= all.length),
    )
    for (const { heard, faults } of riders) {
      assert.deepEqual(faults, [])
      assert.deepEqual(heard, all)
    }
  }
  return { riders, arrived }
}

/** Evenly over the spread, but for what a busy machine makes late. */
function assertSpread(slots: readonly number[]): void {
  const sorted = [...slots].sort((one, other) => one - other)
  const what = JSON.stringify(sorted)
  for (const [i, slot] of sorted.entries()) {
    assert.ok(Math.abs(slot - (i * SPREAD_MS) / sorted.length) < 100, what)
  }
}

test('SIGTERM to a worker: each of its lines is told a slot, and goes on elsewhere with nothing lost', async (t) => {
  const options = { processes: 2, graceMs: 6_000, drain: { spreadMs: SPREAD_MS } }
  const program = new RunningProgram(options, 'draining.ts')
  t.after(() => program[Symbol.asyncDispose]())
  const { port } = await program.listening(2)
  const journey = await boarded(t, program, () => port!)
  const [worker] = program.workers
  kill(worker!.pid, 'SIGTERM')
  await program.factsWith(({ workerId }) => workerId === 3)
  await program.until('the worker to end', () => !isAlive(worker!.pid))
  await journey.arrived(program)
  const moved = journey.riders.filter(({ slots }) => slots.length > 0)
  assert.ok(moved.length > 0, 'nobody was on that worker')
  assertSpread(moved.map(({ slots }) => slots[0]!))
  for (const { slots, lineCount } of journey.riders) assert.equal(lineCount, 1 + slots.length)
})

test('SIGHUP: all workers are replaced under the lines; who does not heed its slot is closed with 1012 a second later', async (t) => {
  const options = { processes: 2, graceMs: 6_000, drain: { spreadMs: SPREAD_MS } }
  const program = new RunningProgram(options, 'draining.ts')
  t.after(() => program[Symbol.asyncDispose]())
  const { port } = await program.listening(2)
  const lazyCount = 4
  const journey = await boarded(t, program, () => port!, lazyCount)
  const old = program.workers.map(({ pid }) => pid)
  program.child.kill('SIGHUP')
  await program.until('the old workers to end', () => old.every((pid) => !isAlive(pid)))
  await journey.arrived(program)
  for (const [i, rider] of journey.riders.entries()) {
    assert.ok(rider.slots.length >= 1, 'somebody was not told')
    assert.equal(rider.lineCount, 1 + rider.slots.length)
    if (i >= lazyCount) continue
    assert.deepEqual(
      rider.codes,
      rider.codes.map(() => 1012),
    )
    assert.ok(rider.overdueMs > 900 && rider.overdueMs < 3_000, `${rider.overdueMs} ms`)
  }
  const slots = journey.riders.flatMap((rider) => rider.slots)
  assert.ok(Math.max(...slots) < SPREAD_MS + 100)
  assert.ok(Math.max(...slots) > SPREAD_MS / 2, 'the slots are not spread')
})

test('SIGTERM to a server: its lines go on with another one, over Redis, in their slots', async (t) => {
  const redis = await RedisServer.start()
  t.after(() => redis.remove())
  const options = { redis: redis.url, graceMs: 6_000, drain: { spreadMs: SPREAD_MS } }
  const programs = ['leaving', 'staying'].map(
    () => new RunningProgram({ ...options, signals: true }, 'draining.ts'),
  )
  t.after(() => Promise.all(programs.map((program) => program[Symbol.asyncDispose]())))
  const [leaving, staying] = programs as [RunningProgram, RunningProgram]
  const ports = await Promise.all(
    programs.map(async (program) => (await program.listening(0)).port!),
  )
  let port = ports[0]!
  const journey = await boarded(t, staying, () => port)
  // As a balancer does.
  port = ports[1]!
  leaving.child.kill('SIGTERM')
  assert.equal(await leaving.exit, 0)
  await journey.arrived(staying)
  assertSpread(journey.riders.map(({ slots }) => slots[0]!))
  for (const { slots, lineCount } of journey.riders) {
    assert.deepEqual([slots.length, lineCount], [1, 2])
  }
})
