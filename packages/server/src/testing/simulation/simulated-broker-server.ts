// The server behind simulated brokers: keeps the histories, and tells each broker what it is attached to. It can be
// killed, with its histories or without.

import type { CancelTimer, Clock } from '../../connection/clock.ts'
import type { Retention } from '../../topics/broker.ts'
import { History } from '../../topics/history.ts'
import { BEAT_MS, SERVER_PLACE, SILENCE_MS } from './broker-talk.ts'
import type { Answer, Question, Tidings, ToBroker, ToServer } from './broker-talk.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { NetworkPlace, SimulatedNetwork } from './simulated-network.ts'

/** So that times look like such. */
const ZERO_MS = 1_700_000_000_000

class Session {
  readonly id: string
  readonly place: string
  readonly attached: Set<string>
  /** The number of the next question. */
  next = 1
  /** Questions that came before their turn. */
  readonly early = new Map<number, Question>()
  /** Answers that may have been lost on their way. */
  readonly answers = new Map<number, Answer>()
  toldCount = 0
  heardMs: number

  constructor(id: string, place: string, attached: readonly string[], nowMs: number) {
    this.id = id
    this.place = place
    this.attached = new Set(attached)
    this.heardMs = nowMs
  }
}

export class SimulatedBrokerServer implements NetworkPlace {
  readonly #clock: Clock
  readonly #network: SimulatedNetwork
  readonly #random: SeededRandom
  #histories = new Map<string, History>()
  readonly #sessions = new Map<string, Session>()
  #cancelBeat: CancelTimer | null = null

  constructor(clock: Clock, network: SimulatedNetwork, random: SeededRandom) {
    this.#clock = clock
    this.#network = network
    this.#random = random
  }

  get isRunning(): boolean {
    return this.#cancelBeat !== null
  }

  start(): void {
    if (this.isRunning) return
    this.#network.join(SERVER_PLACE, this)
    this.#cancelBeat = this.#clock.setTimer(BEAT_MS, this.#beat)
  }

  /** Ends it at once; it knows its histories when it is started again. */
  kill(): void {
    this.#cancelBeat?.()
    this.#cancelBeat = null
    this.#network.leave(SERVER_PLACE)
    this.#sessions.clear()
  }

  /** All histories are gone, and those attached learn it with the next publication. */
  forget(): void {
    this.#histories = new Map()
  }

  /** Of what a topic keeps, the newest `keep` stay. */
  trim(topic: string, keep: number): void {
    const history = this.#histories.get(topic)
    const retention = { count: keep, bytes: Infinity, ageMs: Infinity }
    history?.read('start', { count: 1, bytes: 1 }, retention, this.#nowMs())
  }

  arrived(from: string, thing: unknown): void {
    const said = thing as ToServer
    const session = this.#sessions.get(said.session)
    if (said.say === 'hello') {
      if (session === undefined) this.#open(said.session, from, said.attached)
      this.#say(from, { say: 'welcome', session: said.session })
    } else if (session === undefined) {
      this.#say(from, { say: 'unknown', session: said.session })
    } else {
      session.heardMs = this.#clock.now()
      if (said.say === 'ask') this.#asked(session, said.number, said.question)
      else if (said.say === 'bye') this.#sessions.delete(session.id)
      else
        for (const n of session.answers.keys())
          if (n <= said.answeredUpTo) session.answers.delete(n)
    }
  }

  reset(from: string): void {
    for (const { id, place } of this.#sessions.values()) {
      if (place === from) this.#sessions.delete(id)
    }
  }

  #open(id: string, place: string, attached: readonly string[]): void {
    this.reset(place)
    this.#sessions.set(id, new Session(id, place, attached, this.#clock.now()))
  }

  #asked(session: Session, number: number, question: Question): void {
    if (number < session.next) {
      const answer = session.answers.get(number)
      if (answer !== undefined) this.#answer(session, number, answer)
      return
    }
    session.early.set(number, question)
    for (;;) {
      const next = session.early.get(session.next)
      if (next === undefined) return
      session.early.delete(session.next)
      const answer = this.#do(session, next)
      session.answers.set(session.next, answer)
      this.#answer(session, session.next++, answer)
    }
  }

  #do(session: Session, question: Question): Answer {
    const { topic } = question
    if (question.kind === 'publish') {
      this.#tell(topic, { kind: 'deliver', topic, message: question.message })
    } else if (question.kind === 'append') {
      const { message, options } = question
      const history = this.#history(topic, options.retention)
      const { cursor, publication } = history.append(message, options, this.#nowMs())
      if (publication !== null) {
        this.#tell(topic, { kind: 'appended', topic, epoch: cursor.epoch, publication })
      }
      return cursor
    } else if (question.kind === 'read') {
      const { after, limit, retention } = question
      return this.#history(topic, retention).read(after, limit, retention, this.#nowMs())
    } else if (question.kind === 'attach') {
      session.attached.add(topic)
      if (question.retention !== null) return this.#history(topic, question.retention).head
    } else session.attached.delete(topic)
    return null
  }

  #tell(topic: string, tidings: Tidings): void {
    for (const session of this.#sessions.values()) {
      if (!isAttached(session.attached, topic)) continue
      const number = ++session.toldCount
      this.#say(session.place, { say: 'told', session: session.id, number, tidings })
    }
  }

  #answer({ place, id }: Session, number: number, answer: Answer): void {
    this.#say(place, { say: 'answer', session: id, number, answer })
  }

  #say(place: string, thing: ToBroker): void {
    this.#network.send(SERVER_PLACE, place, thing)
  }

  readonly #beat = (): void => {
    this.#cancelBeat = this.#clock.setTimer(BEAT_MS, this.#beat)
    for (const { id, place, toldCount, heardMs } of this.#sessions.values()) {
      if (this.#clock.now() - heardMs > SILENCE_MS) this.#sessions.delete(id)
      else this.#say(place, { say: 'beat', session: id, toldCount })
    }
  }

  #history(topic: string, retention: Retention): History {
    let history = this.#histories.get(topic)
    if (history === undefined) {
      history = new History(retention, this.#random.name(12))
      this.#histories.set(topic, history)
    }
    return history
  }

  #nowMs(): number {
    return ZERO_MS + Math.floor(this.#clock.now())
  }
}

function isAttached(attached: ReadonlySet<string>, topic: string): boolean {
  if (attached.has(topic)) return true
  const parts = topic.split('.')
  for (let length = 1; length < parts.length; length++) {
    const start = parts.slice(0, length).join('.')
    if (attached.has(`${start}.**`)) return true
    if (length === parts.length - 1 && attached.has(`${start}.*`)) return true
  }
  return false
}
