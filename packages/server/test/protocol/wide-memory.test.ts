// Memory in which masks are applied by WebAssembly: the same result as in ordinary memory and as the RFC has it,
// nothing around it touched, and ordinary memory where there is no WebAssembly.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyMask } from '../../src/protocol/mask.ts'
import type * as WideMemory from '../../src/protocol/wide-memory.ts'
import { wideMaskOf, wideMemory } from '../../src/protocol/wide-memory.ts'

const source = new URL('../../src/protocol/wide-memory.ts', import.meta.url)
const PAGE_BYTES = 65_536

/** RFC 6455 §5.3 word for word: octet i of the payload is XORed with octet i modulo 4 of the key. */
function naive(bytes: Uint8Array, start: number, end: number, key: number, phase: number): void {
  for (let i = start; i < end; i++) {
    bytes[i] = bytes[i]! ^ ((key >>> (((i - start + phase) & 3) * 8)) & 255)
  }
}

function fill(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 37 + (i >> 8) + 11) & 255
  return bytes
}

const wide = new Uint8Array(wideMemory(PAGE_BYTES))
const plain = new Uint8Array(PAGE_BYTES)
const expected = new Uint8Array(PAGE_BYTES)

/** Masks `[start, end)` in all three memories, seen by views that begin at `byteOffset`. */
function maskEverywhere(
  byteOffset: number,
  start: number,
  end: number,
  key: number,
  phase: number,
): void {
  naive(expected.subarray(byteOffset), start, end, key, phase)
  applyMask(wide.subarray(byteOffset), start, end, key, phase)
  applyMask(plain.subarray(byteOffset), start, end, key, phase)
}

function assertSame(text: string): void {
  // Of all the memory: also what lies around the range.
  assert.ok(Buffer.compare(wide, expected) === 0, `wide memory: ${text}`)
  assert.ok(Buffer.compare(plain, expected) === 0, `ordinary memory: ${text}`)
}

test('this machine has wide memory, and what is ordinary is known to be', () => {
  assert.notEqual(wideMaskOf(wide.buffer), null)
  assert.equal(wideMaskOf(plain.buffer), null)
  assert.equal(wideMaskOf(Buffer.from('x').buffer), null)
})

const offset = fc.nat(70)
const length = fc.oneof(fc.nat(40), fc.nat(300), fc.nat(5_000), fc.constantFrom(63, 64, 65, 128))
const key = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })

test('RFC 6455 §5.3, property: wide and ordinary memory hold what the RFC says, and nothing around it changes', () => {
  for (const memory of [wide, plain, expected]) fill(memory)
  fc.assert(
    fc.property(
      offset,
      offset,
      length,
      key,
      fc.nat(1_000),
      (byteOffset, start, count, k, phase) => {
        maskEverywhere(byteOffset, start, start + count, k, phase)
        assertSame(`${byteOffset} ${start} ${count} ${k} ${phase}`)
      },
    ),
    { numRuns: 1_500 },
  )
})

test('RFC 6455 §5.3: every length up to 200, at every alignment and phase', () => {
  for (const memory of [wide, plain, expected]) fill(memory)
  for (let count = 0; count <= 200; count++) {
    for (let start = 0; start < 4; start++) {
      for (let phase = 0; phase < 4; phase++)
        maskEverywhere(1, start, start + count, -559038737, phase)
    }
    assertSame(`${count}`)
  }
})

test('a mask reaches to the first byte of the memory and to the last, and not beyond', () => {
  for (const memory of [wide, plain, expected]) fill(memory)
  for (const count of [32, 33, 47, 63, 64, 65, 100, 1_000]) {
    maskEverywhere(0, 0, count, 0x01020304, 0)
    maskEverywhere(0, PAGE_BYTES - count, PAGE_BYTES, 0x7badf00d, 3)
  }
  maskEverywhere(0, 0, PAGE_BYTES, -2, 1)
  assertSame('at the borders')
  const mask = wideMaskOf(wide.buffer)!
  assert.throws(() => mask(PAGE_BYTES - 10, PAGE_BYTES + 1, 1), WebAssembly.RuntimeError)
})

test('RFC 6455 §5.3: one memory after the other, each is masked by its own function', () => {
  const memories = [wideMemory(1_000), wideMemory(1_000), new ArrayBuffer(1_000)]
  for (let round = 0; round < 3; round++) {
    for (const [i, memory] of memories.entries()) {
      const bytes = new Uint8Array(memory, 0, 1_000)
      const others = memories.filter((other) => other !== memory)
      const before = others.map((other) => Buffer.from(other).toString('hex'))
      fill(bytes)
      const right = fill(new Uint8Array(1_000))
      naive(right, 7, 900, 0x0a0b0c0d + i, 2)
      applyMask(bytes, 7, 900, 0x0a0b0c0d + i, 2)
      assert.deepEqual(bytes, right)
      assert.deepEqual(
        others.map((other) => Buffer.from(other).toString('hex')),
        before,
      )
    }
  }
})

test('memory is zeroed, and as long as was asked for or longer by less than a page', () => {
  for (const bytes of [1, 100, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES + 1, 1_000_000]) {
    const memory = wideMemory(bytes)
    assert.ok(memory.byteLength >= bytes && memory.byteLength < bytes + PAGE_BYTES)
    assert.ok(Buffer.from(memory).every((byte) => byte === 0))
  }
})

// --- Without WebAssembly

/** Whether `f` is given ordinary memory that does what it should. */
function assertOrdinary(module: typeof WideMemory): void {
  const memory = module.wideMemory(70_001)
  assert.equal(module.wideMaskOf(memory), null)
  assert.equal(memory.byteLength, 70_001)
  assert.ok(Buffer.from(memory).every((byte) => byte === 0))
}

test('without WebAssembly, its memory, or SIMD the memory is an ordinary one', async () => {
  const whole = globalThis.WebAssembly
  const parts: readonly Partial<typeof WebAssembly>[] = [
    {},
    { Module: whole.Module, Instance: whole.Instance },
    {
      ...{ Memory: whole.Memory, Instance: whole.Instance },
      // What V8 does with instructions that it does not know.
      Module: class {
        constructor() {
          throw new whole.CompileError('invalid opcode 0xfd')
        }
      } as never,
    },
  ]
  try {
    for (const [i, part] of [undefined, ...parts].entries()) {
      // A module of its own each time: it keeps what it has compiled.
      const fresh = (await import(`${source.href}?${i}`)) as never
      globalThis.WebAssembly = part as typeof WebAssembly
      assertOrdinary(fresh)
    }
  } finally {
    globalThis.WebAssembly = whole
  }
  assert.notEqual(wideMaskOf(wideMemory(1)), null)
})

test('a process without WebAssembly (--jitless) has ordinary memory', () => {
  // Types are stripped here: Node does it in WebAssembly.
  const code = `${stripTypeScriptTypes(readFileSync(source, 'utf8'))}
    const memory = wideMemory(70_001)
    console.log(typeof WebAssembly, memory.byteLength, wideMaskOf(memory))`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--jitless', '--input-type=module', '--eval', code],
    { encoding: 'utf8' },
  )
  assert.equal(stdout, 'undefined 70001 null\n', stderr)
})
