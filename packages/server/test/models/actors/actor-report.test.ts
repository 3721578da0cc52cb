// The line that a report is by default.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logged } from '../../../src/models/actors/actor-report.ts'
import type { ActorReport } from 'holdline/actors'
import { standOf } from './stand.ts'
import { Actor } from 'holdline/actors'

test('who it was, and why: an error with its stack, a reason by its name', (t) => {
  const printed = t.mock.method(console, 'error', () => {})
  const line = (report: ActorReport): string => {
    logged(report)
    return String(printed.mock.calls.at(-1)!.arguments[0])
  }
  class Room extends Actor {}
  const ref = standOf('remote').system.spawn(Room)
  const error = new RangeError('far')
  assert.equal(line({ ref, reason: error }), `holdline: Room<0.1>: ${error.stack}`)
  assert.equal(line({ ref: null, reason: 'killed' }), 'holdline: actors: killed')
  delete error.stack
  assert.equal(line({ ref: null, reason: error }), 'holdline: actors: far')
})
