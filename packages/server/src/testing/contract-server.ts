// Owns the server that a case of the engine contract runs against, with a canary on it: a well-behaved
// connection of its own that has to be served throughout.

import assert from 'node:assert/strict'
import type { Behavior } from '../connection/connection.ts'
import type { Clock } from '../connection/clock.ts'
import type { Listener } from '../connection/engine.ts'
import type { Limits } from '../connection/limits.ts'
import { ContractAcceptor } from './contract-acceptor.ts'
import type { ContractRoute } from './contract-acceptor.ts'
import type { EngineHarness, RunningEngine, WireRequest } from './engine-harness.ts'
import { WirePeer } from './wire-peer.ts'

/** One case of the contract: a name, and what has to hold. */
export interface EngineCase {
  readonly name: string
  run(serve: Serve): Promise<void>
}

/** Starts a server with one route at '/', or with several by path. */
export type Serve = (
  routes: ContractRoute | Readonly<Record<string, ContractRoute>>,
  limits?: Partial<Limits>,
) => Promise<ContractServer>

/** Sends back what it gets. */
export const echoMessage: Behavior['message'] = (c, data) => void c.send(data)
export const echo: Behavior = Object.freeze<Behavior>({ message: echoMessage, close: () => {} })

const CANARY_PATH = '/canary'

const ORDINARY_REQUEST: WireRequest = {
  path: '/',
  headers: {},
  method: 'GET',
  behind: new Uint8Array(0),
}

/** Round trips of the canary after which what was sent before has been read and handled. */
const FENCE_TRIPS = 4

export class ContractServer {
  readonly acceptor: ContractAcceptor
  readonly #engine: RunningEngine
  #canary: WirePeer | null = null
  #trips = 0
  #isStopped = false

  private constructor(engine: RunningEngine, acceptor: ContractAcceptor) {
    this.#engine = engine
    this.acceptor = acceptor
  }

  static async start(
    harness: EngineHarness,
    routes: Parameters<Serve>[0],
    limits: Partial<Limits> = {},
  ): Promise<ContractServer> {
    const byPath = isRoute(routes) ? { '/': routes } : routes
    let acceptor: ContractAcceptor | null = null
    const engine = await harness.start((clock) => {
      acceptor = new ContractAcceptor(
        clock,
        { ...byPath, [CANARY_PATH]: { behavior: echo } },
        limits,
      )
      return acceptor
    })
    const server = new ContractServer(engine, acceptor!)
    server.#canary = await server.connect(CANARY_PATH)
    return server
  }

  get clock(): Clock {
    return this.#engine.clock
  }

  get listener(): Listener {
    return this.#engine.listener
  }

  /** Waits until something is so, letting time pass. */
  until(what: string, isSo: () => boolean): Promise<void> {
    return this.#engine.until(what, isSo)
  }

  /** Opens a line and asks for an upgrade, without waiting for the answer. */
  async dial(path = '/', request: Partial<WireRequest> = {}): Promise<WirePeer> {
    const line = await this.#engine.dial({ ...ORDINARY_REQUEST, path, ...request })
    return new WirePeer(line, (what, isSo) => this.until(what, isSo))
  }

  /** Opens a connection. */
  async connect(path = '/', request: Partial<WireRequest> = {}): Promise<WirePeer> {
    const peer = await this.dial(path, request)
    await peer.answered()
    assert.equal(peer.status, 101)
    return peer
  }

  /** Waits until what was sent has been handled: another line has had several answers meanwhile. */
  async fence(): Promise<void> {
    for (let i = 0; i < FENCE_TRIPS; i++) {
      const word = `canary ${++this.#trips}`
      this.#canary!.text(word)
      assert.equal(await this.#canary!.message(), word)
    }
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const target = this.clock.now() + ms
    await this.until(`${ms} ms to pass`, () => this.clock.now() >= target)
  }

  /** The canary has to be well, unless the case itself ended everything. */
  async checkCanary(): Promise<void> {
    if (!this.#isStopped) await this.fence()
  }

  /** Ends everything; each connection that was opened has to be closed by then, once. */
  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    const { opened, closed, failures } = this.acceptor
    for (const connection of opened) if (!closed.includes(connection)) connection.terminate()
    await this.#engine.stop()
    await this.until('all connections to be closed', () => closed.length >= opened.length)
    for (const { error } of failures) {
      if (error instanceof assert.AssertionError) throw error
    }
    assert.equal(new Set(closed).size, closed.length, 'a connection was closed twice')
  }
}

function isRoute(routes: Parameters<Serve>[0]): routes is ContractRoute {
  return 'behavior' in routes && 'message' in routes.behavior
}
