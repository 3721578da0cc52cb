// Bytes that wait, in order: libevent's evbuffer. Added at the end, looked at and taken away at the front. Knows no
// descriptors.

/** Small additions share a chunk of this size. */
const CHUNK_BYTES = 4_096

interface Chunk {
  readonly bytes: Uint8Array
  start: number
  end: number
}

const LF = 10
const CR = 13

export class ByteQueue {
  readonly #chunks: Chunk[] = []
  /** Chunks before this one are used up. */
  #first = 0
  #length = 0
  /** So many bytes hold no line feed: not looked at again. */
  #withoutLine = 0
  readonly #onDrained: (() => void) | null

  /** `onDrained` is called each time bytes were taken away. */
  constructor(onDrained: (() => void) | null = null) {
    this.#onDrained = onDrained
  }

  get length(): number {
    return this.#length
  }

  /** Adds a copy. Text becomes UTF-8. */
  append(added: Uint8Array | string): void {
    const bytes = typeof added === 'string' ? Buffer.from(added, 'utf8') : added
    if (bytes.length === 0) return
    let last = this.#chunks.at(-1)
    if (last === undefined || last.bytes.length - last.end < bytes.length) {
      last = newChunk(bytes.length)
      this.#chunks.push(last)
    }
    last.bytes.set(bytes, last.end)
    last.end += bytes.length
    this.#length += bytes.length
  }

  /** The bytes at the front that lie together; borrowed until the next call. Empty only when the queue is. */
  get front(): Uint8Array {
    const chunk = this.#chunks[this.#first]
    return chunk === undefined ? NO_BYTES : chunk.bytes.subarray(chunk.start, chunk.end)
  }

  /** Takes `count` bytes away, or all there are; gives how many. */
  drain(count: number): number {
    const taken = Math.min(count, this.#length)
    this.#remove(taken)
    if (taken > 0) this.#onDrained?.()
    return taken
  }

  #remove(count: number): void {
    this.#length -= count
    this.#withoutLine = Math.max(0, this.#withoutLine - count)
    for (let left = count; left > 0;) {
      const chunk = this.#chunks[this.#first]!
      const taken = Math.min(left, chunk.end - chunk.start)
      chunk.start += taken
      left -= taken
      if (chunk.start < chunk.end) continue
      this.#chunks[this.#first++] = USED_UP
      if (chunk.bytes.length === CHUNK_BYTES && spare.length < MOST_SPARE) spare.push(chunk)
    }
    if (this.#length === 0) {
      this.#chunks.length = 0
      this.#first = 0
    } else if (this.#first > 64 && this.#first * 2 > this.#chunks.length) {
      this.#chunks.splice(0, this.#first)
      this.#first = 0
    }
  }

  /** Moves bytes from the front to `target`; gives how many. */
  read(target: Uint8Array): number {
    let at = 0
    for (let i = this.#first; i < this.#chunks.length && at < target.length; i++) {
      const { bytes, start, end } = this.#chunks[i]!
      const count = Math.min(end - start, target.length - at)
      target.set(bytes.subarray(start, start + count), at)
      at += count
    }
    this.drain(at)
    return at
  }

  /** Takes `count` bytes, or all there are, as memory of their own. */
  take(count: number = this.#length): Uint8Array {
    const bytes = new Uint8Array(Math.min(count, this.#length))
    this.read(bytes)
    return bytes
  }

  /** Puts the first `count` bytes, or all there are, side by side, and gives them; borrowed until the next call. */
  pullup(count: number = this.#length): Uint8Array {
    const wanted = Math.min(count, this.#length)
    if (this.front.length < wanted) {
      // Taken away silently: nothing has left the queue.
      const whole = new Uint8Array(wanted)
      const { length } = this
      const withoutLine = this.#withoutLine
      let at = 0
      while (at < wanted) {
        const part = this.front.subarray(0, wanted - at)
        whole.set(part, at)
        at += part.length
        this.#remove(part.length)
      }
      if (this.#first > 0) this.#first--
      else this.#chunks.unshift({ bytes: whole, start: 0, end: wanted })
      this.#chunks[this.#first] = { bytes: whole, start: 0, end: wanted }
      this.#length = length
      this.#withoutLine = withoutLine
    }
    return this.front.subarray(0, wanted)
  }

  /** Takes a line of UTF-8 with its end, LF or CR LF, and gives it without; null while its end is not there. */
  readLine(): string | null {
    const end = this.#indexOfLine()
    if (end < 0) {
      this.#withoutLine = this.#length
      return null
    }
    const line = this.take(end + 1)
    const length = end > 0 && line[end - 1] === CR ? end - 1 : end
    return Buffer.from(line.buffer, 0, length).toString('utf8')
  }

  #indexOfLine(): number {
    let before = 0
    for (let i = this.#first; i < this.#chunks.length; i++) {
      const { bytes, start, end } = this.#chunks[i]!
      const from = start + Math.max(0, this.#withoutLine - before)
      if (from < end) {
        const at = bytes.subarray(from, end).indexOf(LF)
        if (at >= 0) return before + from - start + at
      }
      before += end - start
    }
    return -1
  }

  /** Takes everything away. */
  clear(): void {
    this.drain(this.#length)
  }
}

const NO_BYTES = new Uint8Array(0)
const USED_UP: Chunk = { bytes: NO_BYTES, start: 0, end: 0 }

/** Used again by any queue: one that is empty holds no memory. */
const spare: Chunk[] = []
const MOST_SPARE = 64

function newChunk(atLeastBytes: number): Chunk {
  const chunk = atLeastBytes <= CHUNK_BYTES ? spare.pop() : undefined
  if (chunk === undefined) {
    const bytes = new Uint8Array(Math.max(CHUNK_BYTES, atLeastBytes))
    return { bytes, start: 0, end: 0 }
  }
  chunk.start = 0
  chunk.end = 0
  return chunk
}
