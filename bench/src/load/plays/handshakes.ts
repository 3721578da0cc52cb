// Play: opens connections, cuts each as soon as it is open, and opens the next.
import type { LoadEngine, Play } from '../load-engine.ts'
import type { Target } from '../opening.ts'

export class Handshakes implements Play {
  readonly spins = false
  handshakeCount = 0
  readonly #engine: LoadEngine
  readonly #target: Target
  readonly #atOnce: number
  readonly #roundMs: number
  #underWayCount: number
  #endMs = 0

  constructor(engine: LoadEngine, target: Target, atOnce: number, roundMs: number) {
    this.#engine = engine
    this.#target = target
    this.#atOnce = atOnce
    this.#roundMs = roundMs
    this.#underWayCount = atOnce
  }

  begin(nowMs: number): void {
    this.#endMs = nowMs + this.#roundMs
    for (let connection = 0; connection < this.#atOnce; connection++) {
      this.#engine.open(connection, this.#target)
    }
  }

  opened(connection: number): void {
    this.handshakeCount++
    this.#engine.cut(connection)
    if (performance.now() < this.#endMs) this.#engine.open(connection, this.#target)
    else this.#underWayCount--
  }

  received(): void {}

  turn(): boolean {
    return this.#underWayCount === 0
  }
}
