// Which worker of this machine owns which name. Lives with the supervisor, which alone knows for sure that a worker has
// ended. Knows no processes.

import { MAX_NAMES } from '../connection/worker-mesh.ts'
import type { NameAnswer, NameRequest } from './worker-message.ts'

export class NameRegistry {
  readonly #maxNames: number
  readonly #owners = new Map<string, number>()
  readonly #namesOf = new Map<number, Set<string>>()

  constructor(maxNames: number = MAX_NAMES) {
    this.#maxNames = maxNames
  }

  get size(): number {
    return this.#owners.size
  }

  /** Does what a worker asks, in order. Answers to all but `release`. */
  answer(workerId: number, requests: readonly NameRequest[]): NameAnswer[] {
    const answers: NameAnswer[] = []
    for (const [ask, name] of requests) {
      if (ask === 'claim') answers.push(this.#claim(workerId, name))
      else if (ask === 'owner') answers.push(this.#owners.get(name) ?? null)
      else this.#release(workerId, name)
    }
    return answers
  }

  /** Its names are free. */
  workerEnded(workerId: number): void {
    const names = this.#namesOf.get(workerId)
    if (names === undefined) return
    this.#namesOf.delete(workerId)
    for (const name of names) this.#owners.delete(name)
  }

  #claim(workerId: number, name: string): NameAnswer {
    const owner = this.#owners.get(name)
    if (owner !== undefined) return owner
    if (this.#owners.size >= this.#maxNames) return 'ERR_WORKER_NAMES'
    this.#owners.set(name, workerId)
    let names = this.#namesOf.get(workerId)
    if (names === undefined) {
      names = new Set()
      this.#namesOf.set(workerId, names)
    }
    names.add(name)
    return workerId
  }

  #release(workerId: number, name: string): void {
    if (this.#owners.get(name) !== workerId) return
    this.#owners.delete(name)
    this.#namesOf.get(workerId)?.delete(name)
  }
}
