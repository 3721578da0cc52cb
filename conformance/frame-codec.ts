// The suite's own frame encoder and decoder (RFC 6455 §5.2), written for tests: it can produce every mistake.
// It must not import anything of Holdline, so that a shared misreading cannot hide.

export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const

export type Payload = string | Uint8Array

export interface FrameOptions {
  readonly fin?: boolean
  /** The three reserved bits as a number: 4 is RSV1, 2 is RSV2, 1 is RSV3. */
  readonly rsv?: number
  /** Four octets; null sends the frame unmasked, which a client must not do. */
  readonly mask?: readonly number[] | null
  /** Forces a length form, minimal or not. */
  readonly lengthBits?: 7 | 16 | 64
  /** Written instead of the payload's own length. */
  readonly declaredLength?: bigint
}

/** The key of the example in RFC 6455 §5.7. */
export const defaultMask: readonly number[] = [0x37, 0xfa, 0x21, 0x3d]

export function bytesOf(payload: Payload): Uint8Array {
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : payload
}

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s+/g, ''), 'hex'))
}

export function toHex(bytes: Uint8Array, limit = 48): string {
  const shown = Buffer.from(bytes.subarray(0, limit))
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ')
  return bytes.length > limit ? `${shown} … (${bytes.length} bytes)` : shown
}

export function concat(...parts: readonly Payload[]): Uint8Array {
  return concatAll(parts)
}

/** For lists too long to be spread into arguments. */
export function concatAll(parts: readonly Payload[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map(bytesOf)))
}

export function frame(
  opcode: number,
  payload: Payload = '',
  options: FrameOptions = {},
): Uint8Array {
  const body = bytesOf(payload)
  const { fin = true, rsv = 0, mask = defaultMask } = options
  const declared = options.declaredLength ?? BigInt(body.length)
  const bits = options.lengthBits ?? (declared < 126n ? 7 : declared < 65536n ? 16 : 64)
  const head = Buffer.alloc(2 + (bits === 7 ? 0 : bits / 8))
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const masked = mask === null ? 0 : 0x80
  if (bits === 7) head[1] = masked | Number(declared)
  else if (bits === 16) {
    head[1] = masked | 126
    head.writeUInt16BE(Number(declared), 2)
  } else {
    head[1] = masked | 127
    head.writeBigUInt64BE(declared, 2)
  }
  if (mask === null) return concat(head, body)
  return concat(head, Uint8Array.from(mask), applyMask(body, mask))
}

function applyMask(body: Uint8Array, mask: readonly number[]): Uint8Array {
  const out = new Uint8Array(body.length)
  for (let i = 0; i < body.length; i++) out[i] = (body[i] ?? 0) ^ (mask[i & 3] ?? 0)
  return out
}

export function text(payload: Payload, options?: FrameOptions): Uint8Array {
  return frame(Opcode.text, payload, options)
}

export function binary(payload: Payload, options?: FrameOptions): Uint8Array {
  return frame(Opcode.binary, payload, options)
}

export function continuation(payload: Payload, options?: FrameOptions): Uint8Array {
  return frame(Opcode.continuation, payload, options)
}

export function ping(payload: Payload = '', options?: FrameOptions): Uint8Array {
  return frame(Opcode.ping, payload, options)
}

export function pong(payload: Payload = '', options?: FrameOptions): Uint8Array {
  return frame(Opcode.pong, payload, options)
}

/** A close frame; without a code its body is empty. */
export function close(code?: number, reason: Payload = '', options?: FrameOptions): Uint8Array {
  if (code === undefined) return frame(Opcode.close, '', options)
  return frame(Opcode.close, concat(Uint8Array.of(code >> 8, code & 255), reason), options)
}

/** Cuts a message into fragments of `size` octets; the last one has FIN. */
export function fragments(
  opcode: number,
  payload: Payload,
  size: number,
  options: FrameOptions = {},
): Uint8Array[] {
  const body = bytesOf(payload)
  const out: Uint8Array[] = []
  for (let at = 0; at === 0 || at < body.length; at += size) {
    const first = at === 0
    const fin = at + size >= body.length
    const rsv = first ? (options.rsv ?? 0) : 0
    out.push(frame(first ? opcode : 0, body.subarray(at, at + size), { ...options, fin, rsv }))
  }
  return out
}

/** A frame as the server sent it. */
export interface ServerFrame {
  readonly fin: boolean
  readonly rsv1: boolean
  readonly opcode: number
  readonly payload: Uint8Array
}

/** What RFC 6455 forbids a server to send; the case that sees it fails. */
export class ServerViolation extends Error {}

/** Reads one frame a server sent; undefined while octets are missing. */
export function readServerFrame(
  bytes: Uint8Array,
): { readonly frame: ServerFrame; readonly end: number } | undefined {
  const [first, second] = bytes
  if (first === undefined || second === undefined) return undefined
  const opcode = first & 15
  if ((first & 0x30) !== 0) throw new ServerViolation(`server set RSV2 or RSV3: ${toHex(bytes)}`)
  if (opcode !== 0 && opcode !== 1 && opcode !== 2 && (opcode < 8 || opcode > 10)) {
    throw new ServerViolation(`server sent opcode ${opcode}: ${toHex(bytes)}`)
  }
  if ((second & 0x80) !== 0) throw new ServerViolation(`server masked a frame: ${toHex(bytes)}`)
  const short = second & 127
  const start = short === 127 ? 10 : short === 126 ? 4 : 2
  if (bytes.length < start) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length =
    short === 127 ? Number(view.getBigUint64(2)) : short === 126 ? view.getUint16(2) : short
  if ((short === 127 && length < 65536) || (short === 126 && length < 126)) {
    throw new ServerViolation(`server sent a length that is not minimal: ${toHex(bytes)}`)
  }
  const fin = (first & 0x80) !== 0
  if (opcode >= 8 && (!fin || length > 125 || (first & 0x40) !== 0)) {
    throw new ServerViolation(`server sent a malformed control frame: ${toHex(bytes)}`)
  }
  if (bytes.length < start + length) return undefined
  const payload = bytes.slice(start, start + length)
  return {
    frame: { fin, rsv1: (first & 0x40) !== 0, opcode, payload },
    end: start + length,
  }
}
