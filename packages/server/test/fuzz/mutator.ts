// Makes new inputs out of old ones. All randomness comes from one seeded generator, so a seed repeats a run.

/** xorshift128, seeded by splitmix32: small, fast and the same on every machine. */
export class Random {
  readonly #state: Uint32Array = new Uint32Array(4)

  constructor(seed: number) {
    let state = seed >>> 0
    for (let index = 0; index < 4; index++) {
      state = (state + 0x9e3779b9) >>> 0
      let mixed = state
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      this.#state[index] = mixed ^ (mixed >>> 15)
    }
    // A state of zeros would stay so for ever.
    this.#state[0]! |= 1
  }

  /** 32 bits. */
  next(): number {
    const state = this.#state
    let mixed = state[3]!
    mixed ^= mixed << 11
    mixed ^= mixed >>> 8
    state[3] = state[2]!
    state[2] = state[1]!
    state[1] = state[0]!
    const next = (mixed ^ state[0]! ^ (state[0]! >>> 19)) >>> 0
    state[0] = next
    return next
  }

  /** An integer from 0 to below `bound`; 0 for a bound of 0. */
  below(bound: number): number {
    return bound > 0 ? this.next() % bound : 0
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }
}

/** Lengths, limits and signs where parsers go wrong. */
const interestingIntegers: readonly number[] = [
  0, 1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 100, 124, 125, 126, 127, 128, 129, 254, 255, 256, 257, 999,
  1000, 1004, 1005, 1006, 1015, 1016, 1023, 1024, 2999, 3000, 4999, 5000, 32_767, 32_768, 65_534,
  65_535, 65_536, 1_048_575, 1_048_576, 1_048_577, 2_147_483_647, 2_147_483_648, 4_294_967_295,
]

const interestingBytes: readonly number[] = [
  0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x2f, 0x3b, 0x3d, 0x5c, 0x7e, 0x7f, 0x80, 0x81,
  0x82, 0x88, 0x89, 0x8a, 0xc0, 0xc1, 0xed, 0xf4, 0xfe, 0xff,
]

/** The longest input that mutation makes. */
export const maxInputBytes = 16_384

/** A new input from one of `corpus`: one to some ten changes, seldom none. */
export function mutate(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let input: Uint8Array = random.pick(corpus).slice()
  // Mostly few changes, so that what comes after the change is still reached.
  const changes = [1, 1, 1, 2, 2, 3, 5, 10][random.below(8)]!
  for (let change = 0; change < changes; change++) {
    input = random.pick(mutations)(random, input, corpus)
    if (input.length > maxInputBytes) input = input.slice(0, maxInputBytes)
  }
  return input
}

type Mutation = (random: Random, input: Uint8Array, corpus: readonly Uint8Array[]) => Uint8Array

const mutations: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setInterestingByte,
  addToByte,
  writeInteger,
  writeInteger,
  remove,
  truncate,
  duplicate,
  repeat,
  insertBytes,
  splice,
  splice,
  swap,
  writeDecimal,
]

function flipBit(random: Random, input: Uint8Array): Uint8Array {
  if (input.length > 0) input[random.below(input.length)]! ^= 1 << random.below(8)
  return input
}

function setByte(random: Random, input: Uint8Array): Uint8Array {
  if (input.length > 0) input[random.below(input.length)] = random.next()
  return input
}

function setInterestingByte(random: Random, input: Uint8Array): Uint8Array {
  if (input.length > 0) input[random.below(input.length)] = random.pick(interestingBytes)
  return input
}

function addToByte(random: Random, input: Uint8Array): Uint8Array {
  if (input.length > 0) input[random.below(input.length)]! += random.below(33) - 16
  return input
}

/** Overwrites 1, 2, 4 or 8 bytes with an integer: a length edit, where there is a length. */
function writeInteger(random: Random, input: Uint8Array): Uint8Array {
  const size = random.pick([1, 2, 2, 4, 8])
  if (input.length < size) return input
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const at = random.below(input.length - size + 1)
  const littleEndian = random.below(4) === 0
  const value = random.pick(interestingIntegers)
  if (size === 1) view.setUint8(at, value)
  else if (size === 2) view.setUint16(at, value, littleEndian)
  else if (size === 4) view.setUint32(at, value, littleEndian)
  else view.setBigUint64(at, BigInt(value) << BigInt(random.pick([0, 0, 21, 32])), littleEndian)
  return input
}

function remove(random: Random, input: Uint8Array): Uint8Array {
  const at = random.below(input.length)
  return join(input.subarray(0, at), input.subarray(at + 1 + random.below(input.length - at)))
}

function truncate(random: Random, input: Uint8Array): Uint8Array {
  return input.slice(0, random.below(input.length + 1))
}

function duplicate(random: Random, input: Uint8Array): Uint8Array {
  const part = somePart(random, input)
  const at = random.below(input.length + 1)
  return join(input.subarray(0, at), part, input.subarray(at))
}

/** The same short part many times: what quadratic work and bombs are made of. */
function repeat(random: Random, input: Uint8Array): Uint8Array {
  const part = somePart(random, input).subarray(0, 16)
  const at = random.below(input.length + 1)
  const times = random.pick([2, 3, 10, 100, 1000])
  const repeated = new Uint8Array(part.length * times)
  for (let n = 0; n < times; n++) repeated.set(part, n * part.length)
  return join(input.subarray(0, at), repeated, input.subarray(at))
}

function insertBytes(random: Random, input: Uint8Array): Uint8Array {
  const at = random.below(input.length + 1)
  const added = Uint8Array.from({ length: 1 + random.below(8) }, () =>
    random.below(2) === 0 ? random.next() : random.pick(interestingBytes),
  )
  return join(input.subarray(0, at), added, input.subarray(at))
}

function splice(random: Random, input: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const other = somePart(random, random.pick(corpus))
  const at = random.below(input.length + 1)
  const until = random.below(2) === 0 ? at : at + random.below(input.length - at + 1)
  return join(input.subarray(0, at), other, input.subarray(until))
}

function swap(random: Random, input: Uint8Array): Uint8Array {
  const cuts = [0, 0, 0].map(() => random.below(input.length + 1)).toSorted((a, b) => a - b)
  const [first = 0, second = 0, third = 0] = cuts
  return join(
    input.subarray(0, first),
    input.subarray(second, third),
    input.subarray(first, second),
    input.subarray(third),
  )
}

/** A number in text, where there is one. */
function writeDecimal(random: Random, input: Uint8Array): Uint8Array {
  const digit = input.findIndex((byte) => byte >= 0x30 && byte <= 0x39)
  const at = digit === -1 ? random.below(input.length + 1) : digit
  let end = at
  while (end < input.length && input[end]! >= 0x30 && input[end]! <= 0x39) end++
  const text = new TextEncoder().encode(String(random.pick(interestingIntegers)))
  return join(input.subarray(0, at), text, input.subarray(end))
}

function somePart(random: Random, input: Uint8Array): Uint8Array {
  const from = random.below(input.length)
  return input.subarray(from, from + 1 + random.below(input.length - from))
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
