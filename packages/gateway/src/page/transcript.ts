// What was said in a room, as the page shows it: in order, each message once, grouped by who speaks. Pure.

import type { Author, Said } from '../chat/chat-contract.ts'

/** One message. A pending one was written here and is not confirmed by the server yet. */
export interface Message {
  /** Author and id together: nobody can take another's id. */
  readonly key: string
  readonly id: string
  readonly from: Author
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
      readonly from: Author
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
  #noticeCount = 0

  /** True if the message is new here, or confirms one that was pending. */
  add({ id, from, text, at }: Said): boolean {
    const key = keyOf(from.id, id)
    if (this.#entries.some((entry) => entry.key === key)) return false
    this.#pending.delete(key)
    this.#insert({ key, id, from, text, atMs: at, pending: false })
    return true
  }

  /** Keeps what was written here until the server confirms it. */
  write(id: string, from: Author, text: string, atMs: number): void {
    const key = keyOf(from.id, id)
    this.#pending.set(key, { key, id, from, text, atMs, pending: true })
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
    if (this.#entries.length > entryCount) this.#entries.shift()
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
