// Writing frames (RFC 6455 §5.2): header sizes, headers, masks of the client role, close payloads. Pure: the
// caller gives the memory.

import { applyMask } from './mask.ts'

/** Opcodes of RFC 6455 §5.2. */
export const Opcode = {
  CONTINUATION: 0,
  TEXT: 1,
  BINARY: 2,
  CLOSE: 8,
  PING: 9,
  PONG: 10,
} as const
export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** Payload bytes that a control frame may carry (RFC 6455 §5.5). */
export const MAX_CONTROL_BYTES = 125
/** The longest header: two octets, a 64-bit length, a mask. */
export const MAX_HEADER_BYTES = 14

const FIN = 0x80
const RSV1 = 0x40
const MASKED = 0x80

/** Bytes of the header of an unmasked frame. */
export function headerBytes(payloadBytes: number): number {
  return payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10
}

/**
 * Writes the header of a final, unmasked frame to `target` at `at` and returns where the payload begins.
 * There must be room for `headerBytes(payloadBytes)`.
 */
export function writeHeader(
  target: Uint8Array,
  at: number,
  opcode: Opcode,
  payloadBytes: number,
  compressed = false,
): number {
  return writeFrameHeader(target, at, FIN | (compressed ? RSV1 : 0) | opcode, payloadBytes, 0)
}

/** What a frame of the client role, or one fragment of a message, is made of. */
export interface FrameOptions {
  readonly opcode: Opcode
  readonly payload: Uint8Array
  /** False for every fragment but the last. Default true. */
  readonly final?: boolean
  /** RSV1 (RFC 7692 §6). Default false. */
  readonly compressed?: boolean
  /** Four random bytes: the client role masks (RFC 6455 §5.3), the server role must not. */
  readonly mask?: Uint8Array
}

/** Encodes one frame into memory of its own. The payload is copied. */
export function encodeFrame(options: FrameOptions): Uint8Array {
  const { opcode, payload, mask } = options
  const bytes = new Uint8Array(headerBytes(payload.length) + (mask ? 4 : 0) + payload.length)
  const first =
    (options.final === false ? 0 : FIN) | (options.compressed === true ? RSV1 : 0) | opcode
  let at = writeFrameHeader(bytes, 0, first, payload.length, mask ? MASKED : 0)
  if (mask) {
    bytes.set(mask.subarray(0, 4), at)
    at += 4
  }
  bytes.set(payload, at)
  if (mask) {
    const key = mask[0]! | (mask[1]! << 8) | (mask[2]! << 16) | (mask[3]! << 24)
    applyMask(bytes, at, bytes.length, key, 0)
  }
  return bytes
}

function writeFrameHeader(
  target: Uint8Array,
  at: number,
  first: number,
  payloadBytes: number,
  masked: number,
): number {
  target[at] = first
  if (payloadBytes < 126) {
    target[at + 1] = masked | payloadBytes
    return at + 2
  }
  if (payloadBytes < 65_536) {
    target[at + 1] = masked | 126
    target[at + 2] = payloadBytes >>> 8
    target[at + 3] = payloadBytes
    return at + 4
  }
  target[at + 1] = masked | 127
  const high = Math.floor(payloadBytes / 0x1_0000_0000)
  writeUint32(target, at + 2, high)
  writeUint32(target, at + 6, payloadBytes - high * 0x1_0000_0000)
  return at + 10
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
}

/** The payload of a close frame; empty when `code` is undefined. The reason must fit (see truncateReason). */
export function closePayload(code?: number, reason = ''): Uint8Array {
  if (code === undefined) return new Uint8Array(0)
  const text = Buffer.from(reason, 'utf8')
  const payload = new Uint8Array(2 + text.length)
  payload[0] = code >>> 8
  payload[1] = code
  payload.set(text, 2)
  return payload
}
