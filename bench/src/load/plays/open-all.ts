// Play: opens connections, a limited number at a time.
import type { LoadEngine, Play } from '../load-engine.ts'
import type { Target } from '../opening.ts'

export class OpenAll implements Play {
  readonly spins = false
  readonly #engine: LoadEngine
  readonly #count: number
  readonly #atOnce: number
  readonly #targetOf: (connection: number) => Target
  #begunCount = 0
  #openCount = 0

  constructor(
    engine: LoadEngine,
    count: number,
    atOnce: number,
    targetFor: (connection: number) => Target,
  ) {
    this.#engine = engine
    this.#count = count
    this.#atOnce = Math.min(atOnce, count)
    this.#targetOf = targetFor
  }

  begin(): void {
    while (this.#begunCount < this.#atOnce) this.#openNext()
  }

  opened(): void {
    this.#openCount++
    if (this.#begunCount < this.#count) this.#openNext()
  }

  received(connection: number): void {
    throw new Error(`connection ${connection}: the server spoke before it was spoken to`)
  }

  turn(): boolean {
    return this.#openCount === this.#count
  }

  #openNext(): void {
    const connection = this.#begunCount++
    this.#engine.open(connection, this.#targetOf(connection))
  }
}
