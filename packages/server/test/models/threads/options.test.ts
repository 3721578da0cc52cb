import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threads } from 'holdline/threads'
import { moduleUrlOf, resolveThreadOptions } from '../../../src/models/threads/options.ts'

const invalid = { code: 'ERR_OPTION_INVALID' }

test('defaults', () => {
  const { clock, ...rest } = resolveThreadOptions({})
  assert.deepEqual(rest, {
    maxThreads: 256,
    waitMs: 0,
    keepThreads: 8,
    keepMs: 10_000,
    graceMs: 5_000,
    stallMs: 300_000,
    ringBytes: 65_536,
    resourceLimits: {},
    publish: null,
  })
  assert.equal(typeof clock.now(), 'number')
})

test('numbers out of range are refused by name', () => {
  for (const [name, value] of [
    ['maxThreads', 0],
    ['waitMs', -1],
    ['keepThreads', 1.5],
    ['keepMs', Number.NaN],
    ['graceMs', Infinity],
    ['stallMs', '5'],
    ['ringBytes', 255],
  ] as const) {
    const set = { [name]: value } as object
    assert.throws(
      () => resolveThreadOptions(set),
      (error: Error & { code: string }) =>
        error.code === 'ERR_OPTION_INVALID' && error.message.includes(name),
    )
  }
})

test('a ring is rounded up to a power of two; the stack is one of the limits', () => {
  assert.equal(resolveThreadOptions({ ringBytes: 1_000 }).ringBytes, 1_024)
  assert.equal(resolveThreadOptions({ ringBytes: 1_024 }).ringBytes, 1_024)
  assert.deepEqual(
    resolveThreadOptions({ stackSizeMb: 8, resourceLimits: { maxOldGenerationSizeMb: 64 } })
      .resourceLimits,
    { stackSizeMb: 8, maxOldGenerationSizeMb: 64 },
  )
})

test('a module is a file: URL, not a path', () => {
  assert.equal(moduleUrlOf(new URL('file:///a.ts')), 'file:///a.ts')
  assert.equal(moduleUrlOf('file:///a.ts'), 'file:///a.ts')
  assert.throws(() => moduleUrlOf('./a.ts'), invalid)
  assert.throws(() => moduleUrlOf(new URL('http://example.com/a.ts')), invalid)
  assert.throws(() => threads('./session.ts'), invalid)
  assert.throws(() => threads('file:///a.ts', { maxThreads: 0 }), invalid)
})
