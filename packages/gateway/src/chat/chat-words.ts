// What the page and the gateway agree on: names, rooms, messages, and the bounds of each. Runs on both sides; knows no
// line.

/** Bounds that the page shows and the gateway enforces: lengths in characters, and how many messages a room keeps. */
export const chatBounds = {
  nameLength: 32,
  roomLength: 40,
  textLength: 2000,
  keptCount: 200,
} as const

/** What a page publishes. */
export interface Draft {
  /** Made by the page, so that a message which is sent again is known. */
  readonly id: string
  readonly text: string
}

/** What the topic of a room carries: a draft, with what the gateway knows of it. */
export interface Said extends Draft {
  readonly from: Person
  /** When the gateway took it, in milliseconds since 1970. */
  readonly at: number
}

export interface Person {
  /** The identity on the line, which nobody else can have. */
  readonly id: string
  readonly name: string
}

// Controls, and the marks that turn or hide text: with them one name can be made to look like another.
const unseen = /[\p{Cc}\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/u

const topicPrefix = 'chat.'

export function tidyName(name: string): string {
  return name.normalize('NFC').trim().replace(/\s+/gu, ' ')
}

/** Why a tidy name cannot be one, as a sentence; null: it can. */
export function nameProblem(name: string): string | null {
  const { nameLength } = chatBounds
  if (name === '') return 'Choose a name'
  if (name.length > nameLength) return `A name has at most ${nameLength} characters`
  if (unseen.test(name)) return 'A name has no invisible characters'
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(name) ? null : 'A name has something to read'
}

export function tidyRoom(room: string): string {
  return room.normalize('NFC').trim().toLowerCase()
}

/** Why a tidy room cannot be one, as a sentence; null: it can. */
export function roomProblem(room: string): string | null {
  const { roomLength } = chatBounds
  if (room === '') return 'Choose a room'
  if (room.length > roomLength) return `A room has at most ${roomLength} characters`
  if (/^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u.test(room)) return null
  return 'A room is named with letters, digits, - and _, and begins with a letter or digit'
}

export function topicOf(room: string): `chat.${string}` {
  return `${topicPrefix}${room}`
}

/** Whether a topic is that of a room. */
export function isRoomTopic(topic: string): boolean {
  if (!topic.startsWith(topicPrefix)) return false
  const room = topic.slice(topicPrefix.length)
  return room === tidyRoom(room) && roomProblem(room) === null
}

/** Who a page says it is. `key` is a secret of the page: whoever has it is the same person after a reconnect. */
export function tokenOf(key: string, name: string): string {
  return `${key} ${name}`
}

/** The identity is the hash of the key and the name, so both are the gateway's word wherever it stands. */
export function identityOf({ hash, name }: { hash: string; name: string }): string {
  return `${hash} ${name}`
}

export function personOf(identity: string): Person {
  return { id: identity, name: identity.slice(identity.indexOf(' ') + 1) }
}

/** A draft that is one, without anything else that it came with; null: it is none. */
export function draftOf(value: unknown): Draft | null {
  if (typeof value !== 'object' || value === null) return null
  const { id, text } = value as { readonly id?: unknown; readonly text?: unknown }
  if (typeof id !== 'string' || !/^[\w-]{1,40}$/.test(id)) return null
  if (typeof text !== 'string' || text.length > chatBounds.textLength) return null
  return text.trim() === '' ? null : { id, text }
}
