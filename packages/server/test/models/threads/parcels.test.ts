import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ParcelReader, ParcelWriter } from '../../../src/models/threads/parcels.ts'
import { Ring } from '../../../src/models/threads/ring.ts'

const payload = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.uint8Array({ maxLength: 200 }),
)

test('any parcels through any ring, written and read in any interleaving: the same parcels, in order', () => {
  const parcels = fc.array(fc.tuple(fc.integer({ min: 0, max: 127 }), payload), { maxLength: 40 })
  const turns = fc.infiniteStream(fc.nat(2))
  const sizes = fc.constantFrom(64, 256, 1_024)
  fc.assert(
    fc.property(parcels, turns, sizes, (sent, order, size) => {
      const memory = Ring.memoryOf(size)
      const writer = new ParcelWriter(new Ring(memory))
      const reader = new ParcelReader(new Ring(memory))
      const got: [number, string | Uint8Array][] = []
      let next = 0
      for (const turn of order) {
        if (turn === 0 && next < sent.length) writer.write(...sent[next++]!)
        else if (turn === 1) writer.flush()
        else if (reader.next()) got.push([reader.kind, reader.payload])
        if (got.length === sent.length) break
      }
      assert.equal(writer.hasRest, false)
      assert.equal(reader.next(), false)
      assert.deepEqual(got, sent)
    }),
  )
})

test('tryWrite writes all of a parcel or nothing, and never before a rest', () => {
  const memory = Ring.memoryOf(64)
  const writer = new ParcelWriter(new Ring(memory))
  const reader = new ParcelReader(new Ring(memory))
  assert.equal(writer.tryWrite(1, 'x'.repeat(57)), false)
  assert.equal(new Ring(memory).usedBytes, 0)
  assert.equal(writer.tryWrite(1, 'x'.repeat(40)), true)
  assert.equal(writer.tryWrite(1, 'x'.repeat(9)), false)
  assert.equal(writer.write(2, 'y'.repeat(60)), false)
  assert.ok(reader.next())
  assert.equal(writer.tryWrite(3, ''), false)
  assert.equal(writer.flush(), false)
  assert.equal(reader.next(), false)
  assert.equal(writer.flush(), true)
  assert.ok(reader.next())
  assert.deepEqual([reader.kind, reader.payload], [2, 'y'.repeat(60)])
})

test('fits says what tryWrite could ever take', () => {
  const writer = new ParcelWriter(new Ring(Ring.memoryOf(64)))
  assert.equal(writer.fits(56), true)
  assert.equal(writer.fits(57), false)
  assert.equal(writer.tryWrite(1, 'x'.repeat(56)), true)
})

test('bytes that were taken are a copy', () => {
  const ring = new Ring(Ring.memoryOf(64))
  const writer = new ParcelWriter(ring)
  const reader = new ParcelReader(ring)
  writer.write(1, Uint8Array.of(1, 2, 3))
  reader.next()
  const taken = reader.payload
  ring.bytes.fill(9)
  assert.deepEqual(taken, Uint8Array.of(1, 2, 3))
  assert.equal((taken as Uint8Array).byteLength, (taken as Uint8Array).buffer.byteLength)
})
