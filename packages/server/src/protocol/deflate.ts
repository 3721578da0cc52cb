// Owns compressing and inflating the messages of one connection (RFC 7692 §7.2). It holds no zlib context
// between messages: what it remembers is the window as plain bytes (docs/decisions/0003).
import { Buffer } from 'node:buffer'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { HoldlineError } from './errors.ts'

export interface InflaterOptions {
  /** log2 of the window the other side compresses with, 8 to 15. */
  readonly windowBits: number
  /** The other side forgets its window after each message. */
  readonly noContextTakeover: boolean
  /** What an earlier Inflater or Deflater of the same connection had in `window`. */
  readonly window?: Uint8Array | undefined
}

export interface DeflaterOptions extends InflaterOptions {
  /** zlib's level, 0 to 9; 6 without it. */
  readonly level?: number | undefined
  /** zlib's memLevel, 1 to 9; without it, what the size of the message calls for. */
  readonly memLevel?: number | undefined
}

export class Inflater {
  readonly #window: SlidingWindow | null

  constructor(options: InflaterOptions) {
    this.#window = options.noContextTakeover ? null : new SlidingWindow(options)
  }

  /** The window: all the state there is, to be copied if it is kept. */
  get window(): Uint8Array {
    return this.#window?.bytes ?? nothing
  }

  /** Bytes of memory this connection's window takes. */
  get heldBytes(): number {
    return this.#window?.heldBytes ?? 0
  }

  /**
   * The message that `bytes` is the compressed form of. The result is the caller's; `bytes` is only read.
   *
   * Throws ERR_MESSAGE_TOO_BIG as soon as the output passes `maxBytes`, and ERR_MESSAGE_DEFLATE for what is no
   * DEFLATE data or does not end where a block does. After either the connection is past repair.
   */
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
    // Not even the one byte that §7.2.3.6 asks of an empty message; there is nothing to misread, though.
    if (bytes.length === 0) return nothing
    const input = withTrailer(bytes)
    const first = this.#inflateStream(input, this.#window, maxBytes)
    let message: Uint8Array = first.output
    if (first.consumedBytes < bytes.length) {
      message = this.#inflateRest(input, bytes.length, first, maxBytes)
    } else if (first.consumedBytes !== bytes.length && first.consumedBytes !== input.length) {
      throw new HoldlineError('ERR_MESSAGE_DEFLATE', cutOff)
    } else {
      this.#window?.push(message)
    }
    return message
  }

  /**
   * RFC 7692 §7.2.3.4: a block with BFINAL ends a stream for zlib, though not the message. What follows is a
   * stream of its own, which may still refer to what came before.
   */
  #inflateRest(
    input: Uint8Array,
    messageBytes: number,
    first: InflatedStream,
    maxBytes: number,
  ): Uint8Array {
    const window = this.#window ?? new SlidingWindow({ windowBits: 15, noContextTakeover: true })
    window.push(first.output)
    const parts = [first.output]
    let totalBytes = first.output.length
    let at = first.consumedBytes
    // A stream costs some microseconds and could be had for two bytes of input: so many are nobody's need.
    let streamsLeft = 64 + messageBytes / 1024
    while (at < messageBytes) {
      if (--streamsLeft < 0) throw new HoldlineError('ERR_MESSAGE_DEFLATE', 'too many final blocks')
      const next = this.#inflateStream(input.subarray(at), window, maxBytes - totalBytes)
      at += next.consumedBytes
      totalBytes += next.output.length
      parts.push(next.output)
      window.push(next.output)
    }
    if (at !== messageBytes && at !== input.length) {
      throw new HoldlineError('ERR_MESSAGE_DEFLATE', cutOff)
    }
    return Buffer.concat(parts, totalBytes)
  }

  #inflateStream(
    input: Uint8Array,
    window: SlidingWindow | null,
    maxBytes: number,
  ): InflatedStream {
    const options = {
      info: true,
      // Not the agreed bits: zlib would then refuse a match that reaches too far back only where one of its
      // output buffers happens to end. What matters, how much is remembered, the dictionary settles.
      windowBits: 15,
      // Checked by zlib's caller after every chunk, that is, while inflating; it must not be 0.
      maxOutputLength: Math.max(1, maxBytes),
      chunkSize: clamp(Math.min(input.length * 4, maxBytes + 1), 1024, maxChunkBytes),
      ...(window === null || window.bytes.length === 0 ? null : { dictionary: window.bytes }),
    }
    try {
      const { buffer, engine } = inflateRawSync(input, options) as unknown as InfoResult
      if (buffer.length > maxBytes) throw new HoldlineError('ERR_MESSAGE_TOO_BIG')
      return { output: buffer, consumedBytes: engine.bytesWritten }
    } catch (error) {
      throw asHoldlineError(error)
    }
  }
}

export class Deflater {
  readonly #windowBits: number
  readonly #level: number
  readonly #memLevel: number | undefined
  readonly #window: SlidingWindow | null

  constructor(options: DeflaterOptions) {
    this.#windowBits = options.windowBits
    this.#level = options.level ?? 6
    this.#memLevel = options.memLevel
    // Without matches (8 bits) and without compression (level 0) a window is of no use.
    const forgets = options.noContextTakeover || options.windowBits === 8 || options.level === 0
    this.#window = forgets ? null : new SlidingWindow(options)
  }

  /** The window: all the state there is, to be copied if it is kept. */
  get window(): Uint8Array {
    return this.#window?.bytes ?? nothing
  }

  /** Bytes of memory this connection's window takes. */
  get heldBytes(): number {
    return this.#window?.heldBytes ?? 0
  }

  /** The compressed form of a message, without the four octets that RFC 7692 §7.2.1 takes away. */
  deflate(bytes: Uint8Array): Uint8Array {
    // RFC 7692 §7.2.3.6
    if (bytes.length === 0) return Uint8Array.of(0)
    const dictionary = this.#window?.bytes ?? nothing
    // zlib needs 262 bytes more than the furthest match (MIN_LOOKAHEAD); a small message needs no large
    // window, and most of what a message costs is clearing zlib's tables.
    const neededBits = 32 - Math.clz32(dictionary.length + bytes.length + 262)
    const windowBits = clamp(neededBits, 9, Math.max(9, this.#windowBits))
    const output = deflateRawSync(bytes, {
      finishFlush: constants.Z_SYNC_FLUSH,
      level: this.#level,
      memLevel: this.#memLevel ?? clamp(windowBits - 6, 4, 8),
      windowBits,
      // zlib has no raw window of 8 bits. Runs alone (distance 1) fit into any window.
      strategy: this.#windowBits === 8 ? constants.Z_RLE : constants.Z_DEFAULT_STRATEGY,
      chunkSize: clamp(bytes.length + (bytes.length >> 3) + 64, 64, maxChunkBytes),
      ...(dictionary.length === 0 ? null : { dictionary }),
    })
    this.#window?.push(bytes)
    return output.subarray(0, output.length - 4)
  }
}

/** The last 2^bits bytes that passed, in one buffer that grows no further than it is needed. */
class SlidingWindow {
  readonly #maxBytes: number
  #buffer: Uint8Array = nothing
  #length = 0

  constructor(options: InflaterOptions) {
    this.#maxBytes = 2 ** options.windowBits
    if (options.window !== undefined) this.push(options.window)
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  get heldBytes(): number {
    return this.#buffer.length
  }

  push(bytes: Uint8Array): void {
    const added =
      bytes.length > this.#maxBytes ? bytes.subarray(bytes.length - this.#maxBytes) : bytes
    const keptBytes = Math.min(this.#length, this.#maxBytes - added.length)
    const length = keptBytes + added.length
    const keptAt = this.#length - keptBytes
    if (length > this.#buffer.length) {
      const capacity = Math.min(this.#maxBytes, Math.max(256, 2 * this.#buffer.length, length))
      const grown = new Uint8Array(capacity)
      grown.set(this.#buffer.subarray(keptAt, this.#length))
      this.#buffer = grown
    } else if (keptAt > 0) {
      this.#buffer.copyWithin(0, keptAt, this.#length)
    }
    this.#buffer.set(added, keptBytes)
    this.#length = length
  }
}

interface InflatedStream {
  readonly output: Uint8Array
  readonly consumedBytes: number
}

/** What `info: true` makes of the result; the types of Node do not know it. */
interface InfoResult {
  readonly buffer: Uint8Array
  readonly engine: { readonly bytesWritten: number }
}

const nothing: Uint8Array = new Uint8Array(0)
const maxChunkBytes = 64 * 1024
const cutOff = 'the data does not end where a block ends'

/**
 * 00 00 FF FF, which RFC 7692 §7.2.2 puts back, then an empty final block. If zlib reaches the end of that
 * very block, the message ended where a block does; if not, it was cut off. (A stored block that lacks just
 * these octets takes them for its own. Its sender could as well have sent them.)
 */
const trailer: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff)

// zlib wants its input in one piece. One buffer for all connections will do, since nothing here waits.
const scratch: Uint8Array = new Uint8Array(64 * 1024)

function withTrailer(bytes: Uint8Array): Uint8Array {
  const length = bytes.length + trailer.length
  const input = length <= scratch.length ? scratch.subarray(0, length) : Buffer.allocUnsafe(length)
  input.set(bytes)
  input.set(trailer, bytes.length)
  return input
}

/** Anything but zlib's own words about the data or the limit (such as lack of memory) is passed on as it is. */
function asHoldlineError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  switch (error.code) {
    case 'ERR_BUFFER_TOO_LARGE':
      return new HoldlineError('ERR_MESSAGE_TOO_BIG', undefined, { cause: error })
    case 'Z_DATA_ERROR':
    case 'Z_BUF_ERROR':
      return new HoldlineError('ERR_MESSAGE_DEFLATE', error.message, { cause: error })
    default:
      return error
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max))
}
