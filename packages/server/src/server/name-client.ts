// What a worker asks the supervisor of names: what one turn asks is one message, and its answers are another one. Knows
// no channel; it keeps the order of what it is given.

import { MAX_NAME_LENGTH } from '../connection/worker-mesh.ts'
import type { Names } from '../brokers/process/process-mesh.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { NameAnswer, NameRequest } from './worker-message.ts'

interface Waiting {
  readonly resolve: (owner: number | null) => void
  readonly reject: (error: HoldlineError) => void
}

export class NameClient implements Names {
  readonly #tell: (requests: readonly NameRequest[]) => void
  #requests: NameRequest[] = []
  /** Who waits for an answer to `#requests`. */
  #waiting: Waiting[] = []
  /** Who waits for what was told, by message. */
  readonly #told: Waiting[][] = []
  #isScheduled = false
  #isOpen = false
  #isClosed = false

  constructor(tell: (requests: readonly NameRequest[]) => void) {
    this.#tell = tell
  }

  open(): void {
    this.#isOpen = true
    this.#schedule()
  }

  claim(name: string): Promise<number> {
    return this.#ask('claim', name) as Promise<number>
  }

  release(name: string): void {
    if (this.#isClosed) return
    this.#requests.push(['release', name])
    this.#schedule()
  }

  ownerOf(name: string): Promise<number | null> {
    return this.#ask('owner', name)
  }

  /** To the first of what was told and not answered. */
  answered(answers: readonly NameAnswer[]): void {
    const waiting = this.#told.shift() ?? []
    for (const [i, { resolve, reject }] of waiting.entries()) {
      const answer = answers[i]!
      if (typeof answer === 'string') reject(new HoldlineError(answer))
      else resolve(answer)
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#requests = []
    for (const waiting of [...this.#told.splice(0), this.#waiting.splice(0)]) {
      for (const { reject } of waiting) reject(new HoldlineError('ERR_MESH_STOPPED'))
    }
  }

  #ask(ask: 'claim' | 'owner', name: string): Promise<number | null> {
    if (this.#isClosed) return Promise.reject(new HoldlineError('ERR_MESH_STOPPED'))
    if (name.length === 0 || name.length > MAX_NAME_LENGTH) {
      return Promise.reject(new HoldlineError('ERR_WORKER_NAME', `${name.length} characters`))
    }
    const { promise, resolve, reject } = Promise.withResolvers<number | null>()
    this.#requests.push([ask, name])
    this.#waiting.push({ resolve, reject })
    this.#schedule()
    return promise
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#isOpen || this.#requests.length === 0) return
    this.#isScheduled = true
    setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    this.#isScheduled = false
    const requests = this.#requests
    if (requests.length === 0) return
    this.#requests = []
    if (this.#waiting.length > 0) {
      this.#told.push(this.#waiting)
      this.#waiting = []
    }
    this.#tell(requests)
  }
}
