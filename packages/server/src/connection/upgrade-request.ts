// The request that opened a line, as routes and handlers see it: small, without the HTTP parser's objects.

import type { ErrorCode } from '../protocol/errors.ts'
import { isKey } from '../protocol/handshake.ts'
import { RequestHead } from './request-head.ts'
import type { Headers, RequestHeadInit } from './request-head.ts'

/** What an engine knows of a request. */
export interface UpgradeRequestInit extends RequestHeadInit {
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  /** Address of the other side, after PROXY protocol or X-Forwarded-For of a trusted proxy. '' for none. */
  readonly remoteAddress: string
}

type Params = Readonly<Record<string, string>>

export class UpgradeRequest {
  readonly remoteAddress: string
  /** Parameters of the route's path: `/room/:id` gives `id`. */
  params: Params = NO_PARAMS
  /** Everything but the key; shared with others that sent the same. */
  readonly #head: RequestHead
  /** Sec-WebSocket-Key, until the handshake is over; null also where it does not stand exactly once. */
  #key: string | null

  constructor(head: RequestHead, key: string | null, remoteAddress: string) {
    this.#head = head
    this.#key = key
    this.remoteAddress = remoteAddress
  }

  static of(init: UpgradeRequestInit): UpgradeRequest {
    const { block, key } = withoutKey(init.rawHeaders)
    return new UpgradeRequest(RequestHead.of(init, block), key, init.remoteAddress)
  }

  /** What other requests may share. */
  get head(): RequestHead {
    return this.#head
  }

  get method(): string {
    return this.#head.method
  }

  get target(): string {
    return this.#head.target
  }

  get httpVersion(): string {
    return this.#head.httpVersion
  }

  /** Whether the line is encrypted up to this process. */
  get secure(): boolean {
    return this.#head.secure
  }

  /** Why this request opens no WebSocket, whatever the route; null when it may (RFC 6455 §4.2.1). */
  get problem(): ErrorCode | null {
    const { problem } = this.#head
    return problem === null && !isKey(this.key) ? 'ERR_UPGRADE_KEY' : problem
  }

  /** Sec-WebSocket-Key; '' where there is none, several, or the handshake is over. */
  get key(): string {
    return this.#key ?? ''
  }

  /** Bytes of the request line and the headers, as they are counted against `limits.headerBytes`. */
  get headBytes(): number {
    const keyBytes = this.#key === null ? 0 : `${KEY}: ${this.#key}\r\n`.length
    return this.#head.bytes + keyBytes
  }

  /** Path without the query, as it came (not decoded). */
  get path(): string {
    const query = this.target.indexOf('?')
    return query < 0 ? this.target : this.target.slice(0, query)
  }

  get query(): URLSearchParams {
    const query = this.target.indexOf('?')
    return new URLSearchParams(query < 0 ? '' : this.target.slice(query + 1))
  }

  /**
   * By lower-case name; several of one name are joined by ', ' (RFC 9110 §5.3), cookies by '; '. Without
   * Sec-WebSocket-Key once the connection is open: it has served its purpose.
   */
  get headers(): Headers {
    const { headers } = this.#head
    if (this.#key === null) return headers
    const withKey = Object.assign(Object.create(null), headers, { [KEY]: this.#key }) as Headers
    return Object.freeze(withKey)
  }

  /** One header, by lower-case name, as `headers` has it. */
  header(name: string): string | undefined {
    return name === KEY && this.#key !== null ? this.#key : this.#head.headers[name]
  }

  /** All values of one header, apart. */
  headerValues(name: string): string[] {
    const wanted = name.toLowerCase()
    if (wanted === KEY && this.#key !== null) return [this.#key]
    const lines = this.#head.block.split('\n')
    const values: string[] = []
    for (let i = 0; i + 1 < lines.length; i += 2) {
      if (lines[i]!.toLowerCase() === wanted) values.push(lines[i + 1]!)
    }
    return values
  }

  get host(): string {
    return this.header('host') ?? ''
  }

  get origin(): string | undefined {
    return this.header('origin')
  }

  /** Cookies by name; the first of a name wins. Values are not decoded. */
  get cookies(): Readonly<Record<string, string>> {
    const cookies: Record<string, string> = Object.create(null) as Record<string, string>
    for (const pair of (this.header('cookie') ?? '').split(';')) {
      const equals = pair.indexOf('=')
      if (equals < 0) continue
      const name = pair.slice(0, equals).trim()
      if (name !== '' && !(name in cookies)) cookies[name] = pair.slice(equals + 1).trim()
    }
    return cookies
  }

  /** Forgets what can be rebuilt, and the key; called when the handshake is over. */
  compact(): void {
    this.#key = null
    this.#head.compact()
  }
}

const KEY = 'sec-websocket-key'

const NO_PARAMS: Params = Object.freeze(Object.create(null) as Record<string, string>)

/** The headers as one block; the key apart where it stands once. */
function withoutKey(rawHeaders: readonly string[]): { block: string; key: string | null } {
  let place = -1
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length !== KEY.length || name.toLowerCase() !== KEY) continue
    if (place >= 0) return { block: rawHeaders.join('\n'), key: null }
    place = i
  }
  if (place < 0) return { block: rawHeaders.join('\n'), key: null }
  return { block: rawHeaders.toSpliced(place, 2).join('\n'), key: rawHeaders[place + 1]! }
}
