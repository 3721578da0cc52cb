// Numbers between workers that may be of two versions.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tag, viewKinds } from '../../../src/models/actors/value-tag.ts'

test('a tag keeps its number', () => {
  const tags = [
    ['UNDEFINED', 'NULL', 'TRUE', 'FALSE', 'COUNT', 'NUMBER', 'TEXT', 'BIGINT', 'LIST', 'RECORD'],
    ['MAP', 'SET', 'DATE', 'ERROR', 'VIEW', 'BUFFER', 'REF', 'KEYED_REF', 'CLASS'],
  ].flat()
  assert.deepEqual(Tag, Object.fromEntries(tags.map((tag, i) => [tag, i])))
})

test('a kind of view keeps its number, and is a class of the runtime', () => {
  assert.equal(viewKinds.indexOf('Uint8Array'), 0)
  assert.equal(viewKinds.indexOf('Buffer'), 1)
  assert.equal(viewKinds.indexOf('DataView'), 12)
  for (const kind of viewKinds) assert.equal(typeof Reflect.get(globalThis, kind), 'function', kind)
})
