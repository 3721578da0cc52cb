// Owns the server's side of the opening handshake (RFC 6455 §4.2): judging a request, writing the answer.
// Pure: it must not know sockets, routes or origins; who calls it sends the text as latin1 bytes.
import { hash } from 'node:crypto'
import { errorCatalogue, HoldlineError, type ErrorCode } from './errors.ts'
import { isToken, listHas, maxTokens, parseExtensionList, parseTokenList } from './header-list.ts'

/** Headers as node:http gives them: lowercase names, repeated ones joined by commas or as an array. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Headers to send beside those of the handshake; a list sends the name once per value. */
export type ExtraHeaders = Readonly<Record<string, string | readonly string[]>>

/** What judging a request needs of it. */
export interface UpgradeHead {
  readonly method: string | undefined
  readonly httpVersion: string
  readonly headers: RequestHeaders
}

export interface UpgradeResponse {
  /** Sec-WebSocket-Key of the request, already checked. */
  readonly key: string
  readonly subprotocol?: string | undefined
  /** The value of Sec-WebSocket-Extensions, as negotiateDeflate gives it. */
  readonly extensions?: string | undefined
  readonly headers?: ExtraHeaders | undefined
}

/** Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2, step 5.4). */
export function acceptKey(key: string): string {
  return hash('sha1', `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64')
}

/** Why this request opens no WebSocket, or null when it may (RFC 6455 §4.2.1). Route and origin come after. */
export function checkUpgradeRequest(request: UpgradeHead): ErrorCode | null {
  const { headers } = request
  if (request.method !== 'GET') return 'ERR_UPGRADE_METHOD'
  if (!isHttp11(request.httpVersion)) return 'ERR_UPGRADE_HTTP_VERSION'
  if (!listHas(joinedHeader(headers, 'upgrade') ?? '', 'websocket')) {
    return 'ERR_UPGRADE_HEADER_UPGRADE'
  }
  // A body is refused before all else is looked at: nothing behind this head may be read as a request.
  if (headers['transfer-encoding'] !== undefined) return 'ERR_UPGRADE_TRANSFER_ENCODING'
  if ((singleHeader(headers, 'content-length', '0') ?? '') !== '0') return 'ERR_UPGRADE_BODY'
  if (!listHas(joinedHeader(headers, 'connection') ?? '', 'upgrade')) {
    return 'ERR_UPGRADE_HEADER_CONNECTION'
  }
  // RFC 9112 §3.2: exactly one, and a comma cannot be part of it.
  const host = singleHeader(headers, 'host')
  if (!host || host.includes(',')) return 'ERR_UPGRADE_HOST'
  if (singleHeader(headers, 'sec-websocket-version') !== '13') return 'ERR_UPGRADE_VERSION'
  const subprotocols = joinedHeader(headers, 'sec-websocket-protocol')
  if (subprotocols !== undefined && parseSubprotocols(subprotocols) === null) {
    return 'ERR_UPGRADE_SUBPROTOCOL'
  }
  const extensions = joinedHeader(headers, 'sec-websocket-extensions')
  if (extensions !== undefined && parseExtensionList(extensions) === null) {
    return 'ERR_UPGRADE_EXTENSIONS'
  }
  // Last: what comes before is the same for all requests that differ in their key alone, and judged once for them.
  return isKey(singleHeader(headers, 'sec-websocket-key') ?? '') ? null : 'ERR_UPGRADE_KEY'
}

/**
 * The subprotocols a client asks for, in its order of preference. No header, none asked for; null when it is
 * malformed, names one twice (RFC 6455 §4.1, step 10) or more than anybody speaks.
 */
export function parseSubprotocols(header: string | undefined): string[] | null {
  if (header === undefined) return []
  const names = parseTokenList(header)
  // At the bound the rest was not kept, so nobody knows whether it repeats a name.
  if (names === null || names.length >= maxTokens) return null
  return new Set(names).size === names.length ? names : null
}

/** The 101 response. Throws ERR_HEADER_INVALID rather than let a value write headers of its own. */
export function upgradeResponse(response: UpgradeResponse): string {
  let text =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${acceptKey(response.key)}\r\n`
  if (response.subprotocol !== undefined) {
    if (!isToken(response.subprotocol)) {
      throw new HoldlineError('ERR_HEADER_INVALID', 'the subprotocol is not a token')
    }
    text += `Sec-WebSocket-Protocol: ${response.subprotocol}\r\n`
  }
  if (response.extensions !== undefined) {
    text += headerLine('Sec-WebSocket-Extensions', response.extensions)
  }
  return `${text}${headerLines(response.headers)}\r\n`
}

/**
 * The answer to a request that opens no WebSocket, body included. `status` is the entry's own unless a route
 * wants another (401 for a missing login). The connection has to be closed behind it and nothing more read.
 */
export function refusalResponse(
  status: number | undefined,
  code: ErrorCode,
  extraHeaders?: ExtraHeaders,
  detail?: string,
): string {
  const entry = errorCatalogue[code]
  const answered = status ?? entry.status ?? 400
  const body = asciiJson({ error: { code, message: entry.message, fix: entry.fix, detail } })
  let text = `HTTP/1.1 ${answered} ${reasonPhrases.get(answered) ?? 'Refused'}\r\n`
  // RFC 9110 §15.5.22: 426 names the protocol, and §7.8: Upgrade is a connection option.
  text += answered === 426 ? 'Connection: close, Upgrade\r\n' : 'Connection: close\r\n'
  if (answered === 426) text += 'Upgrade: websocket\r\n'
  if (answered === 405) text += 'Allow: GET\r\n'
  // RFC 6455 §4.4
  if (code === 'ERR_UPGRADE_VERSION') text += 'Sec-WebSocket-Version: 13\r\n'
  text += `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
  return `${text}${headerLines(extraHeaders)}\r\n${body}`
}

/** Header lines for the names and values of a program. Throws ERR_HEADER_INVALID; never lets CR or LF pass. */
export function headerLines(headers: ExtraHeaders | undefined): string {
  let text = ''
  for (const [name, values] of Object.entries(headers ?? {})) {
    if (!isToken(name)) throw new HoldlineError('ERR_HEADER_INVALID', JSON.stringify(name))
    if (ownHeaders.has(name.toLowerCase())) {
      throw new HoldlineError('ERR_HEADER_INVALID', `${name} belongs to the handshake`)
    }
    for (const value of typeof values === 'string' ? [values] : values) {
      text += headerLine(name, value)
    }
  }
  return text
}

/** One header that has to stand once: its value, `absent` without it, null when it is repeated. */
export function singleHeader(
  headers: RequestHeaders,
  name: string,
  absent: string | null = null,
): string | null {
  const value = headers[name]
  if (value === undefined) return absent
  if (typeof value === 'string') return value
  return value.length === 1 ? (value[0] ?? null) : null
}

/** One header that is a list: repeated lines mean the same as one joined by commas (RFC 9110 §5.3). */
export function joinedHeader(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name]
  return value === undefined || typeof value === 'string' ? value : value.join(', ')
}

/** 24 characters of base64 that stand for exactly 16 bytes (RFC 6455 §4.2.1, step 5). */
export function isKey(text: string): boolean {
  if (text.length !== 24 || text.charCodeAt(22) !== 0x3d || text.charCodeAt(23) !== 0x3d)
    return false
  for (let at = 0; at < 22; at++) {
    const character = text.charCodeAt(at)
    const lower = character | 0x20
    const isBase64 =
      (character < 0x80 && lower >= 0x61 && lower <= 0x7a && character >= 0x41) ||
      (character >= 0x30 && character <= 0x39) ||
      character === 0x2b ||
      character === 0x2f
    if (!isBase64) return false
  }
  return true
}

/** 1.1 or a later 1.x: what says 2.0 in an HTTP/1 request line is not HTTP/2 (RFC 9113 §3). */
function isHttp11(version: string): boolean {
  if (version.length !== 3 || version[0] !== '1' || version[1] !== '.') return false
  const minor = version.charCodeAt(2) - 0x30
  return minor >= 1 && minor <= 9
}

function headerLine(name: string, value: string): string {
  // RFC 9110 §5.5: visible characters, obs-text, space and tab. The text is sent as latin1, so one character
  // is one byte, and none beyond 0xff may pass: it could lose its high half and become a line break.
  for (let at = 0; at < value.length; at++) {
    const character = value.charCodeAt(at)
    const allowed =
      character === 0x09 ||
      (character >= 0x20 && character < 0x7f) ||
      (character >= 0x80 && character <= 0xff)
    if (!allowed) throw new HoldlineError('ERR_HEADER_INVALID', `the value of ${name}`)
  }
  return `${name}: ${value}\r\n`
}

/** JSON in ASCII alone, so that its length in characters is its length in bytes. */
function asciiJson(value: unknown): string {
  let text = ''
  for (const character of JSON.stringify(value)) {
    const unit = character.charCodeAt(0)
    if (unit < 0x80) text += character
    else for (const half of character.split('')) text += `\\u${hex4(half.charCodeAt(0))}`
  }
  return text
}

function hex4(unit: number): string {
  return unit.toString(16).padStart(4, '0')
}

const ownHeaders: ReadonlySet<string> = new Set([
  'upgrade',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
])

const reasonPhrases: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [408, 'Request Timeout'],
  [413, 'Content Too Large'],
  [426, 'Upgrade Required'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [500, 'Internal Server Error'],
  [503, 'Service Unavailable'],
  [505, 'HTTP Version Not Supported'],
])
