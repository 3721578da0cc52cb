// Level, edge and one-shot over descriptors that are not the kernel's: what epoll does, for the backends that only
// know what can be read or written now, and that something changed.

import { EDGE, ONESHOT, READ, WRITE } from './flags.ts'
import type { OnReady } from './kernel.ts'

/** A descriptor as the set sees it. */
export interface Watchable {
  readonly fd: number
  /** READ, WRITE or both: what would not give AGAIN now. */
  readonly readyFor: number
  /** The set's own: what it is armed for. */
  interest: number
}

export class ReadySet<W extends Watchable> {
  /** Those that may be ready: everything that is, and some that are not any more. */
  readonly #candidates = new Set<W>()

  /** Whether `collect` may find something. */
  get isEmpty(): boolean {
    return this.#candidates.size === 0
  }

  /** What comes on a descriptor is an edge, also where it could be read before (epoll(7), Q9). */
  mark(descriptor: W, changed: number): boolean {
    if ((changed & descriptor.interest & (READ | WRITE)) === 0) return false
    this.#candidates.add(descriptor)
    return true
  }

  /** Arming looks at what is there: what is ready already counts as changed, as in epoll_ctl. */
  arm(descriptor: W, interest: number): void {
    descriptor.interest = interest
    this.#candidates.add(descriptor)
  }

  disarm(descriptor: W): void {
    descriptor.interest = 0
    this.#candidates.delete(descriptor)
  }

  /** `isSpurious` may ask for one that is not ready. */
  collect(onReady: OnReady, isSpurious: ((descriptor: W) => boolean) | null = null): number {
    let count = 0
    for (const descriptor of this.#candidates) {
      const { interest } = descriptor
      const wanted = interest & (READ | WRITE)
      let what = descriptor.readyFor & wanted
      if (what === 0 && isSpurious !== null && isSpurious(descriptor)) what = wanted
      // Level: it stays, and is looked at again in the next turn. Edge: only a change brings it back.
      if (what === 0 || (interest & (EDGE | ONESHOT)) !== 0) this.#candidates.delete(descriptor)
      if (what === 0) continue
      if ((interest & ONESHOT) !== 0) descriptor.interest = 0
      count++
      onReady(descriptor.fd, what)
    }
    return count
  }
}
