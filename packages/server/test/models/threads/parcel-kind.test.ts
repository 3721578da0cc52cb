import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HoldlineError } from 'holdline'
import {
  formatEnd,
  formatError,
  ParcelKind,
  parseEnd,
  parseError,
} from '../../../src/models/threads/parcel-kind.ts'

test('every kind has a number of its own that fits in a head', () => {
  const kinds = Object.values(ParcelKind)
  assert.equal(new Set(kinds).size, kinds.length)
  for (const kind of kinds) assert.ok(kind > 0 && kind < 128)
})

test('an end is read as it was written, whatever its reason', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 4999 }), fc.string(), (code, reason) => {
      assert.deepEqual(parseEnd(formatEnd(code, reason)), { code, reason })
    }),
  )
  assert.deepEqual(parseEnd(formatEnd(undefined, '')), { code: undefined, reason: '' })
})

test('an error keeps its name, message, stack, code and causes', () => {
  const cause = new RangeError('why')
  const error = new HoldlineError('ERR_TOPIC_NAME', 'x', { cause })
  const read = parseError(formatError(error)) as HoldlineError
  assert.ok(read instanceof Error)
  for (const key of ['name', 'message', 'stack', 'code'] as const) {
    assert.equal(read[key], error[key])
  }
  assert.equal((read.cause as Error).name, 'RangeError')
  assert.equal((read.cause as Error).stack, cause.stack)
  assert.equal('code' in (read.cause as Error), false)
})

test('whatever was thrown can be written: text, nothing, causes in a circle, objects that throw', () => {
  assert.match(parseError(formatError('text')).message, /^text was thrown/)
  assert.match(parseError(formatError(undefined)).message, /^undefined was thrown/)
  const circle = new Error('round')
  circle.cause = circle
  assert.equal(parseError(formatError(circle)).message, 'round')
  const hostile = {
    toString(): string {
      throw new Error('no')
    },
  }
  assert.match(parseError(formatError(hostile)).message, /cannot be described/)
})
