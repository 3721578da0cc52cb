// Presence of several servers over a real NATS and a real Redis: no ghost outlives its lease, whoever dies.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { NatsServer } from '../brokers/nats/nats-server.ts'
import { RedisServer } from '../brokers/redis/redis-server.ts'
import { Caller, kill, RunningProgram } from './running-program.ts'
import type { Fact } from './running-program.ts'

const LEASE_MS = 3_000

type Here = Fact & { readonly here?: readonly number[] }

/** A server of its own, and a connection that is present there. */
class Machine {
  readonly program: RunningProgram
  readonly port: number
  readonly caller: Caller

  private constructor(program: RunningProgram, port: number, caller: Caller) {
    this.program = program
    this.port = port
    this.caller = caller
  }

  static async start(t: TestContext, broker: object): Promise<Machine> {
    const options = { ...broker, presence: { leaseMs: LEASE_MS }, graceMs: 500 }
    const program = new RunningProgram({ ...options, signals: true }, 'present.ts')
    t.after(() => program[Symbol.asyncDispose]())
    const { port } = await program.listening(0)
    return new Machine(program, port!, await Caller.call(port!))
  }

  get pid(): number {
    return this.caller.pid
  }

  get here(): readonly number[] {
    return (this.program.facts as Here[]).findLast(({ here }) => here !== undefined)?.here ?? []
  }

  async knows(...machines: readonly Machine[]): Promise<void> {
    const wanted = JSON.stringify(machines.map(({ pid }) => pid).sort((one, other) => one - other))
    await this.program.until(wanted, () => JSON.stringify(this.here) === wanted)
  }
}

interface BrokerServer {
  start(): Promise<void>
  kill(): Promise<void>
  remove(): Promise<void>
}

const brokers = {
  nats: async () => {
    const server = await NatsServer.start()
    return { server: server as BrokerServer, options: { nats: server.url } }
  },
  redis: async () => {
    const server = await RedisServer.start()
    return { server: server as BrokerServer, options: { redis: server.url } }
  },
}

for (const [name, start] of Object.entries(brokers)) {
  test(`${name}: whoever was on a server that is killed is gone at the end of its lease, everywhere, and for who comes late`, async (t) => {
    const { server, options } = await start()
    t.after(() => server.remove())
    const [one, two] = await Promise.all([Machine.start(t, options), Machine.start(t, options)])
    await one.knows(one, two)
    await two.knows(one, two)
    const killedAt = performance.now()
    kill(one.pid, 'SIGKILL')
    const late = await Machine.start(t, options)
    await two.knows(two, late)
    await late.knows(two, late)
    const tookMs = performance.now() - killedAt
    assert.ok(tookMs < 2 * LEASE_MS, `gone after ${Math.round(tookMs)} ms`)
    // One that ends in good order says so.
    const endedAt = performance.now()
    late.program.child.kill('SIGTERM')
    await two.knows(two)
    assert.ok(performance.now() - endedAt < LEASE_MS, 'its end was not told')
  })

  test(`${name}: a server that stands still is gone for the others, and back when it goes on`, async (t) => {
    const { server, options } = await start()
    t.after(() => server.remove())
    const [one, two] = await Promise.all([Machine.start(t, options), Machine.start(t, options)])
    await two.knows(one, two)
    kill(one.pid, 'SIGSTOP')
    t.after(() => kill(one.pid, 'SIGCONT'))
    await two.knows(two)
    kill(one.pid, 'SIGCONT')
    await two.knows(one, two)
    await one.knows(one, two)
  })

  test(`${name}: the broker is killed, a server dies while it is away: when it is back all know the same, and no ghost`, async (t) => {
    const { server, options } = await start()
    t.after(() => server.remove())
    const machines = await Promise.all([1, 2, 3].map(() => Machine.start(t, options)))
    const [one, two, three] = machines as [Machine, Machine, Machine]
    for (const machine of machines) await machine.knows(one, two, three)
    await server.kill()
    kill(one.pid, 'SIGKILL')
    const next = await Caller.call(two.port)
    await setTimeout(LEASE_MS / 2)
    await server.start()
    for (const machine of [two, three]) {
      await machine.program.until('it to know who is there', () => {
        const wanted = [two.pid, two.pid, three.pid].sort((a, b) => a - b)
        return JSON.stringify(machine.here) === JSON.stringify(wanted)
      })
    }
    next.socket.terminate()
    await three.knows(two, three)
  })
}
