// The options of a line: defaults, and what is refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { line } from 'holdline/line'
import { resolveLineOptions } from '../../src/line/line-options.ts'

test('who is not asked for a token is anonymous', () => {
  assert.equal(resolveLineOptions({}).anonymous, true)
  assert.equal(resolveLineOptions({ identify: () => null }).anonymous, false)
  assert.equal(resolveLineOptions({ identify: () => null, anonymous: true }).anonymous, true)
})

test('patterns are not served unless somebody says so', () => {
  assert.equal(resolveLineOptions({}).patterns, false)
})

test('what is no option, or has no value that it can have, is refused at the start', () => {
  for (const options of [
    { helloMs: 0 },
    { maxSubscriptions: 1.5 },
    { maxPublishBytes: -1 },
    { publishesPerSecond: NaN },
    { identify: 'yes' },
    { authorize: true },
    { review: true },
    { secret: 'short' },
    { subprotocols: ['mine'] },
    { identity: () => null },
  ]) {
    assert.throws(() => line(options as never), { code: 'ERR_OPTION_INVALID' })
  }
})
