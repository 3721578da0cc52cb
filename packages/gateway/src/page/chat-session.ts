// One visit to one room: the line, who is here, what was said, what still waits to be confirmed, and what became of all
// that when the line was lost. No DOM.

import { live, RefusedError } from 'holdline-client'
import type {
  ClientError,
  Gap,
  GapReason,
  LiveLine,
  LiveOptions,
  Member,
  PresenceChange,
  State,
  StateDetail,
  Subscription,
} from 'holdline-client'
import { chatBounds, personOf, tidyName, tidyRoom, tokenOf, topicOf } from '../chat/chat-words.ts'
import type { Draft, Person, Said } from '../chat/chat-words.ts'
import { CatchUp } from './catch-up.ts'
import { Roster } from './roster.ts'
import { Transcript } from './transcript.ts'

interface Topics {
  'chat.*': Draft | Said
}

export interface Visit {
  readonly name: string
  readonly room: string
}

export interface SessionOptions extends Pick<LiveOptions, 'environment'> {
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

const missing: Readonly<Record<GapReason, string>> = {
  away: 'Some messages may be missing here',
  broker: 'Some messages may be missing here',
  overflow: 'Some messages are missing here: this page read too slowly',
  trimmed: 'Some messages are missing here: more was said than the room keeps',
  expired: 'Some messages are missing here: the room keeps them for an hour',
  epoch: 'The server began anew: some messages may be missing here',
  future: 'The server began anew: some messages may be missing here',
}

export class ChatSession {
  readonly transcript: Transcript = new Transcript()
  readonly roster: Roster = new Roster()
  readonly room: string
  you: Person | undefined
  state: State = 'connecting'
  detail: StateDetail = { attempt: 0 }
  /** When `detail` came, in milliseconds since 1970. */
  stateAtMs: number

  readonly #options: SessionOptions
  readonly #now: () => number
  readonly #topic: `chat.${string}`
  readonly #line: LiveLine<Topics, Topics>
  readonly #subscription: Subscription<Draft | Said>
  /** By it this page knows its own presence. It is random, and told to nobody before the server has told it to this page. */
  readonly #mark = randomId()
  #isSubscribed = false
  #wasSubscribed = false
  #knownBefore = new Set<string>()
  #subscribedAtMs = 0
  #catchUp: CatchUp | undefined
  /** Something is missing that history may have. */
  #isIncomplete = false
  /** Of the last message that was heard, by the gateway's clock. */
  #heardAtMs: number | undefined

  constructor(options: SessionOptions) {
    const { url, visit, environment, now = Date.now } = options
    this.#options = options
    this.#now = now
    this.stateAtMs = now()
    this.room = tidyRoom(visit.room)
    this.#topic = topicOf(this.room)
    // Made anew for each visit, so that a copied tab is someone else.
    const token = tokenOf(randomId(), tidyName(visit.name))
    this.#line = live<Topics>(url, {
      token: () => token,
      onState: (state, detail) => this.#lineChanged(state, detail),
      // What is refused without a promise is retried by the line; what is left out is told as a gap.
      onError: () => {},
      ...(environment && { environment }),
    })
    this.#subscription = this.#line.subscribe(this.#topic, {
      since: 'start',
      presence: true,
      state: { mark: this.#mark },
      onMessage: ({ data, offset }) => this.#heard(data, offset),
      onGap: (gap) => this.#missed(gap),
      onPresence: (_, change) => this.#peopleChanged(change),
      onState: () => this.#subscriptionChanged(),
    })
  }

  /** True while the server knows this page as a person in the room. */
  get welcomed(): boolean {
    return (
      this.#isSubscribed && this.you !== undefined && this.roster.get(this.you.id) !== undefined
    )
  }

  /** Shows the message at once and sends it as soon as it can; false if too many wait already. */
  say(text: string): boolean {
    if (!this.you || this.transcript.pending.length >= pendingCount) return false
    const draft = { id: randomId(), text }
    this.transcript.write(draft, this.you, this.#now())
    void this.#publish(draft, this.you)
    this.#options.onChange()
    return true
  }

  retry(): void {
    this.#line.retry()
  }

  close(): void {
    // Who leaves by the door has left at once.
    this.#subscription.end()
    this.#line.close()
  }

  /** Until it is confirmed or refused. A room shows a message once, however often it was sent. */
  async #publish(draft: Draft, author: Person): Promise<void> {
    for (;;) {
      try {
        await this.#line.publish(this.#topic, draft, { idempotencyKey: draft.id })
        this.transcript.confirm(draft.id, author.id)
        break
      } catch (thrown) {
        const { code } = thrown as ClientError | RefusedError
        if (code === 'ERR_LINE_CLOSED') return
        const retryAfterMs = thrown instanceof RefusedError ? thrown.retryAfterMs : undefined
        if (retryAfterMs === undefined && code !== 'ERR_UNANSWERED') {
          this.transcript.withdraw(draft.id, author.id)
          this.#options.onRefused(sentenceOf(thrown as ClientError | RefusedError))
          break
        }
        await new Promise((resolve) => setTimeout(resolve, retryAfterMs ?? 0))
      }
    }
    this.#options.onChange()
  }

  // What the line tells

  #lineChanged(state: State, detail: StateDetail): void {
    this.state = state
    this.detail = detail
    this.stateAtMs = this.#now()
    this.#options.onChange()
  }

  #subscriptionChanged(): void {
    const { state, error } = this.#subscription
    this.#isSubscribed = state === 'subscribed'
    if (error && state === 'ended' && error instanceof RefusedError) {
      this.#options.onRefused(sentenceOf(error))
    }
    if (this.#isSubscribed) this.#resumed()
    this.#options.onChange()
  }

  #resumed(): void {
    const isFirst = !this.#wasSubscribed
    this.#wasSubscribed = true
    this.#catchUp = undefined
    if (this.#isIncomplete) void this.#readHistory()
    else if (!isFirst) void this.#count()
  }

  #heard(data: Draft | Said, offset: number | null): void {
    if (!('from' in data)) return
    this.transcript.add({ ...data, from: this.roster.shown(data.from) })
    this.#heardAtMs = Math.max(data.at, this.#heardAtMs ?? 0)
    if (data.from.id !== this.you?.id) this.#catchUp?.arrived(offset)
    this.#tellCaughtUp()
    this.#options.onChange()
  }

  // What happened while the line was lost

  /** Where the topic is now: what comes up to there was missed, what comes behind it is news. */
  async #count(): Promise<void> {
    const catchUp = (this.#catchUp = new CatchUp())
    try {
      const { head } = await this.#line.history(this.#topic, { limit: 1 })
      catchUp.head(head?.offset ?? 0)
      this.#tellCaughtUp()
    } catch {
      // The line is closed, or the server cannot say: nobody is told a number.
    }
  }

  #tellCaughtUp(): void {
    const count = this.#catchUp?.countAt(this.#subscription.cursor?.offset ?? 0)
    if (count === undefined) return
    this.#catchUp = undefined
    const messages = count === 1 ? '1 message' : `${count} messages`
    this.#note(
      count === 0
        ? 'The line is back: nothing was missed'
        : `The line is back: ${messages} caught up`,
    )
  }

  #missed({ reason }: Gap): void {
    this.#catchUp = undefined
    this.#isIncomplete = true
    // In its place: behind the last one that was heard.
    this.#note(missing[reason] ?? 'Some messages are missing here', this.#heardAtMs)
    if (this.#isSubscribed) void this.#readHistory()
  }

  async #readHistory(): Promise<void> {
    this.#isIncomplete = false
    try {
      const { publications } = await this.#line.history(this.#topic, {
        limit: chatBounds.keptCount,
      })
      for (const { data, offset } of publications) this.#heard(data, offset)
    } catch {
      // What is missing was told; there is no more to be had.
    }
  }

  // Who is here

  #peopleChanged({ joined, left }: PresenceChange): void {
    if (this.#isSubscribed) {
      for (const one of joined) this.#joined(one)
      for (const { member } of left) this.#left(member)
    } else this.#found(joined)
    this.#options.onChange()
  }

  /** All who are here, at the beginning and after each reconnect. */
  #found(members: readonly Member[]): void {
    this.#knownBefore = new Set(this.roster.people.map(({ id }) => id))
    this.#subscribedAtMs = this.#now()
    this.roster.clear()
    // Who was here before keeps the name.
    const isYou = ({ state }: Member): boolean => this.#isMarked(state)
    const order = members.toSorted((one, other) => Number(isYou(one)) - Number(isYou(other)))
    for (const one of order) this.#put(one)
  }

  #joined(one: Member): void {
    const wasHere = this.roster.get(one.member) !== undefined
    const person = this.#put(one)
    if (wasHere || person.id === this.you?.id) return
    const isBack = this.#knownBefore.has(person.id) && this.#now() - this.#subscribedAtMs < returnMs
    if (!isBack) this.#note(`${person.name} joined`)
  }

  #put({ member, state }: Member): Person {
    const person = this.roster.put(personOf(member))
    if (!this.you && this.#isMarked(state)) this.you = person
    return person
  }

  #left(id: string): void {
    const person = this.roster.get(id)
    if (!person) return
    this.roster.remove(id)
    this.#note(`${person.name} left`)
  }

  #isMarked(state: unknown): boolean {
    return (state as { readonly mark?: unknown } | null | undefined)?.mark === this.#mark
  }

  #note(words: string, atMs: number = this.#now()): void {
    this.transcript.note(words, atMs)
    this.#options.onChange()
  }
}

/** For people; the code is for whoever they ask. */
function sentenceOf({ code, message }: ClientError | RefusedError): string {
  // What a page asks for is fine, as far as it goes by the rules that it shares with the gateway.
  if (code === 'ERR_TOPIC_FORBIDDEN')
    return 'There are too many rooms. Choose another, or come later'
  return `${message.replace(`${code}: `, '')} (${code})`
}

/** 128 random bits. `randomUUID` is for secure pages only, and a test server in the house is none. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
