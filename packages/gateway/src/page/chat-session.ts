// One visit to one room: the line, who is here, what was said, and what still waits to be confirmed. No DOM.

import { connect } from 'holdline-client'
import type { Client, ClientOptions, State, StateDetail } from 'holdline-client'
import type { ChatIn, ChatOut, Person } from '../chat/chat-contract.ts'
import { Roster } from '../chat/roster.ts'
import { Transcript } from './transcript.ts'

/** How the server answers a message that does not fit the contract. */
interface ContractRefusal {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly issues?: readonly { readonly message: string }[]
  }
}

type Messages = { in: ChatIn; out: ChatOut | ContractRefusal }

export interface Visit {
  readonly name: string
  readonly room: string
}

export interface SessionOptions extends Pick<ClientOptions<Messages['out']>, 'environment'> {
  readonly url: string | URL
  readonly visit: Visit
  /** Something that is shown has changed. */
  readonly onChange: () => void
  /** The server did not take what was sent; one sentence for people. */
  readonly onRefused: (message: string) => void
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Messages that may wait for the line at once. With more, a resend would be a flood. */
const pendingCount = 20

/** Someone who comes back this soon after the line broke was never gone, as far as people can tell. */
const returnMs = 30_000

export class ChatSession {
  readonly transcript: Transcript = new Transcript()
  roster: Roster = new Roster()
  you: Person | undefined
  room: string
  state: State = 'connecting'
  detail: StateDetail = { attempt: 0 }
  /** When `detail` came, in milliseconds since 1970. */
  stateAtMs: number
  /** True while the server knows this page as a person in the room. */
  welcomed = false

  readonly #options: SessionOptions
  readonly #client: Client<Messages['in'], Messages['out']>
  readonly #now: () => number
  /** Whoever has it is this person; made anew for each visit, so that a copied tab is someone else. */
  readonly #key = randomId()
  #seat = 0
  #knownBefore = new Set<string>()
  #welcomedAtMs = 0

  constructor(options: SessionOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.stateAtMs = this.#now()
    this.room = options.visit.room
    this.#client = connect<Messages>(options.url, {
      format: 'json',
      onState: (state, detail) => this.#changed(state, detail),
      onMessage: (message) => this.#received(message),
      ...(options.environment && { environment: options.environment }),
    })
  }

  /** Shows the message at once and sends it as soon as it can; false if too many wait already. */
  say(text: string): boolean {
    if (!this.you || this.transcript.pending.length >= pendingCount) return false
    const id = randomId()
    const { id: personId, name } = this.you
    this.transcript.write(id, { id: personId, name }, text, this.#now())
    if (this.welcomed) this.#client.send({ type: 'say', id, text })
    this.#options.onChange()
    return true
  }

  retry(): void {
    this.#client.retry()
  }

  close(): void {
    this.#client.close()
  }

  #changed(state: State, detail: StateDetail): void {
    this.state = state
    this.detail = detail
    this.stateAtMs = this.#now()
    if (this.welcomed) {
      this.#knownBefore = new Set(this.roster.people.map(({ id }) => id))
      this.welcomed = false
    }
    if (state === 'open') {
      this.roster = new Roster()
      const { name, room } = this.#options.visit
      this.#client.send({ type: 'join', name, room, key: this.#key, seat: ++this.#seat })
    }
    this.#options.onChange()
  }

  #received(message: Messages['out']): void {
    if ('error' in message) this.#options.onRefused(sentenceOf(message))
    else if (message.type === 'welcome') this.#welcome(message)
    else if (message.type === 'said') this.transcript.add(message)
    else if (message.type === 'joined') this.#joined(message.person)
    else if (message.type === 'left') this.#left(message)
    else if (message.type === 'renamed') this.#renamed(message.person)
    else this.#options.onRefused(message.message)
    this.#options.onChange()
  }

  #welcome({ you, room, people, recent }: Extract<ChatOut, { type: 'welcome' }>): void {
    const isFirst = !this.welcomed
    this.welcomed = true
    this.you = you
    this.room = room
    for (const person of people) this.roster.put(person)
    for (const said of recent) this.transcript.add(said)
    if (!isFirst) return
    this.#welcomedAtMs = this.#now()
    // Confirmed ones were among the recent; what is left may have been lost with the line. The server knows their ids.
    for (const { id, text } of this.transcript.pending) this.#client.send({ type: 'say', id, text })
  }

  #joined(person: Person): void {
    const wasHere = this.roster.get(person.id) !== undefined
    if (!this.roster.put(person) || wasHere || person.id === this.you?.id) return
    const isBack = this.#knownBefore.has(person.id) && this.#now() - this.#welcomedAtMs < returnMs
    if (this.welcomed && !isBack) this.transcript.note(`${person.name} joined`, this.#now())
  }

  #left(seat: { id: string; seat: number }): void {
    const person = this.roster.get(seat.id)
    if (this.roster.remove(seat) && person) {
      this.transcript.note(`${person.name} left`, this.#now())
    }
  }

  #renamed(person: Person): void {
    const before = this.roster.get(person.id)?.name
    if (!this.roster.put(person)) return
    if (this.you?.id === person.id) this.you = person
    if (before !== undefined && before !== person.name) {
      this.transcript.note(`${before} is now ${person.name}`, this.#now())
    }
  }
}

function sentenceOf({ error }: ContractRefusal): string {
  return error.issues?.map(({ message }) => message).join('. ') || error.message
}

/** 128 random bits. `randomUUID` is for secure pages only, and a test server in the house is none. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
