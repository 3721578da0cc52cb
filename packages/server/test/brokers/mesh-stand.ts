// Processes of one machine that are all in this one, for tests: what the supervisor does for those of several.

import type { BrokerSink } from '../../src/topics/broker.ts'
import type { TestContext } from 'node:test'
import { MeshDirectory } from '../../src/brokers/process/mesh-place.ts'
import type { LostReason, MeshPlace } from '../../src/brokers/process/mesh-place.ts'
import { ProcessBroker } from '../../src/brokers/process/process-broker.ts'
import type { ProcessBrokerOptions } from '../../src/brokers/process/process-broker.ts'
import { ProcessLinks } from '../../src/brokers/process/process-links.ts'
import type { ProcessLinksOptions } from '../../src/brokers/process/process-links.ts'
import { ProcessMesh } from '../../src/brokers/process/process-mesh.ts'
import type { ProcessMeshOptions } from '../../src/brokers/process/process-mesh.ts'
import { NameClient } from '../../src/server/name-client.ts'
import { NameRegistry } from '../../src/server/name-registry.ts'

export type StandOptions = ProcessLinksOptions & ProcessBrokerOptions & ProcessMeshOptions

export interface StartedBroker {
  readonly links: ProcessLinks
  readonly broker: ProcessBroker
  readonly heard: string[]
}

export class MeshStand {
  readonly directory = MeshDirectory.create()
  readonly token = 'secret-of-this-mesh'
  readonly joined: number[] = []
  /** What was reported: `2 lost 1: line`. */
  readonly lost: string[] = []
  readonly names = new NameRegistry()
  #onLost: (() => void) | null = null
  readonly #ends: (() => unknown)[] = []

  /** Everything is stopped after the test. */
  static for(t: TestContext): MeshStand {
    const stand = new MeshStand()
    t.after(() => stand.stop())
    return stand
  }

  place(id: number): MeshPlace {
    return {
      id,
      token: this.token,
      addressOf: this.directory.addressOf,
      join: () => {
        const before = [...this.joined]
        this.joined.push(id)
        return Promise.resolve(before)
      },
      lost: (other: number, reason: LostReason) => {
        this.lost.push(`${id} lost ${other}: ${reason}`)
        this.#onLost?.()
      },
    }
  }

  links(id: number, options?: StandOptions): ProcessLinks {
    return new ProcessLinks(this.place(id), options)
  }

  broker(id: number, options?: StandOptions): ProcessBroker {
    return new ProcessBroker(this.links(id, options), options)
  }

  /** A broker that hears. */
  async start(id: number, options?: StandOptions): Promise<StartedBroker> {
    const links = this.links(id, options)
    const broker = new ProcessBroker(links, options)
    this.#ends.push(() => broker.stop())
    const heard: string[] = []
    await broker.start(hearing((topic, message) => heard.push(`${topic}: ${String(message)}`)))
    return { links, broker, heard }
  }

  /** A mesh whose names this stand knows, an answer being a turn away. */
  mesh(id: number, options?: StandOptions): { links: ProcessLinks; mesh: ProcessMesh } {
    const links = this.links(id, options)
    const names: NameClient = new NameClient((requests) => {
      const answers = this.names.answer(id, requests)
      if (answers.length > 0) setImmediate(() => names.answered(answers))
    })
    const mesh = new ProcessMesh(links, names, options)
    this.atEnd(() => mesh.stop())
    return { links, mesh }
  }

  /** A broker that is stopped at the end, once somebody has started it. */
  unstarted(id: number, options?: StandOptions): { links: ProcessLinks; broker: ProcessBroker } {
    const links = this.links(id, options)
    const broker = new ProcessBroker(links, options)
    this.atEnd(() => broker.stop())
    return { links, broker }
  }

  /** The process of the supervisor: it keeps the histories, and hears nothing. */
  async startKeeper(options?: StandOptions): Promise<ProcessBroker> {
    const broker = this.broker(0, { ...options, hears: false })
    await broker.start(hearing(() => {}))
    this.atEnd(() => broker.stop())
    return broker
  }

  /** Ends what was started here. */
  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end()
    this.remove()
  }

  atEnd(end: () => unknown): void {
    this.#ends.push(end)
  }

  /** Resolves when something is reported. */
  nextLost(): Promise<void> {
    return new Promise((resolve) => {
      this.#onLost = resolve
    })
  }

  remove(): void {
    this.directory.remove()
  }
}

/** Hears publications of topics without history, and nothing else. */
export function hearing(deliver: BrokerSink['deliver']): BrokerSink {
  return {
    deliver,
    appended: () => {},
    interrupted: () => {},
    restored: () => {},
    processGone: () => {},
  }
}
