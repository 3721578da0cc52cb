// Memory in which masks are applied sixteen bytes at a time: JavaScript alone has no such instruction, and nothing in
// Node applies one, but WebAssembly does on memory of its own. The code is the hundred bytes below, with no import.

/** XORs `[start, end)` of its memory with a four-byte key, whose first byte is the lowest. */
export type WideMask = (start: number, end: number, key: number) => void

const PAGE_BYTES = 65_536

/** What is used of WebAssembly; its types come with browsers' and not with Node's. */
interface WasmApi {
  readonly Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

function wasm(): WasmApi {
  return (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly
}

/** The functions by the memory that they work on. */
const masks = new WeakMap<ArrayBufferLike, WideMask>()

/**
 * Zeroed memory of at least `bytes` bytes, a wide one where this machine runs WebAssembly with SIMD. Its pages are
 * resident only once they are used; it does not move.
 */
export function wideMemory(bytes: number): ArrayBuffer {
  try {
    const pages = Math.ceil(bytes / PAGE_BYTES)
    const { Memory, Instance } = wasm()
    const memory = new Memory({ initial: pages, maximum: pages })
    const { exports } = new Instance(maskModule(), { m: { m: memory } })
    masks.set(memory.buffer, exports['f'] as WideMask)
    return memory.buffer
  } catch {
    // Without WebAssembly (--jitless), SIMD, or the address space that V8 reserves for it: ordinary memory.
    return Buffer.allocUnsafeSlow(bytes).fill(0).buffer
  }
}

/** The wide mask of this memory; null for ordinary memory. */
export function wideMaskOf(memory: ArrayBufferLike): WideMask | null {
  return masks.get(memory) ?? null
}

let compiled: object | null = null

function maskModule(): object {
  const { Module } = wasm()
  compiled ??= new Module(Uint8Array.from(moduleBytes()))
  return compiled
}

/* oxlint-disable unicorn/no-useless-spread -- a spread for each instruction, so that each has its line */

// The binary format of WebAssembly: https://webassembly.github.io/spec/core/binary/
const I32 = 0x7f
const V128 = 0x7b
const VOID = 0x40
const START = 0
const END = 1
const KEY = 2
const WIDE_KEY = 3

const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
/** From -64 to 63. */
const constant = (value: number): number[] => [0x41, value & 127]
/** One longer form: 64 does not fit into seven bits with a sign. */
const SIXTY_FOUR = [0x41, 0xc0, 0x00]
const ADD = 0x6a
const SUBTRACT = 0x6b
const XOR = 0x73
const SHIFT_RIGHT = 0x76
const GREATER = 0x4a
const NOT_LESS = 0x4e

/** Repeats `body` until `isDone` leaves something else than 0. */
const until = (isDone: number[], body: number[]): number[] => [
  ...[0x02, VOID, 0x03, VOID], // block, loop
  ...[...isDone, 0x0d, 1], // br_if: out of the block
  ...[...body, 0x0c, 0], // br: the loop again
  ...[0x0b, 0x0b],
]

const advance = (count: number[]): number[] => [...get(START), ...count, ADD, ...set(START)]

const xorSixteen = (offset: number): number[] => [
  ...get(START),
  ...[...get(START), 0xfd, 0x00, 0, offset], // v128.load
  ...[...get(WIDE_KEY), 0xfd, 0x51], // v128.xor
  ...[0xfd, 0x0b, 0, offset], // v128.store
]

function moduleBytes(): number[] {
  const code = [
    ...[1, 1, V128], // one local
    ...[...get(KEY), 0xfd, 0x11, ...set(WIDE_KEY)], // i32x4.splat
    ...until(
      [...get(START), ...get(END), ...SIXTY_FOUR, SUBTRACT, GREATER],
      [0, 16, 32, 48].flatMap(xorSixteen).concat(advance(SIXTY_FOUR)),
    ),
    ...until(
      [...get(START), ...get(END), ...constant(4), SUBTRACT, GREATER],
      [
        ...get(START),
        ...[...get(START), 0x28, 0, 0, ...get(KEY), XOR, 0x36, 0, 0], // i32.load, i32.store
        ...advance(constant(4)),
      ],
    ),
    ...until(
      [...get(START), ...get(END), NOT_LESS],
      [
        ...get(START),
        ...[...get(START), 0x2d, 0, 0, ...get(KEY), XOR, 0x3a, 0, 0], // i32.load8_u, i32.store8
        ...[...get(KEY), ...constant(8), SHIFT_RIGHT, ...set(KEY)],
        ...advance(constant(1)),
      ],
    ),
    0x0b,
  ]
  return [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, I32, I32, I32, 0]), // types: (i32, i32, i32) → ()
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 0, 1]), // imports: the memory m.m
    ...section(3, [1, 0]), // functions
    ...section(7, [1, 1, 0x66, 0, 0]), // exports: f
    ...section(10, [1, ...sized(code)]),
  ]
}

function section(id: number, content: number[]): number[] {
  return [id, ...sized(content)]
}

/** The length in LEB128, two groups of seven bits, then the content. */
function sized(content: number[]): number[] {
  return [(content.length & 127) | 128, content.length >> 7, ...content]
}
