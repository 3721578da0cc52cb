// Time and turns for connections on this engine: timers are Node's, turns are the reactor's while it runs.

import { ProcessClock } from '../../connection/process-clock.ts'
import type { Reactor } from './reactor.ts'

export class UringClock extends ProcessClock {
  /** null: nothing listens now. */
  reactor: Reactor | null = null

  constructor() {
    super(false)
  }

  override atTurnEnd(f: () => void): void {
    if (this.reactor === null) super.atTurnEnd(f)
    else this.reactor.atTurnEnd(f)
  }
}
