// IP addresses as text and as bytes, strictly: no zones, no leading zeros, no shorthand such as 10.1. One address
// has one text (RFC 5952), so that texts can be compared; IPv4-mapped IPv6 is written as IPv4.

/** 4 or 16 bytes, or null for what is no IP address. */
export function parseIpAddress(text: string): Uint8Array | null {
  if (text.length > LONGEST_TEXT) return null
  const groups = text.includes(':') ? parseIpv6(text) : parseIpv4(text)
  if (groups === null) return null
  return text.includes(':')
    ? Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff]))
    : Uint8Array.from(groups)
}

/** Takes 4 or 16 bytes. */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (MAPPED_PREFIX.every((byte, i) => bytes[i] === byte)) return bytes.subarray(12).join('.')
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!)
  return formatGroups(groups)
}

/** The one text of an address, or null for what is none. */
export function canonicalIpAddress(text: string): string | null {
  const bytes = parseIpAddress(text)
  return bytes === null ? null : formatIpAddress(bytes)
}

/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255` */
const LONGEST_TEXT = 45

/** RFC 4291 §2.5.5.2 */
const MAPPED_PREFIX: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

function parseIpv4(text: string): number[] | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return null
  const numbers = parts.map(Number)
  return numbers.every((number) => number <= 255) ? numbers : null
}

/** Eight groups of 16 bits. */
function parseIpv6(text: string): number[] | null {
  const sides = text.split('::')
  if (sides.length > 2) return null
  const isShortened = sides.length === 2
  const left = parseGroups(sides[0]!, !isShortened)
  const right = isShortened ? parseGroups(sides[1]!, true) : []
  if (left === null || right === null) return null
  const missing = 8 - left.length - right.length
  // `::` stands for at least one group (RFC 5952 §4.2.2 forbids writing it for one, RFC 4291 §2.2 allows it).
  if (isShortened ? missing < 1 : missing !== 0) return null
  return [...left, ...Array<number>(missing).fill(0), ...right]
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16))
      continue
    }
    const ipv4 = mayEndInIpv4 && i === parts.length - 1 ? parseIpv4(part) : null
    if (ipv4 === null) return null
    groups.push((ipv4[0]! << 8) | ipv4[1]!, (ipv4[2]! << 8) | ipv4[3]!)
  }
  return groups
}

// RFC 5952 §4.2: the longest run of zeros, the first of several, from two groups on.
function formatGroups(groups: readonly number[]): string {
  let runStart = 0
  let runLength = 1
  for (let start = 0; start < 8; start++) {
    let end = start
    while (end < 8 && groups[end] === 0) end++
    if (end - start > runLength) [runStart, runLength] = [start, end - start]
  }
  const texts = groups.map((group) => group.toString(16))
  if (runLength === 1) return texts.join(':')
  return `${texts.slice(0, runStart).join(':')}::${texts.slice(runStart + runLength).join(':')}`
}
