// A server process of a simulation: the real server on the memory engine, with a simulated broker. It can be killed, and
// comes back as another process with the same address.

import type { Clock } from '../../connection/clock.ts'
import { MemoryEngine } from '../../engines/memory/memory-engine.ts'
import type { MemoryPeer } from '../../engines/memory/memory-line.ts'
import type { ServeOptions } from '../../server/options.ts'
import { serve } from '../../server/serve.ts'
import type { Server } from '../../server/server.ts'
import { SimulatedBroker } from './simulated-broker.ts'
import type { SimulatedNetwork } from './simulated-network.ts'

export type ProcessOptions = Omit<ServeOptions, 'engine' | 'broker' | 'processes' | 'signals'>

interface Life {
  readonly engine: MemoryEngine
  readonly broker: SimulatedBroker
  readonly peers: Set<MemoryPeer>
  server: Server | null
}

export class SimulatedProcess {
  readonly number: number
  readonly #clock: Clock
  readonly #network: SimulatedNetwork
  readonly #options: (process: SimulatedProcess) => ProcessOptions
  #lives = 0
  #life: Life | null = null

  constructor(
    number: number,
    clock: Clock,
    network: SimulatedNetwork,
    options: (process: SimulatedProcess) => ProcessOptions,
  ) {
    this.number = number
    this.#clock = clock
    this.#network = network
    this.#options = options
  }

  /** Its place on the network; another one after each start. */
  get name(): string {
    return `process ${this.number}.${this.#lives}`
  }

  /** The server, while it listens. */
  get server(): Server | null {
    return this.#life?.server ?? null
  }

  get isRunning(): boolean {
    return this.server !== null
  }

  /** Starts it where it is down; tries again where the broker is away. */
  async start(): Promise<void> {
    if (this.#life !== null) return
    this.#lives++
    const engine = new MemoryEngine(this.#clock)
    const broker = new SimulatedBroker(this.#clock, this.#network, this.name)
    const life: Life = { engine, broker, peers: new Set(), server: null }
    this.#life = life
    const own = { logger: null, heap: 'default', ...this.#options(this) } as const
    try {
      const server = await serve({ ...own, engine, broker, processes: 1 })
      if (this.#life === life) life.server = server
      else void server.close({ graceMs: 0 })
    } catch {
      if (this.#life !== life) return
      this.#life = null
      await this.start()
    }
  }

  /** Opens a line to it; closed at once where nobody listens. */
  connect(path: string, headers: Readonly<Record<string, string>>): MemoryPeer {
    const life = this.#life
    if (life === null || life.server === null) {
      const peer = new MemoryEngine(this.#clock).connect()
      return peer
    }
    const peer = life.engine.connect({ path, headers })
    life.peers.add(peer)
    if (life.peers.size % 64 === 0) {
      for (const each of life.peers) if (each.isClosed) life.peers.delete(each)
    }
    return peer
  }

  /** As SIGKILL: its lines break, and nothing that it was about to say is said. */
  kill(): void {
    const life = this.#life
    if (life === null) return
    this.#life = null
    life.broker.kill()
    for (const peer of life.peers) peer.cut()
    // Gives its timers back; nobody hears of it.
    void life.server?.close({ graceMs: 0 })
  }

  async stop(): Promise<void> {
    const life = this.#life
    this.#life = null
    await life?.server?.close({ graceMs: 0 })
    life?.broker.kill()
  }
}
