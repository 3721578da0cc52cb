// The head of an upgrade request, but for its key. Many clients of one kind send the same: they share one, which is
// parsed and judged once, and takes memory once, however many connections hold it.

import type { ErrorCode } from '../protocol/errors.ts'
import { checkUpgradeRequest } from '../protocol/handshake.ts'

export type Headers = Readonly<Record<string, string | undefined>>

/** The request line, and what tells one head from another. */
export interface RequestHeadInit {
  readonly method: string
  /** The request target as it came: path and query. */
  readonly target: string
  readonly httpVersion: string
  readonly secure: boolean
}

/** Heads that are remembered; a site's visitors have some dozens, but for those that carry cookies. */
const MOST_REMEMBERED = 256
const remembered = new Map<string, RequestHead>()

const KEY = 'sec-websocket-key'
/** Stands for a key while a head is judged that is to be shared: 16 bytes in base64, as it has to be. */
const ANY_KEY = 'AAAAAAAAAAAAAAAAAAAAAA=='

export class RequestHead {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  readonly secure: boolean
  /** Names and values, one a line: one string takes half the memory of an object of strings. */
  readonly block: string
  /** Bytes of the request line and the headers, the empty line included. */
  readonly bytes: number
  #headers: Headers | null = null
  #problem: ErrorCode | null | undefined
  /** Whether more than one request had this head. */
  #isShared = false

  private constructor(init: RequestHeadInit, block: string) {
    this.method = init.method
    this.target = init.target
    this.httpVersion = init.httpVersion
    this.secure = init.secure
    this.block = block
    const requestLine = `${init.method} ${init.target} HTTP/1.1\r\n`.length
    const headerCount = block === '' ? 0 : block.split('\n').length / 2
    // The block has one byte where a header has two: behind its name and behind its value.
    const blockBytes = block === '' ? 0 : block.length + headerCount * 2 + 1
    this.bytes = requestLine + blockBytes + 2
  }

  /** `block`: names and values, one a line, without the key where it stands once. */
  static of(init: RequestHeadInit, block: string): RequestHead {
    const { method, target, httpVersion, secure } = init
    const text = `${method}\n${target}\n${httpVersion}\n${secure ? 'tls' : ''}\n${block}`
    const known = remembered.get(text)
    if (known !== undefined) return known.shared()
    if (remembered.size === MOST_REMEMBERED) remembered.clear()
    const head = new RequestHead(init, block)
    remembered.set(text, head)
    return head
  }

  /** One more request has this head. */
  shared(): this {
    this.#isShared = true
    return this
  }

  /** By lower-case name; several of one name are joined by ', ' (RFC 9110 §5.3), cookies by '; '. */
  get headers(): Headers {
    this.#headers ??= parseHeaders(this.block)
    return this.#headers
  }

  /** Why such a request, with a proper key, opens no WebSocket; null when it may. */
  get problem(): ErrorCode | null {
    if (this.#problem === undefined) {
      const { method, httpVersion, headers } = this
      const withKey = { ...headers, [KEY]: ANY_KEY }
      this.#problem = checkUpgradeRequest({ method, httpVersion, headers: withKey })
    }
    return this.#problem
  }

  /** Forgets what can be built again, if nobody else is going to ask for it. */
  compact(): void {
    if (!this.#isShared) this.#headers = null
  }
}

function parseHeaders(block: string): Headers {
  const headers: Record<string, string | undefined> = Object.create(null) as Record<string, string>
  if (block === '') return headers
  const lines = block.split('\n')
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const name = lines[i]!.toLowerCase()
    const before = headers[name]
    const value = lines[i + 1]!
    headers[name] =
      before === undefined ? value : before + (name === 'cookie' ? '; ' : ', ') + value
  }
  // Who writes to the headers of one request must not write to those of others.
  return Object.freeze(headers)
}
