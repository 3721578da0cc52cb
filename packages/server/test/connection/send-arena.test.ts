// The memory of a turn: room, pins, reuse.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LARGE_BYTES, SendArena } from '../../src/connection/send-arena.ts'
import type { Piece, Slab } from '../../src/connection/slab.ts'

/** Writes as a connection does, and says where. */
function write(arena: SendArena, count: number): Piece {
  arena.reserve(count)
  const { slab, position: start } = arena
  arena.position += count
  assert.ok(arena.position <= slab.bytes.length, 'written over the end of the slab')
  return { slab, start, end: arena.position }
}

/** Fills the slab that is in use to its end, and says which that was. */
function fill(arena: SendArena): Slab {
  const { slab } = write(arena, 1)
  while (arena.fits(LARGE_BYTES)) write(arena, LARGE_BYTES)
  const rest = slab.bytes.length - arena.position
  if (rest > 0) write(arena, rest)
  assert.ok(!arena.fits(1))
  assert.equal(arena.slab, slab)
  return slab
}

test('room is made in the same slab while there is some, then in another', () => {
  const arena = new SendArena()
  const { slab } = write(arena, LARGE_BYTES)
  arena.position = slab.bytes.length - 10
  assert.ok(arena.fits(10) && !arena.fits(11))
  arena.reserve(10)
  assert.deepEqual([arena.slab === slab, arena.position], [true, slab.bytes.length - 10])
  arena.reserve(11)
  assert.deepEqual([arena.slab === slab, arena.position], [false, 0])
  assert.ok(arena.slab.bytes.length >= LARGE_BYTES)
})

test('a slab begins anew in the turn behind the one whose bytes were all taken', () => {
  const arena = new SendArena()
  const first = write(arena, 500)
  assert.equal(write(arena, 500).start, 500)
  arena.turnEnded()
  const next = write(arena, 500)
  assert.deepEqual([next.slab === first.slab, next.start], [true, 0])
  assert.equal(write(arena, 500).start, 500)
})

test('a slab of which something is under way is written on behind that, and not rewound', () => {
  const arena = new SendArena()
  const { slab } = write(arena, 500)
  slab.pins++
  arena.turnEnded()
  assert.deepEqual(write(arena, 10), { slab, start: 500, end: 510 })
  arena.turnEnded()
  // In the middle of a turn it is not rewound either, although all was taken: this turn's bytes are in it.
  assert.deepEqual(write(arena, 10), { slab, start: 510, end: 520 })
  slab.pins--
  assert.deepEqual(write(arena, 10), { slab, start: 520, end: 530 })
  arena.turnEnded()
  assert.deepEqual(write(arena, 10), { slab, start: 0, end: 10 })
})

test('a turn that needs many slabs gets none of them twice', () => {
  const arena = new SendArena()
  for (let turn = 0; turn < 3; turn++) {
    const filled = new Set<Slab>()
    for (let i = 0; i < 20; i++) filled.add(fill(arena))
    assert.equal(filled.size, 20)
    arena.turnEnded()
  }
})

test('free slabs are used again, and no fresh ones made', () => {
  const arena = new SendArena()
  const first = new Set([fill(arena), fill(arena), fill(arena)])
  for (let turn = 0; turn < 10; turn++) {
    arena.turnEnded()
    for (let i = 0; i < 3; i++) assert.ok(first.has(fill(arena)))
  }
})

test('a full slab under way is left for a free one, and used again when it was taken', () => {
  const arena = new SendArena()
  const first = fill(arena)
  first.pins++
  arena.turnEnded()
  const second = fill(arena)
  assert.notEqual(second, first)
  arena.turnEnded()
  // The second one begins anew; the first is full and under way.
  assert.equal(fill(arena), second)
  first.pins--
  assert.equal(fill(arena), first)
})

test('of slabs that slow connections keep, eight are waited for and the others given up', () => {
  const arena = new SendArena()
  const slow: Slab[] = []
  for (let i = 0; i < 20; i++) {
    const slab = fill(arena)
    slab.pins++
    slow.push(slab)
    arena.turnEnded()
  }
  assert.equal(new Set(slow).size, 20)
  for (const slab of slow) slab.pins = 0
  const again = new Set<Slab>()
  for (let i = 0; i < 20; i++) again.add(fill(arena))
  // The last eight that were made.
  assert.deepEqual(
    slow.map((slab) => again.has(slab)),
    slow.map((_, i) => i >= 12),
  )
})

type Step =
  | { readonly kind: 'write'; readonly count: number; readonly isSlow: boolean }
  | { readonly kind: 'turn' }
  | { readonly kind: 'taken'; readonly which: number }

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write'),
      count: fc.oneof(fc.nat(200), fc.integer({ min: 5_000, max: LARGE_BYTES })),
      isSlow: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('taken'), which: fc.nat() }) },
) as fc.Arbitrary<Step>

function overlaps(a: Piece, b: Piece): boolean {
  return a.slab === b.slab && a.start < b.end && b.start < a.end
}

test('property: what waits or is under way is never given to another', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
      const arena = new SendArena()
      let ofTurn: { readonly piece: Piece; readonly isSlow: boolean }[] = []
      const underWay: Piece[] = []
      for (const next of steps) {
        if (next.kind === 'write') {
          const piece = write(arena, next.count)
          for (const other of underWay) assert.ok(!overlaps(piece, other))
          for (const other of ofTurn) assert.ok(!overlaps(piece, other.piece))
          ofTurn.push({ piece, isSlow: next.isSlow })
        } else if (next.kind === 'turn') {
          const late = ofTurn.filter(({ isSlow }) => isSlow).map(({ piece }) => piece)
          for (const { slab } of late) slab.pins++
          underWay.push(...late)
          ofTurn = []
          arena.turnEnded()
        } else if (underWay.length > 0) {
          for (const { slab } of underWay.splice(next.which % underWay.length, 1)) slab.pins--
        }
      }
    }),
    { numRuns: 200 },
  )
})
