// Owns the grammar of comma-separated header values: token lists and RFC 6455 §9.1 extension lists, in one
// pass without regular expressions, so that no input costs more than linear time. Knows no header by name.

/** One parameter of an extension: its name and its value, or null where it stands alone. */
export type ExtensionParameter = readonly [name: string, value: string | null]

/** One element of Sec-WebSocket-Extensions. Arrays, not objects: `__proto__` is a plain name here. */
export interface ExtensionOffer {
  readonly name: string
  readonly parameters: readonly ExtensionParameter[]
}

/** What a peer lists beyond these counts is checked for its form and then forgotten. */
export const maxOffers = 64
export const maxParametersPerOffer = 16
export const maxTokens = 64

/**
 * The elements of a list of tokens (`Connection`, `Sec-WebSocket-Protocol`), or null when the value is
 * malformed or names nothing. Empty elements are passed over (RFC 9110 §5.6.1.2).
 */
export function parseTokenList(value: string): string[] | null {
  return parseList(value, tokenEnd)
}

/** As parseTokenList, for `Upgrade`, whose elements may carry a version: `name/version` (RFC 9110 §7.8). */
export function parseProtocolList(value: string): string[] | null {
  return parseList(value, protocolEnd)
}

/** Whether a well-formed list of tokens or of `name/version` holds `token` (lowercase), in any case. */
export function listHas(value: string, token: string): boolean {
  return parseProtocolList(value)?.some((element) => element.toLowerCase() === token) ?? false
}

/** Whether the whole text is one token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return text.length > 0 && tokenEnd(text, 0) === text.length
}

/**
 * The offers of a Sec-WebSocket-Extensions value in order (RFC 6455 §9.1), or null when it is malformed.
 *
 * A quoted value has to be a token once unescaped. The one exception is `""`: it is kept as an empty value,
 * which no parameter allows, so that it costs the peer that offer and not the connection.
 */
export function parseExtensionList(value: string): ExtensionOffer[] | null {
  const offers: ExtensionOffer[] = []
  let at = skipSpace(value, 0)
  let seen = false
  while (at < value.length) {
    if (value.charCodeAt(at) === comma) {
      at = skipSpace(value, at + 1)
      continue
    }
    const nameEnd = tokenEnd(value, at)
    if (nameEnd === at) return null
    const parameters: ExtensionParameter[] = []
    const next = parseParameters(value, skipSpace(value, nameEnd), parameters)
    if (next === -1) return null
    if (offers.length < maxOffers) offers.push({ name: value.slice(at, nameEnd), parameters })
    seen = true
    at = next
  }
  return seen ? offers : null
}

/** Reads `; name`, `; name=token`, `; name="quoted"` up to a comma or the end. Gives the place, or -1. */
function parseParameters(value: string, start: number, into: ExtensionParameter[]): number {
  let at = start
  while (at < value.length && value.charCodeAt(at) === semicolon) {
    const nameAt = skipSpace(value, at + 1)
    const nameEnd = tokenEnd(value, nameAt)
    if (nameEnd === nameAt) return -1
    const name = value.slice(nameAt, nameEnd)
    at = skipSpace(value, nameEnd)
    let content: string | null = null
    if (value.charCodeAt(at) === equals) {
      const valueAt = skipSpace(value, at + 1)
      const quoted = value.charCodeAt(valueAt) === quote
      at = quoted ? quotedEnd(value, valueAt) : tokenEnd(value, valueAt)
      if (at <= valueAt) return -1
      content = quoted ? unescape(value, valueAt + 1, at - 1) : value.slice(valueAt, at)
      if (quoted && content.length > 0 && !isToken(content)) return -1
      at = skipSpace(value, at)
    }
    // One more than may be kept is kept, so that an offer that is too long is never taken for a shorter one.
    if (into.length <= maxParametersPerOffer) into.push([name, content])
  }
  return at === value.length || value.charCodeAt(at) === comma ? at : -1
}

function parseList(value: string, endOf: (text: string, at: number) => number): string[] | null {
  const elements: string[] = []
  let at = skipSpace(value, 0)
  while (at < value.length) {
    if (value.charCodeAt(at) !== comma) {
      const end = endOf(value, at)
      if (end === at) return null
      if (elements.length < maxTokens) elements.push(value.slice(at, end))
      at = skipSpace(value, end)
      if (at < value.length && value.charCodeAt(at) !== comma) return null
    }
    at = skipSpace(value, at + 1)
  }
  return elements.length > 0 ? elements : null
}

const tab = 0x09
const space = 0x20
const quote = 0x22
const comma = 0x2c
const slash = 0x2f
const semicolon = 0x3b
const equals = 0x3d
const backslash = 0x5c

// RFC 9110 §5.6.2: tchar
const tokenCharacters: Uint8Array = new Uint8Array(128)
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  tokenCharacters[character.charCodeAt(0)] = 1
}

function tokenEnd(text: string, start: number): number {
  let at = start
  while (at < text.length && tokenCharacters[text.charCodeAt(at)] === 1) at++
  return at
}

function protocolEnd(text: string, start: number): number {
  const nameEnd = tokenEnd(text, start)
  if (nameEnd === start || text.charCodeAt(nameEnd) !== slash) return nameEnd
  const versionEnd = tokenEnd(text, nameEnd + 1)
  return versionEnd === nameEnd + 1 ? start : versionEnd
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length) {
    const character = text.charCodeAt(at)
    if (character !== space && character !== tab) break
    at++
  }
  return at
}

/** The place behind the closing quote of the string that opens at `start`, or -1 when nothing closes it. */
function quotedEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === quote) return at + 1
    if (character === backslash) at++
  }
  return -1
}

function unescape(text: string, start: number, end: number): string {
  let plain = ''
  let from = start
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at) !== backslash) continue
    plain += text.slice(from, at)
    // What is escaped is taken as it stands, a backslash or a quote as well.
    from = ++at
  }
  return plain + text.slice(from, end)
}
