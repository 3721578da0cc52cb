// Whether bytes are one whole value of MessagePack, before a decoder makes room for what they announce: five bytes may
// announce four thousand million items. Makes no values.

/**
 * One value that ends where the bytes end, at most `maxDepth` deep, without extension types. As every item that is
 * announced has been found, no more can be made of the bytes than one value for each of them.
 */
export function isWholeMessagePack(bytes: Uint8Array, maxDepth: number): boolean {
  /** Items still to come of each list or map that is open. */
  const open: number[] = []
  let at = 0
  for (;;) {
    const size = sizeAt(bytes, at)
    if (size === null) return false
    at = size.next
    if (size.items > 0) {
      if (open.length === maxDepth) return false
      open.push(size.items)
    } else {
      while (open.length > 0 && --open[open.length - 1]! === 0) open.pop()
    }
    if (open.length === 0) return at === bytes.length
  }
}

interface Size {
  readonly next: number
  /** Items that follow: of a list, or twice those of a map. */
  readonly items: number
}

function sizeAt(bytes: Uint8Array, at: number): Size | null {
  const head = bytes[at]
  if (head === undefined) return null
  const value = (length: number): Size => ({ next: at + 1 + length, items: 0 })
  const counted = (lengthBytes: number): Size | null => {
    const length = uint(bytes, at + 1, lengthBytes)
    return length === null ? null : value(lengthBytes + length)
  }
  const list = (lengthBytes: number, perItem: number): Size | null => {
    const count = uint(bytes, at + 1, lengthBytes)
    return count === null ? null : { next: at + 1 + lengthBytes, items: count * perItem }
  }
  if (head < 0x80 || head >= 0xe0) return value(0)
  if (head < 0x90) return { next: at + 1, items: (head & 0x0f) * 2 }
  if (head < 0xa0) return { next: at + 1, items: head & 0x0f }
  if (head < 0xc0) return value(head & 0x1f)
  switch (head) {
    case 0xc0: // nil, false, true
    case 0xc2:
    case 0xc3:
      return value(0)
    case 0xc4: // bin
    case 0xd9: // str
      return counted(1)
    case 0xc5:
    case 0xda:
      return counted(2)
    case 0xc6:
    case 0xdb:
      return counted(4)
    case 0xcc: // 8 bits
    case 0xd0:
      return value(1)
    case 0xcd:
    case 0xd1:
      return value(2)
    case 0xca: // 32 bits
    case 0xce:
    case 0xd2:
      return value(4)
    case 0xcb: // 64 bits
    case 0xcf:
    case 0xd3:
      return value(8)
    case 0xdc:
      return list(2, 1)
    case 0xdd:
      return list(4, 1)
    case 0xde:
      return list(2, 2)
    case 0xdf:
      return list(4, 2)
    default: // never used, and extension types
      return null
  }
}

/** Big-endian; null: the bytes end before. */
function uint(bytes: Uint8Array, at: number, length: number): number | null {
  if (at + length > bytes.length) return null
  let value = 0
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i]!
  return value
}
