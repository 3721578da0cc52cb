// The request that opened a line, as routes and handlers see it: small, without the HTTP parser's objects.

/** What an engine knows of a request. */
export interface UpgradeRequestInit {
  readonly method: string
  /** The request target as it came: path and query. */
  readonly target: string
  readonly httpVersion: string
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  /** Address of the other side, after PROXY protocol or X-Forwarded-For of a trusted proxy. '' for none. */
  readonly remoteAddress: string
  readonly secure: boolean
}

type Headers = Readonly<Record<string, string | undefined>>

export class UpgradeRequest {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  readonly remoteAddress: string
  /** Whether the line is encrypted up to this process. */
  readonly secure: boolean
  /** Parameters of the route's path: `/room/:id` gives `id`. */
  params: Readonly<Record<string, string>> = NO_PARAMS
  /** One string instead of an object of strings: a held connection keeps its headers in half the memory. */
  readonly #headerBlock: string
  #headers: Headers | null = null

  constructor(init: UpgradeRequestInit) {
    this.method = init.method
    this.target = init.target
    this.httpVersion = init.httpVersion
    this.remoteAddress = init.remoteAddress
    this.secure = init.secure
    this.#headerBlock = init.rawHeaders.join('\n')
  }

  /** Bytes of the request line and the headers, as they are counted against `limits.headerBytes`. */
  get headBytes(): number {
    const requestLine = `${this.method} ${this.target} HTTP/1.1\r\n`.length
    if (this.#headerBlock === '') return requestLine + 2
    const headerCount = this.#headerBlock.split('\n').length / 2
    // The block has one byte where a header has two: behind its name and behind its value.
    return requestLine + this.#headerBlock.length + headerCount * 2 + 1 + 2
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

  /** By lower-case name; several of one name are joined by ', ' (RFC 9110 §5.3), cookies by '; '. */
  get headers(): Headers {
    this.#headers ??= parseHeaders(this.#headerBlock)
    return this.#headers
  }

  /** All values of one header, apart. */
  headerValues(name: string): string[] {
    const wanted = name.toLowerCase()
    const lines = this.#headerBlock.split('\n')
    const values: string[] = []
    for (let i = 0; i + 1 < lines.length; i += 2) {
      if (lines[i]!.toLowerCase() === wanted) values.push(lines[i + 1]!)
    }
    return values
  }

  get host(): string {
    return this.headers['host'] ?? ''
  }

  get origin(): string | undefined {
    return this.headers['origin']
  }

  /** Cookies by name; the first of a name wins. Values are not decoded. */
  get cookies(): Readonly<Record<string, string>> {
    const cookies: Record<string, string> = Object.create(null) as Record<string, string>
    for (const pair of (this.headers['cookie'] ?? '').split(';')) {
      const equals = pair.indexOf('=')
      if (equals < 0) continue
      const name = pair.slice(0, equals).trim()
      if (name !== '' && !(name in cookies)) cookies[name] = pair.slice(equals + 1).trim()
    }
    return cookies
  }

  /** Forgets what can be rebuilt; called when the handshake is over. */
  compact(): void {
    this.#headers = null
  }
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>,
)

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
  return headers
}
