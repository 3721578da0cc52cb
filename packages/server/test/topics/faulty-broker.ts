// A broker whose faults a test chooses: what it tells comes late, twice, in another order, or never; it goes away, comes
// back, and begins anew. What it says when it is asked is true.
import type {
  AppendOptions,
  Broker,
  BrokerSink,
  Cursor,
  Publication,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../src/topics/broker.ts'
import { HoldlineError } from '../../src/protocol/errors.ts'
import { History } from '../../src/topics/history.ts'

interface Told {
  readonly topic: string
  readonly epoch: string
  readonly publication: Publication
}

export class FaultyBroker implements Broker {
  readonly name = 'faulty'
  readonly processName: string
  hasPatterns = true
  sink: BrokerSink | null = null
  /** Not told yet. */
  readonly pending: Told[] = []
  /** What it took, by epoch: messages by offset. */
  readonly journal = new Map<string, PublishedMessage[]>()
  readonly keys = new Map<string, (string | null)[]>()
  readonly attached = new Set<string>()
  readonly detached: string[] = []
  /** Reads, as they were asked. */
  readonly reads: (Cursor | 'start')[] = []
  /** Tells at once. */
  isPrompt = true
  isAway = false
  /** What the next attach rejects with. */
  attachError: Error | null = null
  /** Reads wait for it. */
  gate: Promise<void> | null = null
  #epoch = 0
  readonly #histories: Map<string, History>

  /** Those of other processes, and this one. */
  readonly #all: FaultyBroker[]

  constructor(processName = 'p1', first?: FaultyBroker) {
    this.processName = processName
    this.#histories = first === undefined ? new Map() : first.#histories
    this.#all = first === undefined ? [] : first.#all
    this.#all.push(this)
  }

  /** One of another process, with the same histories. */
  joined(processName: string): FaultyBroker {
    return new FaultyBroker(processName, this)
  }

  start(sink: BrokerSink): Promise<void> {
    this.sink = sink
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.sink = null
    return Promise.resolve()
  }

  async publish(topic: string, message: PublishedMessage): Promise<void> {
    this.#mustBeThere()
    for (const { sink } of this.#all) sink?.deliver(topic, message)
  }

  async append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    this.#mustBeThere()
    const history = this.#history(topic, options.retention)
    const { cursor, publication } = history.append(message, options, 0)
    if (publication === null) return cursor
    for (const one of this.#all) one.#taken(topic, history.epoch, publication)
    return cursor
  }

  #taken(topic: string, epoch: string, publication: Publication): void {
    const { offset, message, key } = publication
    listOf(this.journal, epoch)[offset] = message
    listOf(this.keys, epoch)[offset] = key
    this.pending.push({ topic, epoch, publication })
    if (this.isPrompt) this.tellAll()
  }

  async attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    if (this.attachError !== null) throw this.attachError
    this.attached.add(topic)
    return retention === null ? null : this.#history(topic, retention).head
  }

  detach(topic: string): void {
    this.attached.delete(topic)
    this.detached.push(topic)
  }

  async read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    this.reads.push(after)
    await this.gate
    this.#mustBeThere()
    return this.#history(topic, retention).read(after, limit, retention, 0)
  }

  headOf(topic: string): Cursor | null {
    return this.#histories.get(topic)?.head ?? null
  }

  // --- Faults

  tell(place: number): void {
    const [told] = this.pending.splice(place, 1)
    if (told !== undefined) this.sink?.appended(told.topic, told.epoch, told.publication)
  }

  tellTwice(place: number): void {
    const told = this.pending[place]
    if (told !== undefined) this.sink?.appended(told.topic, told.epoch, told.publication)
  }

  tellAll(): void {
    while (this.pending.length > 0) this.tell(0)
  }

  lose(place: number): void {
    this.pending.splice(place, 1)
  }

  goAway(): void {
    if (this.isAway) return
    this.isAway = true
    this.pending.length = 0
    this.sink?.interrupted(new HoldlineError('ERR_BROKER_AWAY'))
  }

  comeBack(): void {
    if (!this.isAway) return
    this.isAway = false
    this.sink?.restored()
  }

  /** All histories are lost. */
  beginAnew(): void {
    this.#histories.clear()
  }

  #mustBeThere(): void {
    if (this.isAway) throw new HoldlineError('ERR_BROKER_AWAY')
  }

  #history(topic: string, retention: Retention): History {
    const known = this.#histories.get(topic)
    if (known !== undefined) return known
    const history = new History(retention, `e${++this.#epoch}`)
    this.#histories.set(topic, history)
    return history
  }
}

function listOf<T>(lists: Map<string, T[]>, epoch: string): T[] {
  const known = lists.get(epoch)
  if (known !== undefined) return known
  const list: T[] = []
  lists.set(epoch, list)
  return list
}
