// A broker over a simulated network. Of topics with history it tells what arrives as it arrives, twice and out of
// order too; what is missing it notices by the beats of its server, and says that it was away.

import type { CancelTimer, Clock } from '../../connection/clock.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type {
  AppendOptions,
  Broker,
  BrokerSink,
  Cursor,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'
import { BEAT_MS, SERVER_PLACE, SILENCE_MS } from './broker-talk.ts'
import type { Answer, Question, Tidings, ToBroker, ToServer } from './broker-talk.ts'
import type { NetworkPlace, SimulatedNetwork } from './simulated-network.ts'

interface Pending {
  readonly question: Question
  readonly done: PromiseWithResolvers<Answer>
  askedMs: number
}

const MAX_PENDING = 2_500
const RETRY_MS = 300
const START_MS = 5_000
const STOP_MS = 1_000

export class SimulatedBroker implements Broker, NetworkPlace {
  readonly name = 'simulated'
  readonly hasPatterns = true
  readonly processName: string
  readonly #clock: Clock
  readonly #network: SimulatedNetwork
  #sink: BrokerSink | null = null
  #wasStarted = false
  #session = ''
  #sessionCount = 0
  #isConnected = false
  #isFirst = true
  #heardMs = 0
  #cancelTick: CancelTimer | null = null
  readonly #attached = new Set<string>()
  readonly #pending = new Map<number, Pending>()
  #lastNumber = 0
  /** Tidings up to this one were told. */
  #toldUpTo = 0
  /** Those that came before their turn; null: told already. */
  readonly #early = new Map<number, Tidings | null>()
  /** What the last beat said was told. */
  #beatCount = 0
  #welcomed = Promise.withResolvers<void>()

  /** @param processName names it on the network too */
  constructor(clock: Clock, network: SimulatedNetwork, processName: string) {
    this.#clock = clock
    this.#network = network
    this.processName = processName
  }

  async start(sink: BrokerSink): Promise<void> {
    this.#wasStarted = true
    this.#sink = sink
    this.#network.join(this.processName, this)
    this.#tick()
    const cancel = this.#clock.setTimer(START_MS, () => {
      this.#welcomed.reject(new HoldlineError('ERR_BROKER_START', 'no answer'))
    })
    try {
      await this.#welcomed.promise
    } catch (error) {
      this.kill()
      throw error
    } finally {
      cancel()
    }
  }

  async publish(topic: string, message: PublishedMessage): Promise<void> {
    await this.#ask({ kind: 'publish', topic, message })
  }

  append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    return this.#ask({ kind: 'append', topic, message, options }) as Promise<Cursor>
  }

  attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    this.#attached.add(topic)
    return this.#ask({ kind: 'attach', topic, retention }) as Promise<Cursor | null>
  }

  detach(topic: string): void {
    this.#attached.delete(topic)
    this.#ask({ kind: 'detach', topic }).catch(() => {})
  }

  read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    return this.#ask({ kind: 'read', topic, after, limit, retention }) as Promise<ReadResult>
  }

  async stop(): Promise<void> {
    if (this.#sink === null) return
    this.#sink = null
    const asked = [...this.#pending.values()].map(({ done }) => done.promise.catch(() => null))
    const late = Promise.withResolvers<void>()
    const cancel = this.#clock.setTimer(STOP_MS, late.resolve)
    await Promise.race([Promise.all(asked), late.promise])
    cancel()
    this.#say({ say: 'bye', session: this.#session })
    this.kill()
  }

  /** As the end of its process: nothing of it is left, and nobody is told. */
  kill(): void {
    this.#sink = null
    this.#cancelTick?.()
    this.#cancelTick = null
    this.#network.leave(this.processName)
    this.#refusePending()
    this.#isConnected = false
  }

  // --- What arrives

  arrived(_from: string, thing: unknown): void {
    const said = thing as ToBroker
    if (said.session !== this.#session) return
    this.#heardMs = this.#clock.now()
    if (said.say === 'welcome') this.#entered()
    else if (said.say === 'unknown') this.#lost('the server does not know the session')
    else if (this.#isConnected) this.#heard(said)
  }

  #heard(said: ToBroker & { readonly say: 'answer' | 'told' | 'beat' }): void {
    if (said.say === 'answer') this.#answered(said.number, said.answer)
    else if (said.say === 'told') this.#told(said.number, said.tidings)
    else this.#beaten(said.toldCount)
  }

  reset(): void {
    this.#lost('the connection was reset')
  }

  #entered(): void {
    if (this.#isConnected) return
    this.#isConnected = true
    this.#welcomed.resolve()
    if (!this.#isFirst) this.#sink?.restored()
    this.#isFirst = false
  }

  #answered(number: number, answer: Answer): void {
    const pending = this.#pending.get(number)
    this.#pending.delete(number)
    pending?.done.resolve(answer)
  }

  #told(number: number, tidings: Tidings): void {
    if (tidings.kind === 'appended') {
      this.#sink?.appended(tidings.topic, tidings.epoch, tidings.publication)
    }
    if (number <= this.#toldUpTo || this.#early.has(number)) return
    this.#early.set(number, tidings.kind === 'deliver' ? tidings : null)
    this.#goOn()
  }

  /** Publications without history are told in order. */
  #goOn(): void {
    for (;;) {
      const next = this.#early.get(this.#toldUpTo + 1)
      if (next === undefined) return
      this.#early.delete(++this.#toldUpTo)
      if (next?.kind === 'deliver') this.#sink?.deliver(next.topic, next.message)
    }
  }

  /** What had been told at the last beat and has not come by this one is lost. */
  #beaten(toldCount: number): void {
    if (this.#toldUpTo < this.#beatCount) {
      this.#sink?.interrupted(new HoldlineError('ERR_BROKER_AWAY', 'something told was lost'))
      while (this.#toldUpTo < this.#beatCount) {
        const tidings = this.#early.get(++this.#toldUpTo)
        this.#early.delete(this.#toldUpTo)
        if (tidings?.kind === 'deliver') this.#sink?.deliver(tidings.topic, tidings.message)
      }
      this.#sink?.restored()
      this.#goOn()
    }
    this.#beatCount = Math.max(toldCount, this.#beatCount)
  }

  // --- What is said

  #ask(asked: Question): Promise<Answer> {
    if (this.#sink === null) {
      const detail = this.#wasStarted ? 'it was stopped' : 'it was not started'
      return Promise.reject(new HoldlineError('ERR_BROKER_STOPPED', detail))
    }
    if (!this.#isConnected) return Promise.reject(new HoldlineError('ERR_BROKER_AWAY'))
    if (this.#pending.size >= MAX_PENDING) {
      return Promise.reject(new HoldlineError('ERR_BROKER_BACKLOG'))
    }
    const question = 'message' in asked ? { ...asked, message: copyOf(asked.message) } : asked
    const done = Promise.withResolvers<Answer>()
    const number = ++this.#lastNumber
    this.#pending.set(number, { question, done, askedMs: this.#clock.now() })
    this.#say({ say: 'ask', session: this.#session, number, question })
    return done.promise
  }

  readonly #tick = (): void => {
    this.#cancelTick = this.#clock.setTimer(BEAT_MS, this.#tick)
    const nowMs = this.#clock.now()
    if (this.#isConnected && nowMs - this.#heardMs > SILENCE_MS) this.#lost('silence')
    if (!this.#isConnected) {
      this.#knock()
      return
    }
    let answeredUpTo = this.#lastNumber
    for (const [number, pending] of this.#pending) {
      answeredUpTo = Math.min(answeredUpTo, number - 1)
      if (nowMs - pending.askedMs < RETRY_MS) continue
      pending.askedMs = nowMs
      this.#say({ say: 'ask', session: this.#session, number, question: pending.question })
    }
    this.#say({ say: 'beat', session: this.#session, answeredUpTo })
  }

  /** Asks for a session; a new one each time, so that what an earlier one said counts no more. */
  #knock(): void {
    this.#session = `${this.processName} ${++this.#sessionCount}`
    this.#lastNumber = 0
    this.#toldUpTo = 0
    this.#beatCount = 0
    this.#early.clear()
    this.#say({ say: 'hello', session: this.#session, attached: [...this.#attached] })
  }

  #lost(reason: string): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    // What is still under way of this session counts no more, a second welcome included.
    this.#session = ''
    this.#refusePending()
    this.#sink?.interrupted(new HoldlineError('ERR_BROKER_AWAY', reason))
  }

  #refusePending(): void {
    const all = [...this.#pending.values()]
    this.#pending.clear()
    for (const { done } of all) done.reject(new HoldlineError('ERR_BROKER_UNCONFIRMED'))
  }

  #say(thing: ToServer): void {
    this.#network.send(this.processName, SERVER_PLACE, thing)
  }
}

function copyOf(message: PublishedMessage): PublishedMessage {
  return typeof message === 'string' ? message : new Uint8Array(message)
}
