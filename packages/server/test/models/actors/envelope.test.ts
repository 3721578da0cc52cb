// Numbers between workers that may be of two versions.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Envelope } from '../../../src/models/actors/envelope.ts'

test('a kind keeps its number', () => {
  const kinds = [
    ['TELL', 'ASK', 'REPLY', 'FAIL', 'REFUSE', 'LINK', 'UNLINK', 'LINK_EXIT', 'EXIT', 'MONITOR'],
    ['DEMONITOR', 'DOWN', 'RESOLVE', 'RESOLVED', 'FULL', 'ROOMY'],
  ].flat()
  assert.deepEqual(Envelope, Object.fromEntries(kinds.map((kind, i) => [kind, i])))
})
