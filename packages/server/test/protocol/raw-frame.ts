// Frames written and read the plain way, octet by octet as in RFC 6455 §5.2, to hold against the source. Can
// also write what the RFC forbids.

export interface RawFrame {
  opcode: number
  payload: Uint8Array
  final?: boolean
  /** RSV1 to RSV3 as the number 0 to 7. */
  reserved?: number
  mask?: Uint8Array | null
}

export function rawFrame(frame: RawFrame): Uint8Array {
  const { opcode, payload, final = true, reserved = 0, mask = null } = frame
  const octets = [(final ? 128 : 0) + reserved * 16 + opcode]
  const masked = mask === null ? 0 : 128
  const length = payload.length
  if (length <= 125) octets.push(masked + length)
  else if (length <= 0xffff) octets.push(masked + 126, length >> 8, length & 255)
  else
    octets.push(
      masked + 127,
      0,
      0,
      0,
      0,
      length >>> 24,
      (length >> 16) & 255,
      (length >> 8) & 255,
      length & 255,
    )
  octets.push(...(mask ?? []))
  const bytes = new Uint8Array(octets.length + length)
  bytes.set(octets)
  for (let i = 0; i < length; i++) {
    bytes[octets.length + i] = payload[i]! ^ (mask === null ? 0 : mask[i % 4]!)
  }
  return bytes
}

/** Reads the one frame that `bytes` are. */
export function readRawFrame(bytes: Uint8Array): Required<RawFrame> & { headerLength: number } {
  let at = 2
  let length = bytes[1]! % 128
  if (length >= 126) {
    const octets = length === 126 ? 2 : 8
    length = 0
    for (let i = 0; i < octets; i++) length = length * 256 + bytes[at++]!
  }
  let mask: Uint8Array | null = null
  if (bytes[1]! >= 128) mask = bytes.slice(at, (at += 4))
  if (bytes.length !== at + length) throw new Error('more or less than one frame')
  const payload = bytes.slice(at)
  for (let i = 0; i < length; i++) payload[i] = payload[i]! ^ (mask === null ? 0 : mask[i % 4]!)
  const first = bytes[0]!
  return {
    opcode: first % 16,
    reserved: (first >> 4) % 8,
    final: first >= 128,
    payload,
    mask,
    headerLength: at,
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
