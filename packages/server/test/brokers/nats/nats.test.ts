// The options of the broker on NATS.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nats } from 'holdline/nats'

test('options that cannot be are refused', () => {
  for (const options of [
    { prefix: '' },
    { prefix: 'a b' },
    { backlogBytes: 0 },
    { backlogBytes: 1.5 },
    { replicas: 0 },
    { replicas: 6 },
    { storage: 'disk' as 'file' },
  ]) {
    assert.throws(() => nats(options), { code: 'ERR_OPTION_INVALID' })
  }
  assert.equal(nats({ prefix: 'my.app', replicas: 3 }).name, 'nats')
})
