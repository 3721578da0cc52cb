// Builds what the load generator sends and expects: masked client frames and the server frames that
// echo them. Built before the clock runs; never in the loop.

/** `json` is text that is a JSON object. */
export type PayloadKind = 'binary' | 'text' | 'json'

/** Every key byte differs from zero, so that a server cannot skip unmasking (RFC 6455 §5.3). */
export const maskKey: Uint8Array = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)

const opcode: Readonly<Record<PayloadKind, number>> = { text: 1, json: 1, binary: 2 }

export function requestFrame(kind: PayloadKind, payload: Uint8Array, key = maskKey): Buffer {
  const head = frameHead(kind, payload.length, 0x80)
  const frame = Buffer.allocUnsafe(head.length + 4 + payload.length)
  frame.set(head, 0)
  frame.set(key, head.length)
  const start = head.length + 4
  for (let i = 0; i < payload.length; i++) {
    frame[start + i] = (payload[i] ?? 0) ^ (key[i & 3] ?? 0)
  }
  return frame
}

export function replyFrame(kind: PayloadKind, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHead(kind, payload.length, 0), payload])
}

/** Bytes that differ with the seed; text is printable ASCII, as most messages are. */
export function samplePayload(kind: PayloadKind, payloadBytes: number, seed: number): Buffer {
  if (kind === 'json') return jsonPayload(payloadBytes, seed)
  const payload = Buffer.allocUnsafe(payloadBytes)
  for (let i = 0; i < payloadBytes; i++) {
    const value = seed * 31 + i * 7
    payload[i] = kind === 'text' ? 32 + (value % 95) : value & 255
  }
  return payload
}

/** As JSON.stringify writes it, so that a server which parses it and writes it anew gives the same bytes. */
function jsonPayload(payloadBytes: number, seed: number): Buffer {
  const [begin, end] = [`{"id":${seed % 100},"text":"`, '"}']
  const textBytes = payloadBytes - begin.length - end.length
  if (textBytes < 0) throw new RangeError(`${payloadBytes} bytes are too few for a JSON message`)
  const letters = samplePayload('binary', textBytes, seed).map((byte) => 97 + (byte % 26))
  return Buffer.concat([Buffer.from(begin), letters, Buffer.from(end)])
}

/** A key that differs with the seed, without a zero in it. */
export function verificationKey(seed: number): Uint8Array {
  return Uint8Array.of(1 + (seed & 127), 255 - (seed & 127), 0xa5, 1 + ((seed * 13) & 127))
}

/** As `samplePayload`, with characters of two to four octets in text, to be checked and not timed. */
export function verificationPayload(kind: PayloadKind, payloadBytes: number, seed: number): Buffer {
  const payload = samplePayload(kind, payloadBytes, seed)
  const wide = Buffer.from('é✓🜂')
  if (kind === 'text' && payloadBytes >= wide.length) payload.set(wide, payloadBytes - wide.length)
  return payload
}

// RFC 6455 §5.2, with the shortest length encoding.
function frameHead(kind: PayloadKind, payloadBytes: number, maskBit: number): Buffer {
  const first = 0x80 | opcode[kind]
  if (payloadBytes < 126) return Buffer.of(first, maskBit | payloadBytes)
  if (payloadBytes < 65_536) {
    return Buffer.of(first, maskBit | 126, payloadBytes >> 8, payloadBytes & 255)
  }
  const head = Buffer.alloc(10)
  head[0] = first
  head[1] = maskBit | 127
  head.writeUIntBE(payloadBytes, 4, 6)
  return head
}
