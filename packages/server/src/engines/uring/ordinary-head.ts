// Recognises the head of a perfectly ordinary upgrade request, as browsers and client libraries send it. Whatever is
// unusual about a request, right or wrong, is node:http's to judge; this only saves the way through it.

/** The part of a request head that is read. */
export interface OrdinaryHead {
  readonly target: string
  /** Names and values in turn, as they came. */
  readonly rawHeaders: string[]
  /** Bytes up to and with the empty line. */
  readonly length: number
}

const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9
const COLON = 58

/** Headers that make a request something else than an ordinary upgrade, or that say where it ends. */
const unusual: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
])

/** Headers that an ordinary upgrade has exactly once. */
const once = ['host', 'upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version']

const MAX_HEADERS = 100

/** The head in `bytes[start, end)`; null where it is not whole, or not ordinary in every respect. */
export function readOrdinaryHead(bytes: Buffer, start: number, end: number): OrdinaryHead | null {
  const isGet =
    end - start > 64 &&
    bytes[start] === 0x47 &&
    bytes[start + 1] === 0x45 &&
    bytes[start + 2] === 0x54 &&
    bytes[start + 3] === SPACE &&
    bytes[start + 4] === 0x2f
  if (!isGet) return null
  let at = start + 4
  while (at < end && isVisible(bytes[at]!)) at++
  const target = bytes.toString('latin1', start + 4, at)
  if (bytes.toString('latin1', at, at + 11) !== ' HTTP/1.1\r\n') return null
  at += 11
  const rawHeaders: string[] = []
  while (bytes[at] !== CR) {
    if (rawHeaders.length >= MAX_HEADERS * 2) return null
    at = readHeader(bytes, at, end, rawHeaders)
    if (at < 0) return null
  }
  if (at + 1 >= end || bytes[at + 1] !== LF) return null
  if (!isOrdinary(rawHeaders)) return null
  return { target, rawHeaders, length: at + 2 - start }
}

/** Reads one header line into `headers`; the position behind it, or -1. */
function readHeader(bytes: Buffer, start: number, end: number, headers: string[]): number {
  let at = start
  while (at < end && isToken[bytes[at]!] === 1) at++
  if (at === start || bytes[at] !== COLON) return -1
  const name = bytes.toString('latin1', start, at)
  at++
  while (bytes[at] === SPACE || bytes[at] === TAB) at++
  const valueStart = at
  while (at < end && isValue(bytes[at]!)) at++
  if (at + 1 >= end || bytes[at] !== CR || bytes[at + 1] !== LF) return -1
  let valueEnd = at
  while (valueEnd > valueStart && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) {
    valueEnd--
  }
  headers.push(name, bytes.toString('latin1', valueStart, valueEnd))
  return at + 2
}

function isOrdinary(rawHeaders: readonly string[]): boolean {
  let found = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (unusual.has(name)) return false
    const place = once.indexOf(name)
    if (place < 0) continue
    const bit = 1 << place
    // Twice: node:http joins some and drops others.
    if ((found & bit) !== 0) return false
    found |= bit
    const value = rawHeaders[i + 1]!
    if (name === 'upgrade' && value.toLowerCase() !== 'websocket') return false
    if (name === 'connection' && !isUpgradeOption(value)) return false
  }
  return found === (1 << once.length) - 1
}

/** `Upgrade`, and what browsers send: `keep-alive, Upgrade`. */
function isUpgradeOption(value: string): boolean {
  const lower = value.toLowerCase()
  return lower === 'upgrade' || lower === 'keep-alive, upgrade'
}

function isVisible(byte: number): boolean {
  return byte > SPACE && byte < 127
}

function isValue(byte: number): boolean {
  return (byte >= SPACE && byte < 127) || byte === TAB
}

/** RFC 9110 §5.6.2, as a table. */
const isToken = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte)) && byte < 127 ? 1 : 0,
)
