// What processes tell each other of who is present: JSON on a topic of Holdline's own. Whatever comes is checked
// before it is believed: a broker may be shared.

/** One announcement: as long as this, many of them stay within what every broker carries. */
const PART_BYTES = 131_072
const MOST_PARTS = 65_536

/**
 * An entry on its way: number within its process, topic, member, identity, state as JSON, stamp. Of two entries of one
 * member the one with the later stamp shows.
 */
export type WireEntry = readonly [
  key: number,
  topic: string,
  member: string,
  identity: string | null,
  stateJson: string,
  stamp: number,
]

/**
 * `from` is the process that speaks, `sequence` the number of its last change.
 * - `change`: entries set, and those cleared by their numbers; what follows `sequence` − 1
 * - `beat`: it lives
 * - `ask`: `of` is to tell its entries, null: everybody is
 * - `full`: all of its entries, in `parts` pieces of which this is number `part`
 * - `bye`: it ends, says it itself or one who knows
 */
export type PresenceMessage =
  | {
      readonly kind: 'change'
      readonly from: string
      readonly sequence: number
      readonly set: readonly WireEntry[]
      readonly cleared: readonly number[]
    }
  | { readonly kind: 'beat'; readonly from: string; readonly sequence: number }
  | { readonly kind: 'ask'; readonly from: string; readonly of: string | null }
  | {
      readonly kind: 'full'
      readonly from: string
      readonly sequence: number
      readonly part: number
      readonly parts: number
      readonly set: readonly WireEntry[]
    }
  | { readonly kind: 'bye'; readonly from: string }

/** null: it is no message of ours. */
export function readPresenceMessage(text: unknown): PresenceMessage | null {
  if (typeof text !== 'string') return null
  let message: Record<string, unknown>
  try {
    message = JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
  if (typeof message !== 'object' || message === null || !isName(message.from)) return null
  return isComplete(message) ? (message as unknown as PresenceMessage) : null
}

function isComplete(message: Record<string, unknown>): boolean {
  const { kind, sequence, set, cleared, part, parts, of } = message
  if (kind === 'bye') return true
  if (kind === 'ask') return of === null || isName(of)
  if (!isCount(sequence)) return false
  if (kind === 'beat') return true
  if (!Array.isArray(set) || !set.every(isEntry)) return false
  if (kind === 'change') return sequence > 0 && Array.isArray(cleared) && cleared.every(isCount)
  if (kind !== 'full' || !isCount(part) || !isCount(parts)) return false
  return part < parts && parts <= MOST_PARTS
}

function isEntry(entry: unknown): entry is WireEntry {
  if (!Array.isArray(entry) || entry.length !== 6) return false
  const [key, topic, member, identity, stateJson, stamp] = entry as unknown[]
  if (!isCount(key) || !isCount(stamp) || !isName(topic) || !isName(member)) return false
  if ((identity !== null && !isName(identity)) || typeof stateJson !== 'string') return false
  return isJson(stateJson)
}

/** What is no JSON would throw later, where nobody could tell whose it is. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 255
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** In pieces that every broker carries; at least one. */
export function inParts<T>(items: readonly T[], bytesOf: (item: T) => number): T[][] {
  const parts: T[][] = [[]]
  let bytes = 0
  for (const item of items) {
    const length = bytesOf(item)
    if (bytes > 0 && bytes + length > PART_BYTES) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)!.push(item)
    bytes += length
  }
  return parts
}

/** More than it takes as UTF-8 within JSON, where quotes and what is not ASCII take more. */
export function entryBytes([, topic, member, identity, stateJson]: WireEntry): number {
  return 64 + 3 * (topic.length + member.length + (identity?.length ?? 0) + stateJson.length)
}
