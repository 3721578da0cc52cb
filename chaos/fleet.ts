// The processes of one scenario: the server's, those of the clients, and what each of them is told to start with.

import { randomBytes } from 'node:crypto'
import { freePort } from './broker-server.ts'
import type { BrokerServer } from './broker-server.ts'
import { Bits } from './bits.ts'
import { Child } from './child.ts'
import type { ScenarioOptions } from './options.ts'
import type { PublishedTopic, Told } from './words.ts'

export interface FleetOptions extends Pick<
  ScenarioOptions,
  'clients' | 'topics' | 'rate' | 'bytes' | 'processes'
> {
  readonly broker: 'process' | 'nats' | 'redis'
  readonly brokerServer: BrokerServer | null
  /** What topics may be named, and what is done with a subscriber that is too slow. Topic n has name n modulo their number. */
  readonly kinds: readonly { readonly name: string; readonly overflow: string }[]
  /** How far a subscriber may lag; undefined: the server's default. */
  readonly lagBytes?: number
  /** Of so many clients of a topic, one stops reading when asked to. 0: none. */
  readonly slowOneIn: number
  /** What all processes are run by. */
  readonly prefix?: readonly string[]
}

type Shown = Extract<Told, { kind: 'shown' }>

/** Clients of one process: below the limit of open files, and of what one process can do. */
const CLIENTS_PER_PROCESS = 2_500
/** Time for everything to arrive after the last fault; less where nothing at all came for this long. */
const SETTLE_MS = 60_000
const QUIET_MS = 10_000
const BRIEF_QUIET_MS = 2_000

export class Fleet {
  readonly server: Child
  readonly topics: readonly string[]
  readonly subscribers: Child[] = []
  readonly #options: FleetOptions
  readonly #children: Child[] = []
  #publishers: Child | null = null

  private constructor(options: FleetOptions, port: number) {
    const { kinds, broker, brokerServer, lagBytes } = options
    this.#options = options
    this.topics = Array.from(
      { length: options.topics },
      (_, i) => `${kinds[i % kinds.length]!.name}.${i}`,
    )
    this.server = this.#start('server.ts', {
      broker,
      brokerPort: brokerServer?.port ?? 0,
      port,
      processes: options.processes,
      secret: randomBytes(32).toString('base64url'),
      topics: Object.fromEntries(
        kinds.map(({ name, overflow }) => [
          `${name}.*`,
          { overflow, ...(lagBytes !== undefined && { lagBytes }) },
        ]),
      ),
    })
  }

  /** All subscriptions are there; nothing is published yet. Ends what it started if something fails. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options, await freePort())
    try {
      await fleet.#join()
    } catch (error) {
      await fleet.end()
      throw error
    }
    return fleet
  }

  async #join(): Promise<void> {
    const { clients, bytes, rate, slowOneIn } = this.#options
    const { topics } = this
    const { port } = await this.server.first('listening')
    const url = `ws://127.0.0.1:${port}/live`
    for (let first = 0; first < clients; first += CLIENTS_PER_PROCESS) {
      const count = Math.min(CLIENTS_PER_PROCESS, clients - first)
      this.subscribers.push(this.#start('subscribers.ts', { url, topics, first, count, slowOneIn }))
    }
    this.#publishers = this.#start('publishers.ts', { url, topics, lines: 20, rate, bytes })
    for (const child of [...this.subscribers, this.#publishers]) {
      await child.first('ready', 180_000)
    }
  }

  publish(): void {
    this.#publishers!.ask('go')
  }

  /** Publishers stop; everything arrives; then what was published, and what was shown. */
  async reports(): Promise<{
    published: { topics: readonly PublishedTopic[]; refused: number }
    shown: readonly Shown[]
  }> {
    this.#publishers!.ask('report')
    const published = await this.#publishers!.first('published', 60_000)
    const { topics } = published
    await this.#settled(
      this.#expected(topics, ({ acknowledged }) => Bits.from(acknowledged).size),
      this.#expected(topics, ({ count }) => count),
    )
    for (const child of this.subscribers) child.ask('report')
    const shown = await Promise.all(this.subscribers.map((child) => child.first('shown', 60_000)))
    return { published, shown }
  }

  /** Processes of the server that live. */
  get workerPids(): number[] {
    return this.server.told.flatMap((told) => (told.kind === 'worker' ? [told.pid] : []))
  }

  async end(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.end()))
  }

  #start(program: string, of: object): Child {
    const child = new Child(program, of, this.#options.prefix)
    this.#children.push(child)
    return child
  }

  /** How much all subscribers together are shown, if so many publications of each topic arrive. */
  #expected(
    published: readonly PublishedTopic[],
    countOf: (topic: PublishedTopic) => number,
  ): number {
    const { clients, topics } = this.#options
    let count = 0
    for (const [at, topic] of published.entries()) {
      count += countOf(topic) * (Math.floor(clients / topics) + (at < clients % topics ? 1 : 0))
    }
    return count
  }

  /**
   * Waits until `most` was shown, or nothing more has come for a while: a short one where `least` was shown, since what
   * was refused may never come.
   */
  async #settled(least: number, most: number): Promise<void> {
    const giveUpAt = performance.now() + SETTLE_MS
    let shown = -1
    let sinceMs = performance.now()
    while (performance.now() < giveUpAt) {
      const now = this.subscribers.reduce((sum, { count }) => sum + count, 0)
      if (now >= most) return
      if (now > shown) sinceMs = performance.now()
      else if (performance.now() - sinceMs > (now >= least ? BRIEF_QUIET_MS : QUIET_MS)) return
      shown = now
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
