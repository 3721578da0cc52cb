// What every actor is told whatever its class: signals, which no mailbox refuses. Knows no cell.

import { isPromise } from '../../connection/lane.ts'
import { Method } from './actor-class.ts'
import type { Down, Exit } from './exit-reason.ts'
import type { Monitor } from './links-and-monitors.ts'

interface Told {
  down(down: Down): unknown
  exit(exit: Exit): unknown
  started(): unknown
}

/** Whoever waits for an actor to have started is told through its cell. */
interface Begun {
  hasStarted(): void
}

/** A monitor that was taken back meanwhile tells nothing. */
export const DOWN: Method = new Method(
  'down',
  function (down) {
    const isTakenBack = ((down as Down).monitor as Monitor).isTakenBack
    return isTakenBack ? undefined : (this as Told).down(down as Down)
  },
  true,
)

export const EXIT: Method = new Method(
  'exit',
  function (exit) {
    return (this as Told).exit(exit as Exit)
  },
  true,
)

export const STARTED: Method = new Method(
  'started',
  function (cell) {
    const done = (): void => (cell as Begun).hasStarted()
    const result = (this as Told).started()
    if (isPromise(result)) return result.then(done)
    return done()
  },
  true,
)
