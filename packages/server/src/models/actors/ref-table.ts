// The references of a system by number: an actor has one reference here however often it is named from elsewhere, so
// that a Map of references finds it. Knows no bytes.

import type { Cell } from './cell.ts'
import type { AnyRef } from './ref.ts'

interface Place {
  readonly workerId: number
  readonly id: number
}

/** This worker, whatever its number. */
export const HERE = -1

export class RefTable {
  /** Actors of this worker that others know of. */
  readonly #live = new Map<number, Cell>()
  readonly #known = new Map<number, Map<number, WeakRef<AnyRef>>>()
  readonly #collected = new FinalizationRegistry<Place>(({ workerId, id }) => {
    const known = this.#known.get(workerId)
    if (known?.get(id)?.deref() === undefined) known?.delete(id)
  })

  /** Others are about to know of it. */
  expose(ref: AnyRef): void {
    if (this.#live.has(ref.id)) return
    if (ref.cell !== null) this.#live.set(ref.id, ref.cell)
    if (this.find(HERE, ref.id) === undefined) this.keep(HERE, ref)
  }

  /** An actor of this worker that others know of. */
  cell(id: number): Cell | undefined {
    return this.#live.get(id)
  }

  forget(id: number): void {
    this.#live.delete(id)
  }

  find(workerId: number, id: number): AnyRef | undefined {
    return this.#known.get(workerId)?.get(id)?.deref()
  }

  keep(workerId: number, ref: AnyRef): void {
    let known = this.#known.get(workerId)
    if (known === undefined) {
      known = new Map()
      this.#known.set(workerId, known)
    }
    known.set(ref.id, new WeakRef(ref))
    this.#collected.register(ref, { workerId, id: ref.id })
  }
}
