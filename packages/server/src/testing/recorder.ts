// Owns a behavior that keeps a record of its calls, and checks on the way what must hold for every connection.

import assert from 'node:assert/strict'
import type { Behavior, Connection } from '../connection/connection.ts'

/** What a recorder does beside recording. */
export type Reactions = Partial<Behavior>

export interface Recorder {
  readonly behavior: Behavior
  /** Calls in order, as one text each: 'open', 'message <text or bytes>', 'drain', 'close <code> <reason>'. */
  readonly calls: string[]
  /** Connections in the order in which they were opened. */
  readonly connections: Connection[]
}

/** Records the calls of all connections of a route. A call within a call fails (rule K2). */
export function recorder(reactions: Reactions = {}): Recorder {
  const calls: string[] = []
  const connections: Connection[] = []
  let isWithin = false
  const record = (call: string, react: (() => void) | undefined): void => {
    calls.push(call)
    assert.ok(!isWithin, `${call} was called from within another call`)
    isWithin = true
    try {
      react?.()
    } finally {
      isWithin = false
    }
  }
  const behavior: Behavior = {
    open: (c) => {
      connections.push(c)
      record('open', reactions.open && (() => reactions.open!(c)))
    },
    message: (c, data) => {
      const shown = typeof data === 'string' ? data : `<${Buffer.from(data).toString('hex')}>`
      record(`message ${shown}`, reactions.message && (() => reactions.message!(c, data)))
    },
    drain: (c) => record('drain', reactions.drain && (() => reactions.drain!(c))),
    close: (c, code, reason) =>
      record(
        `close ${code} ${reason}`.trim(),
        reactions.close && (() => reactions.close!(c, code, reason)),
      ),
  }
  return { behavior, calls, connections }
}
