// Brokers of a mesh within one process, for tests: what the supervisor does for those of several.

import { MeshDirectory } from '../../src/brokers/process/mesh-place.ts'
import type { LostReason, MeshPlace } from '../../src/brokers/process/mesh-place.ts'
import { ProcessBroker } from '../../src/brokers/process/process-broker.ts'
import type { ProcessBrokerOptions } from '../../src/brokers/process/process-broker.ts'

export class ProcessMesh {
  readonly directory = MeshDirectory.create()
  readonly token = 'secret-of-this-mesh'
  readonly joined: number[] = []
  /** What was reported: `2 lost 1: line`. */
  readonly lost: string[] = []
  #onLost: (() => void) | null = null

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

  broker(id: number, options?: ProcessBrokerOptions): ProcessBroker {
    return new ProcessBroker(this.place(id), options)
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
