// Reads what a server answers until a connection can be used: the 101, and the greeting of dialects that
// have one. Pure: knows no sockets.
import { createHash } from 'node:crypto'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = createHash('sha1')
  .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`) // RFC 6455 §1.3
  .digest('base64')
const endOfHead = '\r\n\r\n'

/** One step after the upgrade: bytes to send, and how many server frames come before the next step. */
export interface GreetingStep {
  readonly bytes: Uint8Array
  readonly replyCount: number
}

/** Where a connection goes. Engines keep memory per target, so one object is made for many connections. */
export interface Target {
  readonly port: number
  /** The upgrade request, as it is sent. */
  readonly request: Uint8Array
  readonly greeting: readonly GreetingStep[]
}

export function targetOf(
  port: number,
  path: string,
  greeting: readonly GreetingStep[],
  subprotocol?: string,
): Target {
  const offer = subprotocol === undefined ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
  const request = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${offer}\r\n`,
  )
  return { port, request, greeting }
}

export class Opening {
  readonly #greeting: readonly GreetingStep[]
  #step = -1
  /** Whether the bytes of the step have to be sent. */
  #isDue = false
  #missingReplies = 0
  #head: string | undefined = ''
  #frames: Buffer = Buffer.alloc(0)

  constructor(greeting: readonly GreetingStep[]) {
    this.#greeting = greeting
  }

  /** The step of the greeting whose bytes have to be sent now; undefined when there is none. Gives each once. */
  takeDueStep(): number | undefined {
    if (!this.#isDue) return undefined
    this.#isDue = false
    return this.#step
  }

  /** Takes bytes [start, end); true when the connection is open. @throws Error when the server refuses */
  take(chunk: Uint8Array, start: number, end: number): boolean {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset + start, end - start)
    if (this.#head === undefined) return this.#takeReplies(bytes)
    this.#head += bytes.toString('latin1')
    const at = this.#head.indexOf(endOfHead)
    if (at < 0) {
      if (this.#head.length > 16_384) throw new Error('the answer to the upgrade has no end')
      return false
    }
    const head = this.#head.slice(0, at)
    const rest = this.#head.slice(at + endOfHead.length)
    if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(accept)) {
      throw new Error(`the server refused the upgrade: ${head.split('\r\n')[0]}`)
    }
    this.#head = undefined
    this.#nextStep()
    return this.#takeReplies(Buffer.from(rest, 'latin1'))
  }

  #nextStep(): void {
    const step = this.#greeting[++this.#step]
    this.#missingReplies = step?.replyCount ?? 0
    this.#isDue = step !== undefined && step.bytes.length > 0
  }

  #takeReplies(bytes: Buffer): boolean {
    this.#frames =
      this.#frames.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#frames, bytes])
    while (this.#step < this.#greeting.length) {
      const length = wholeFrameBytes(this.#frames)
      if (length === 0) return false
      this.#frames = this.#frames.subarray(length)
      if (--this.#missingReplies === 0) this.#nextStep()
    }
    if (this.#frames.length > 0) throw new Error('the server spoke before it was spoken to')
    return true
  }
}

/** Bytes of the unmasked frame that `bytes` begin with, 0 when it is not there as a whole (RFC 6455 §5.2). */
function wholeFrameBytes(bytes: Buffer): number {
  if (bytes.length < 2) return 0
  const short = bytes[1]! & 127
  const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < headBytes) return 0
  const payloadBytes =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : bytes.readUIntBE(4, 6)
  return bytes.length < headBytes + payloadBytes ? 0 : headBytes + payloadBytes
}
