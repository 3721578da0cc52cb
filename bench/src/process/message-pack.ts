// MessagePack, as far as the bench's own messages go: maps, texts, and whole numbers from 0, each in its shortest form.

/** @throws TypeError for a value of any other kind */
export function messagePack(value: unknown): Buffer {
  if (typeof value === 'string') return packText(value)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)
    return packCount(value)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value)
    if (entries.length < 16) {
      const fields = entries.flatMap(([name, field]) => [packText(name), messagePack(field)])
      return Buffer.concat([Buffer.of(0x80 | entries.length), ...fields])
    }
  }
  throw new TypeError(`the bench does not pack ${typeof value}`)
}

function packText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const { length } = bytes
  if (length < 32) return Buffer.concat([Buffer.of(0xa0 | length), bytes])
  if (length < 256) return Buffer.concat([Buffer.of(0xd9, length), bytes])
  if (length < 65_536) return Buffer.concat([Buffer.of(0xda, length >> 8, length & 255), bytes])
  throw new TypeError('the bench packs texts below 64 KiB')
}

function packCount(count: number): Buffer {
  if (count < 128) return Buffer.of(count)
  if (count < 256) return Buffer.of(0xcc, count)
  if (count < 65_536) return Buffer.of(0xcd, count >> 8, count & 255)
  const bytes = Buffer.alloc(5, 0xce)
  bytes.writeUInt32BE(count, 1)
  return bytes
}
