// A small DEFLATE reader (RFC 1951) for tests: how far back does compressed data reach? zlib does not tell,
// and its inflaters accept more than a window of the agreed size would hold.

/** The longest distance of any match in the blocks of `bytes`, which end on a byte boundary. */
export function longestDistance(bytes: Uint8Array): number {
  const reader = new BitReader(bytes)
  let longest = 0
  while (reader.bitsLeft >= 3) {
    reader.take(1)
    const type = reader.take(2)
    if (type === 0) reader.skipStored()
    else {
      const [literals, distances] = type === 1 ? fixedCodes() : dynamicCodes(reader)
      longest = Math.max(longest, readBlock(reader, literals, distances))
    }
  }
  return longest
}

type Code = ReadonlyMap<string, number>

class BitReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#at
  }

  take(count: number): number {
    let value = 0
    for (let bit = 0; bit < count; bit++) value += this.#bit() * 2 ** bit
    return value
  }

  symbol(code: Code): number {
    let path = ''
    for (;;) {
      path += this.#bit()
      const symbol = code.get(path)
      if (symbol !== undefined) return symbol
      if (path.length > 15) throw new Error('no such code')
    }
  }

  skipStored(): void {
    this.#at = Math.ceil(this.#at / 8) * 8
    const length = this.take(16)
    this.#at += 16 + length * 8
  }

  #bit(): number {
    const byte = this.#bytes[this.#at >> 3]
    if (byte === undefined) throw new Error('cut off')
    return (byte >> (this.#at++ & 7)) & 1
  }
}

function readBlock(reader: BitReader, literals: Code, distances: Code): number {
  let longest = 0
  for (;;) {
    const symbol = reader.symbol(literals)
    if (symbol === 256) return longest
    if (symbol < 256) continue
    // Lengths 257–264 and 285 have no extra bits, the others one more for every four.
    if (symbol >= 265 && symbol <= 284) reader.take((symbol - 261) >> 2)
    const slot = reader.symbol(distances)
    const extra = slot < 4 ? 0 : (slot >> 1) - 1
    const base = slot < 4 ? slot : (2 + (slot & 1)) * 2 ** extra
    longest = Math.max(longest, base + reader.take(extra) + 1)
  }
}

function codeOf(lengths: readonly number[]): Code {
  const code = new Map<string, number>()
  let next = 0
  for (let bits = 1; bits <= 15; bits++) {
    next *= 2
    for (const [symbol, length] of lengths.entries()) {
      if (length === bits) code.set((next++).toString(2).padStart(bits, '0'), symbol)
    }
  }
  return code
}

function fixedCodes(): [Code, Code] {
  const lengths = Array.from({ length: 288 }, (_, n) =>
    n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8,
  )
  return [codeOf(lengths), codeOf(Array.from({ length: 30 }, () => 5))]
}

function dynamicCodes(reader: BitReader): [Code, Code] {
  const literalCount = reader.take(5) + 257
  const distanceCount = reader.take(5) + 1
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
  const lengthCount = reader.take(4) + 4
  const lengthLengths = Array.from({ length: 19 }, () => 0)
  for (const symbol of order.slice(0, lengthCount)) lengthLengths[symbol] = reader.take(3)
  const lengthCode = codeOf(lengthLengths)
  const lengths: number[] = []
  while (lengths.length < literalCount + distanceCount) {
    const symbol = reader.symbol(lengthCode)
    if (symbol < 16) lengths.push(symbol)
    else {
      const value = symbol === 16 ? (lengths.at(-1) ?? 0) : 0
      const count =
        symbol === 16
          ? 3 + reader.take(2)
          : symbol === 17
            ? 3 + reader.take(3)
            : 11 + reader.take(7)
      for (let n = 0; n < count; n++) lengths.push(value)
    }
  }
  return [codeOf(lengths.slice(0, literalCount)), codeOf(lengths.slice(literalCount))]
}
