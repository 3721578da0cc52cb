// Bytes that no writer wrote: refused, never more.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Tag } from '../../../src/models/actors/value-tag.ts'
import { ValueReader } from '../../../src/models/actors/value-reader.ts'
import type { Inward } from '../../../src/models/actors/value-reader.ts'
import { ValueWriter } from '../../../src/models/actors/value-writer.ts'

const inward = {
  ref: (...named) => named,
  keyedRef: (...named) => named,
  actorClass: (name) => name,
} satisfies Inward

const read = (...bytes: number[]): unknown =>
  new ValueReader(Uint8Array.from(bytes), inward).value()
const refusal = { code: 'ERR_ACTOR_MESSAGE' }

function written(value: unknown): Uint8Array {
  const writer = new ValueWriter({ outward: () => false })
  writer.value(value)
  return writer.taken()
}

test('each tag, by its bytes', () => {
  assert.equal(read(Tag.UNDEFINED), undefined)
  assert.equal(read(Tag.NULL), null)
  assert.equal(read(Tag.TRUE), true)
  assert.equal(read(Tag.FALSE), false)
  assert.equal(read(Tag.COUNT, 0x85, 1), 133)
  assert.equal(read(Tag.TEXT, 4, 0x68, 0xe9), 'hé')
  assert.equal(read(Tag.TEXT, 3, 0x3d, 0xd8), '\ud83d')
  assert.equal(read(Tag.BIGINT, 4, 0x2d, 0x31), -1n)
  assert.deepEqual(read(Tag.LIST, 2, Tag.NULL, Tag.TRUE), [null, true])
  assert.deepEqual(read(Tag.RECORD, 1, 2, 0x61, Tag.NULL), { a: null })
  assert.deepEqual(read(Tag.MAP, 1, Tag.TRUE, Tag.NULL), new Map([[true, null]]))
  assert.deepEqual(read(Tag.SET, 1, Tag.TRUE), new Set([true]))
  assert.deepEqual(read(Tag.BUFFER, 1, 7), Uint8Array.of(7).buffer)
  assert.deepEqual(read(Tag.VIEW, 0, 1, 7), Uint8Array.of(7))
  assert.deepEqual(read(Tag.REF, 3, 0x80, 2, 2, 0x61), [3, 256, 'a'])
  assert.deepEqual(read(Tag.KEYED_REF, 2, 0x61, 2, 0x62), ['a', 'b'])
  assert.equal(read(Tag.CLASS, 2, 0x61), 'a')
})

test('a tag and a kind of view that are unknown, and a list that is none: ERR_ACTOR_MESSAGE', () => {
  assert.throws(() => read(19), refusal)
  assert.throws(() => read(Tag.VIEW, 13, 0), refusal)
  assert.throws(() => new ValueReader(Uint8Array.of(Tag.MAP, 0), inward).list(), refusal)
})

test('any value that is cut off anywhere: ERR_ACTOR_MESSAGE', () => {
  const values = fc.anything({ withDate: true, withMap: true, withSet: true, withTypedArray: true })
  fc.assert(
    fc.property(values, fc.nat(), (value, at) => {
      const whole = written([value])
      const cut = whole.subarray(0, at % whole.length)
      assert.throws(() => new ValueReader(cut, inward).value(), refusal)
    }),
  )
})

test('what was read is no view of the bytes, which are used again', () => {
  const bytes = Uint8Array.of(Tag.LIST, 2, Tag.VIEW, 1, 1, 7, Tag.BUFFER, 1, 8)
  const [view, buffer] = new ValueReader(bytes, inward).value() as [Buffer, ArrayBuffer]
  bytes.fill(0)
  assert.deepEqual([view[0], new Uint8Array(buffer)[0]], [7, 8])
})

test('a length that nobody has room for takes no room', () => {
  assert.throws(() => read(Tag.TEXT, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f), refusal)
  assert.throws(() => read(Tag.BUFFER, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f), refusal)
  assert.throws(() => read(Tag.LIST, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f), refusal)
  assert.throws(() => read(Tag.MAP, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f), refusal)
})
