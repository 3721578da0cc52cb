// The messages on the page: turns on the line, times, and a view that stays at the end while the reader is there.

import { arrange, find, make, setText } from './elements.ts'
import { nameHue } from './name-hue.ts'
import type { Message, Transcript, Turn } from './transcript.ts'

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** Closer to the end than this, in pixels, is at the end. */
const endPx = 48

export class MessageLog {
  readonly #log = find('log', HTMLElement)
  readonly #turns = find('turns', HTMLElement)
  readonly #empty = find('empty', HTMLElement)
  readonly #newer = find('newer', HTMLButtonElement)
  #atEnd = true
  #unseenCount = 0
  #seenKeys = new Set<string>()

  constructor() {
    this.#log.addEventListener('scroll', () => {
      const { scrollTop, scrollHeight, clientHeight } = this.#log
      this.#atEnd = scrollHeight - scrollTop - clientHeight < endPx
      if (this.#atEnd) this.#sawAll()
    })
    this.#newer.addEventListener('click', () => {
      this.toEnd()
      this.#log.focus()
    })
    // A keyboard that opens, or a longer draft, makes the log smaller: the end stays in view.
    new ResizeObserver(() => this.#keepEnd()).observe(this.#log)
  }

  /** Shows the transcript; `yourId` marks one's own messages. */
  show(transcript: Transcript, yourId: string | undefined): void {
    const turns = transcript.turns((atMs) => calendar.format(atMs))
    const elements = arrange(
      this.#turns,
      turns.map(({ key }) => key),
      (_key, index) => createTurn(turns[index] as Turn, yourId),
    )
    const messages: Message[] = []
    for (const [index, turn] of turns.entries()) {
      if (turn.kind !== 'turn') continue
      messages.push(...turn.messages)
      showMessages(elements[index] as HTMLElement, turn.messages)
    }
    this.#empty.hidden = turns.length > 0
    this.#count(messages, yourId)
    this.#keepEnd()
  }

  toEnd(): void {
    this.#atEnd = true
    this.#keepEnd()
    this.#sawAll()
  }

  clear(): void {
    this.#turns.replaceChildren()
    this.#seenKeys.clear()
    this.toEnd()
  }

  #keepEnd(): void {
    if (this.#atEnd) this.#log.scrollTop = this.#log.scrollHeight
  }

  #count(messages: readonly Message[], yourId: string | undefined): void {
    for (const { key, from } of messages) {
      if (this.#seenKeys.has(key)) continue
      this.#seenKeys.add(key)
      if (!this.#atEnd && from.id !== yourId) this.#unseenCount += 1
    }
    const count = this.#unseenCount
    this.#newer.hidden = count === 0
    setText(this.#newer, count === 1 ? '1 new message ↓' : `${count} new messages ↓`)
  }

  #sawAll(): void {
    this.#unseenCount = 0
    this.#newer.hidden = true
  }
}

function createTurn(turn: Turn, yourId: string | undefined): HTMLElement {
  if (turn.kind === 'day') return make('li', 'day', calendar.format(turn.atMs))
  if (turn.kind === 'notice') {
    const element = make('li', 'notice', `${turn.notice} `)
    element.append(timeOf(turn.atMs))
    return element
  }
  const element = make('li', 'turn')
  element.style.setProperty('--hue', String(nameHue(turn.from.name)))
  const isOwn = turn.from.id === yourId
  if (isOwn) element.dataset['own'] = ''
  const head = make('p', 'head')
  const who = make('span', 'who', turn.from.name)
  if (isOwn) who.append(make('span', 'unseen', ' (you)'))
  head.append(who, timeOf((turn.messages[0] as Message).atMs))
  element.append(head, make('div', 'all-words'))
  return element
}

function showMessages(turn: HTMLElement, messages: readonly Message[]): void {
  const elements = arrange(
    turn.lastElementChild as Element,
    messages.map(({ key }) => key),
    (_key, index) => {
      const { from, text, atMs } = messages[index] as Message
      const words = make('p', 'words')
      // Read aloud by itself, a later message of a turn would not say whose it is.
      if (index > 0) words.append(make('span', 'unseen', `${from.name}: `))
      words.append(text)
      words.title = full.format(atMs)
      return words
    },
  )
  for (const [index, element] of elements.entries()) {
    element.toggleAttribute('data-pending', (messages[index] as Message).pending)
  }
}

function timeOf(atMs: number): HTMLTimeElement {
  const time = make('time', '', clock.format(atMs))
  time.dateTime = new Date(atMs).toISOString()
  time.title = full.format(atMs)
  return time
}
