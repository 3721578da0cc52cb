// What was said in a room, as the page shows it: in order, each message once, grouped by who speaks. Pure.

import type { Draft, Person, Said } from '../chat/chat-words.ts'

/** One message. A pending one was written here and is not confirmed by the server yet. */
export interface Message {
  /** Author and id together: nobody can take another's id. */
  readonly key: string
  readonly id: string
  readonly from: Person
  readonly text: string
  readonly atMs: number
  readonly pending: boolean
}

/** Something that happened, in words. */
export interface Notice {
  readonly key: string
  readonly notice: string
  readonly atMs: number
}

/** What stands on the line: messages of one person in a row, something that happened, or another day. */
export type Turn =
  | {
      readonly kind: 'turn'
      readonly key: string
      readonly from: Person
      readonly messages: Message[]
    }
  | {
      readonly kind: 'notice'
      readonly key: string
      readonly notice: string
      readonly atMs: number
    }
  | { readonly kind: 'day'; readonly key: string; readonly atMs: number }

/** Older entries are let go. */
const entryCount = 400

/** Messages further apart than this are no longer one turn. */
const turnMs = 5 * 60_000

export class Transcript {
  #entries: (Message | Notice)[] = []
  #pending = new Map<string, Message>()
  /** Confirmed, and not heard yet: where they stand is a guess. */
  readonly #guessed = new Set<string>()
  #noticeCount = 0

  /** True if the message is new here, or was written here and is heard for the first time. */
  add({ id, from, text, at }: Said): boolean {
    const key = keyOf(from.id, id)
    const index = this.#entries.findIndex((entry) => entry.key === key)
    if (index >= 0 && !this.#guessed.delete(key)) return false
    if (index >= 0) this.#entries.splice(index, 1)
    this.#pending.delete(key)
    this.#insert({ key, id, from, text, atMs: at, pending: false })
    return true
  }

  /** Keeps what was written here until the server confirms it. */
  write({ id, text }: Draft, from: Person, atMs: number): void {
    const key = keyOf(from.id, id)
    this.#pending.set(key, { key, id, from, text, atMs, pending: true })
  }

  /** The server has it. It may be heard before, later, or, where history was lost, never. */
  confirm(id: string, authorId: string): void {
    const key = keyOf(authorId, id)
    const message = this.#pending.get(key)
    if (!message) return
    this.#pending.delete(key)
    this.#guessed.add(key)
    const atMs = Math.max(message.atMs, this.#entries.at(-1)?.atMs ?? 0)
    this.#insert({ ...message, atMs, pending: false })
  }

  /** The server will not have it. */
  withdraw(id: string, authorId: string): void {
    this.#pending.delete(keyOf(authorId, id))
  }

  note(notice: string, atMs: number): void {
    this.#insert({ key: `notice ${++this.#noticeCount}`, notice, atMs })
  }

  /** In the order in which they were written. */
  get pending(): readonly Message[] {
    return [...this.#pending.values()]
  }

  /** All that is kept, oldest first; what is pending comes last. `dayOf` names the day of a time. */
  turns(dayOf: (atMs: number) => string): Turn[] {
    const turns: Turn[] = []
    let day: string | undefined
    for (const entry of [...this.#entries, ...this.pending]) {
      const entryDay = dayOf(entry.atMs)
      if (day !== undefined && entryDay !== day) {
        turns.push({ kind: 'day', key: `day ${entryDay}`, atMs: entry.atMs })
      }
      day = entryDay
      const last = turns.at(-1)
      if ('notice' in entry) {
        turns.push({ kind: 'notice', ...entry })
      } else if (last?.kind === 'turn' && belongs(entry, last.messages.at(-1) as Message)) {
        last.messages.push(entry)
      } else {
        turns.push({ kind: 'turn', key: `turn ${entry.key}`, from: entry.from, messages: [entry] })
      }
    }
    return turns
  }

  #insert(entry: Message | Notice): void {
    let index = this.#entries.length
    while (index > 0 && (this.#entries[index - 1] as Message | Notice).atMs > entry.atMs) index -= 1
    this.#entries.splice(index, 0, entry)
    if (this.#entries.length <= entryCount) return
    const { key } = this.#entries.shift() as Message | Notice
    this.#guessed.delete(key)
  }
}

function belongs(message: Message, previous: Message): boolean {
  return (
    message.from.id === previous.from.id &&
    message.from.name === previous.from.name &&
    message.atMs - previous.atMs <= turnMs
  )
}

function keyOf(authorId: string, id: string): string {
  return `${authorId}/${id}`
}
