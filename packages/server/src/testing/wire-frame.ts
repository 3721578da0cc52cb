// Owns frames as a test sees them: written with every freedom to be wrong, read with no judgement. It shares no
// code with protocol/, so that the two check one another.

export interface WireFrame {
  readonly final: boolean
  readonly rsv1: boolean
  /** RSV2 and RSV3 as two bits. */
  readonly otherReservedBits: number
  readonly opcode: number
  readonly masked: boolean
  readonly payload: Uint8Array
}

export interface WireFrameOptions {
  readonly final?: boolean
  readonly rsv1?: boolean
  readonly otherReservedBits?: number
  /** Four bytes, or null for none. A fixed one by default. */
  readonly mask?: Uint8Array | null
}

const DEFAULT_MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)

/** The bytes of one frame of a client. */
export function wireFrame(
  opcode: number,
  payload: string | Uint8Array = '',
  options: WireFrameOptions = {},
): Uint8Array {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload
  const mask = options.mask === undefined ? DEFAULT_MASK : options.mask
  const head = [
    (options.final === false ? 0 : 0x80) |
      (options.rsv1 ? 0x40 : 0) |
      ((options.otherReservedBits ?? 0) << 4) |
      opcode,
  ]
  const maskBit = mask === null ? 0 : 0x80
  if (body.length < 126) head.push(maskBit | body.length)
  else if (body.length < 0x1_0000) head.push(maskBit | 126, body.length >> 8, body.length & 255)
  else {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(body.length))
    head.push(maskBit | 127, ...length)
  }
  const masked = mask === null ? body : body.map((octet, at) => octet ^ mask[at & 3]!)
  return Buffer.concat([Buffer.from(head), mask ?? new Uint8Array(0), masked])
}

/** The payload of a close frame. */
export function wireClosePayload(code: number, reason = ''): Uint8Array {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason, 'utf8')])
}

/** Puts frames together from any chunks. */
export class WireFrameReader {
  #bytes: Buffer = Buffer.alloc(0)

  /** Bytes that are no whole frame yet. */
  get restBytes(): number {
    return this.#bytes.length
  }

  push(chunk: Uint8Array): WireFrame[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    const frames: WireFrame[] = []
    for (;;) {
      const [frame, length] = readFrame(this.#bytes)
      if (frame === null) return frames
      frames.push(frame)
      this.#bytes = this.#bytes.subarray(length)
    }
  }
}

function readFrame(bytes: Buffer): [WireFrame | null, number] {
  if (bytes.length < 2) return [null, 0]
  const first = bytes[0]!
  const masked = bytes[1]! >= 0x80
  let length = bytes[1]! & 0x7f
  let at = 2
  if (length === 126) {
    if (bytes.length < 4) return [null, 0]
    length = bytes.readUInt16BE(2)
    at = 4
  } else if (length === 127) {
    if (bytes.length < 10) return [null, 0]
    length = Number(bytes.readBigUInt64BE(2))
    at = 10
  }
  const mask = masked ? bytes.subarray(at, at + 4) : null
  if (masked) at += 4
  if (bytes.length < at + length) return [null, 0]
  const body = Uint8Array.from(bytes.subarray(at, at + length))
  const frame = {
    final: first >= 0x80,
    rsv1: (first & 0x40) !== 0,
    otherReservedBits: (first >> 4) & 3,
    opcode: first & 15,
    masked,
    payload: mask === null ? body : body.map((octet, index) => octet ^ mask[index & 3]!),
  }
  return [frame, at + length]
}
