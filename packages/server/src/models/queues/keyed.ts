// Queues by key: the same key gives the same queue while somebody holds it or has work on it, and an idle one costs
// nothing. Must not hold the queues itself.

import type { DispatchQueue } from './dispatch-queue.ts'
import type { Queue } from './queue.ts'

export class Keyed<K = string> {
  readonly #create: (key: K) => DispatchQueue
  readonly #queues = new Map<K, WeakRef<DispatchQueue>>()
  readonly #gone = new FinalizationRegistry<K>((key) => {
    // Another may have taken its place since.
    if (this.#queues.get(key)?.deref() === undefined) this.#queues.delete(key)
  })

  constructor(create: (key: K) => DispatchQueue) {
    this.#create = create
  }

  /** Queues in use, and some that were until lately. */
  get size(): number {
    return this.#queues.size
  }

  /** The queue of a key. Counting holders would leave a queue behind for each one who forgets to let go. */
  get(key: K): Queue {
    const known = this.#queues.get(key)?.deref()
    if (known !== undefined) return known
    const created = this.#create(key)
    this.#queues.set(key, new WeakRef(created))
    this.#gone.register(created, key)
    return created
  }
}
