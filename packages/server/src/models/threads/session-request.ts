// The request of a connection as its thread sees it. A class of its own: the connection's would bring the handshake and
// its cryptography into each thread (a third of a thread's memory).

import type { UpgradeRequest } from '../../connection/upgrade-request.ts'

/** A request as it can be cloned. */
export interface RequestCopy {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  readonly secure: boolean
  readonly remoteAddress: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly cookies: Readonly<Record<string, string>>
}

/** What a thread is told of a request; without the key, which is none of its affair. */
export function copyRequest(request: UpgradeRequest): RequestCopy {
  const { method, target, httpVersion, secure, remoteAddress, params, headers, cookies } = request
  return {
    method,
    target,
    httpVersion,
    secure,
    remoteAddress,
    params: { ...params },
    headers: { ...headers, 'sec-websocket-key': undefined },
    cookies: { ...cookies },
  }
}

export class SessionRequest {
  readonly method: string
  /** Path and query, as they came. */
  readonly target: string
  readonly httpVersion: string
  /** Whether the line is encrypted up to the server's process. */
  readonly secure: boolean
  /** Address of the other side; '' for none. */
  readonly remoteAddress: string
  /** Parameters of the route's path: `/room/:id` gives `id`. */
  readonly params: Readonly<Record<string, string>>
  /** By lower-case name; several of one name are joined by ', ', cookies by '; '. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** By name; the first of a name wins. Values are not decoded. */
  readonly cookies: Readonly<Record<string, string>>

  constructor(copy: RequestCopy) {
    this.method = copy.method
    this.target = copy.target
    this.httpVersion = copy.httpVersion
    this.secure = copy.secure
    this.remoteAddress = copy.remoteAddress
    // A clone has the prototype of all objects: a header of the name `constructor` is not there unless it was sent.
    this.params = withoutPrototype(copy.params)
    this.headers = withoutPrototype(copy.headers)
    this.cookies = withoutPrototype(copy.cookies)
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

  /** One header, by lower-case name. */
  header(name: string): string | undefined {
    return this.headers[name]
  }

  get host(): string {
    return this.headers['host'] ?? ''
  }

  get origin(): string | undefined {
    return this.headers['origin']
  }
}

function withoutPrototype<T extends object>(of: T): T {
  return Object.freeze(Object.assign(Object.create(null) as T, of))
}
