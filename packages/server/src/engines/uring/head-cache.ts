// Heads of requests that came before. Clients of one kind send the same head but for the key: where all other bytes
// are the same, nothing has to be read, split and judged a second time.

import type { RequestHead } from '../../connection/request-head.ts'

/** A head that was ordinary, and for a route. */
interface KnownHead {
  readonly head: RequestHead
  /** What comes before the value of the key, and behind it. */
  readonly before: Buffer
  readonly behind: Buffer
}

/** What `find` tells; overwritten by its next call. */
export interface FoundHead {
  head: RequestHead
  key: string
  /** Bytes up to and with the empty line. */
  length: number
}

/** Few: each is compared with each request that comes. */
const MOST_KNOWN = 4
/** 16 bytes in base64. */
const KEY_LENGTH = 24
const isKey = /^[A-Za-z0-9+/]{22}==$/

export class HeadCache {
  readonly #known: KnownHead[] = []

  /** The head that `bytes[start, end)` begin with; null where it has not been remembered. */
  find(bytes: Buffer, start: number, end: number): FoundHead | null {
    for (const { head, before, behind } of this.#known) {
      const keyAt = start + before.length
      const behindAt = keyAt + KEY_LENGTH
      const headEnd = behindAt + behind.length
      if (headEnd > end) continue
      if (bytes.compare(behind, 0, behind.length, behindAt, headEnd) !== 0) continue
      if (bytes.compare(before, 0, before.length, start, keyAt) !== 0) continue
      const key = bytes.toString('latin1', keyAt, behindAt)
      // What is no key may be more than a value: the end of the line, and another header.
      return isKey.test(key) ? { head, key, length: headEnd - start } : null
    }
    return null
  }

  /** Remembers the head in `bytes[start, end)`, whose key has to be `key`. */
  remember(bytes: Buffer, start: number, end: number, key: string, head: RequestHead): void {
    const keyAt = bytes.subarray(start, end).indexOf(key, 0, 'latin1')
    // A key that occurs twice would be compared at the wrong place.
    const isUnique =
      keyAt >= 0 && bytes.subarray(start, end).lastIndexOf(key, end - start, 'latin1') === keyAt
    if (key.length !== KEY_LENGTH || !isUnique) return
    const at = start + keyAt
    const known = {
      head,
      before: Buffer.from(bytes.subarray(start, at)),
      behind: Buffer.from(bytes.subarray(at + KEY_LENGTH, end)),
    }
    if (this.#known.length === MOST_KNOWN) this.#known.pop()
    this.#known.unshift(known)
  }
}
