// A system of actors under test: on a clock that passes when told to, with its reports kept. Every property of the
// library is tested twice: with messages as they are, and with every message serialised.
import assert from 'node:assert/strict'
import { after, describe } from 'node:test'
import { ActorSystem } from 'holdline/actors'
import type { ActorReport, ActorSystemOptions, ExitReason } from 'holdline/actors'
import { FakeClock } from 'holdline/testing'

export const waysToSend = ['remote', 'always'] as const
export type WayToSend = (typeof waysToSend)[number]

const rejections: unknown[] = []
process.on('unhandledRejection', (reason) => rejections.push(reason))
after(() => assert.deepEqual(rejections, []))

export interface Stand {
  readonly clock: FakeClock
  readonly system: ActorSystem
  readonly reports: ActorReport[]
}

export function standOf(serialize: WayToSend, options: ActorSystemOptions = {}): Stand {
  const clock = new FakeClock()
  const reports: ActorReport[] = []
  const report = (told: ActorReport): void => void reports.push(told)
  return { clock, reports, system: new ActorSystem({ clock, serialize, report, ...options }) }
}

/** The same tests, direct and serialised. */
export function bothWays(what: string, tests: (stand: () => Stand) => void): void {
  for (const serialize of waysToSend) {
    const how = serialize === 'always' ? 'every message serialised' : 'messages as they are'
    describe(`${what}, ${how}`, () => tests(() => standOf(serialize)))
  }
}

/** A reason that compares: errors by their message. */
export function plain(reason: ExitReason): string {
  return typeof reason === 'string' ? reason : reason.message
}

/** A gate for handlers that are to take their time. */
export function gate(): {
  readonly passed: Promise<void>
  open(): void
  break(error: Error): void
} {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  promise.catch(() => {})
  return { passed: promise, open: resolve, break: reject }
}
