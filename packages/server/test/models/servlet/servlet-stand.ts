// A connection of a servlet route on a stand: handlers are answered by hand, time passes by hand.
import type { HeldConnection } from '../../../src/connection/held-connection.ts'
import { servlet } from '../../../src/models/servlet/servlet.ts'
import type { ServletHandler, ServletOptions } from '../../../src/models/servlet/handlers.ts'
import type { Connection } from '../../../src/connection/connection.ts'
import { Stand } from '../../connection/stand.ts'
import type { Line, StandOptions } from '../../connection/stand.ts'

export interface ServletStand {
  readonly stand: Stand
  readonly line: Line
  readonly connection: HeldConnection
  /** Promises settle, and turns end, until nothing is left to do. */
  settle(): Promise<void>
  pass(ms: number): Promise<void>
}

export function stood(
  handler: ServletHandler<unknown, unknown, Connection, undefined>,
  options: ServletOptions<undefined> = {},
  standOptions: StandOptions = {},
): ServletStand {
  const { behavior } = servlet(handler as never, options as never)
  const stand = new Stand({ ...standOptions, behavior })
  const line = stand.open()
  return {
    stand,
    line,
    connection: line.connection,
    settle: () => stand.clock.settle(),
    pass: (ms) => stand.clock.pass(ms),
  }
}

/** Promises that are settled by hand, by name. */
export class Gates {
  readonly #all = new Map<unknown, PromiseWithResolvers<unknown>>()

  of(name: unknown): PromiseWithResolvers<unknown> {
    let gate = this.#all.get(name)
    if (gate === undefined) {
      gate = Promise.withResolvers<unknown>()
      gate.promise.catch(() => {})
      this.#all.set(name, gate)
    }
    return gate
  }
}

/** Codes of the error replies among frames as `Line.shown` has them. */
export function codesOf(shown: readonly string[]): unknown[] {
  return shown.map((text) => {
    if (!text.startsWith('1 {')) return text.slice(2)
    return (JSON.parse(text.slice(2)) as { error?: { code: string } }).error?.code ?? text.slice(2)
  })
}
