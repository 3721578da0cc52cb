// Play: cuts connections, all at once.
import type { LoadEngine, Play } from '../load-engine.ts'

export class CutAll implements Play {
  readonly spins = false
  readonly #engine: LoadEngine
  readonly #connectionCount: number

  constructor(engine: LoadEngine, connectionCount: number) {
    this.#engine = engine
    this.#connectionCount = connectionCount
  }

  begin(): void {
    for (let connection = 0; connection < this.#connectionCount; connection++) {
      this.#engine.cut(connection)
    }
  }

  opened(): void {}

  received(): void {}

  turn(): boolean {
    return true
  }
}
