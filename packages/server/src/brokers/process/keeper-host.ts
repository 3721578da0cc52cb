// The keeper's side of the links: what processes ask is asked of the keeper, in their order, and what they are told in a
// turn leaves in one write. The process of the keeper itself uses it without links.
//
// A process that takes less than it is told is not waited for, and nothing is kept for it beyond a bound: when it has
// caught up it is told of the last publication of each topic, whose `previous` shows what to read.

import { HoldlineError } from '../../protocol/errors.ts'
import type {
  AppendOptions,
  BrokerSink,
  Cursor,
  Publication,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'
import type { HistoryLimits } from '../../topics/history-limits.ts'
import { isPattern, TopicPattern } from '../../topics/topic-name.ts'
import type { HistoryKeeper } from './history-keeper.ts'
import { KeeperBatch, KeeperDecoder, refusalOf } from './keeper-frame.ts'
import type { KeeperRequest } from './keeper-frame.ts'
import { FrameKind } from './mesh-frame.ts'
import type { PeerLink } from './peer-link.ts'
import type { ProcessLinks } from './process-links.ts'
import { TopicKeeper } from './topic-keeper.ts'
import type { KeeperMember, KeptTopic } from './topic-keeper.ts'

export interface KeeperHostOptions {
  /** Most bytes that wait for one process before it is told no more until it has taken half of them. */
  readonly backlogBytes: number
  /** What all topics may keep together. */
  readonly histories?: HistoryLimits
}

/** Gathered words that leave before the turn is over. */
const EARLY_FLUSH_BYTES = 262_144

export class KeeperHost implements HistoryKeeper, KeeperMember {
  readonly #keeper: TopicKeeper
  readonly #links: ProcessLinks
  readonly #backlogBytes: number
  readonly #members = new Map<number, FarMember>()
  readonly #frames = new FrameOnce()
  #dirty: FarMember[] = []
  #sink: BrokerSink | null = null

  constructor(links: ProcessLinks, { backlogBytes, histories }: KeeperHostOptions) {
    this.#keeper = new TopicKeeper({
      last: this,
      ...(histories !== undefined && { limits: histories }),
    })
    this.#links = links
    this.#backlogBytes = backlogBytes
    links.onHistory = this.#take
    links.onGone.add((id) => this.#gone(id))
  }

  // --- The process of the keeper

  start(sink: BrokerSink): void {
    this.#sink = sink
  }

  async append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    const refusal = refusalOf(topic, message, options)
    if (refusal !== null) throw refusal
    return this.#keeper.append(topic, message, options)
  }

  async attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    return this.#keeper.attach(this, topic, retention)
  }

  detach(topic: string): void {
    this.#keeper.detach(this, topic)
  }

  async read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    return this.#keeper.read(topic, after, limit, retention)
  }

  told({ name, history }: KeptTopic, publication: Publication): void {
    this.#sink?.appended(name, history.epoch, publication)
  }

  stop(): Promise<void> {
    this.#sink = null
    this.#flush()
    return Promise.resolve()
  }

  // --- The others

  readonly #take = (
    from: number,
    kind: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean => {
    const member = this.#memberOf(from)
    return member === null || member.take(kind, bytes, start, end)
  }

  #memberOf(id: number): FarMember | null {
    const known = this.#members.get(id)
    if (known !== undefined) return known
    const link = this.#links.all.get(id)
    if (link === undefined) return null
    const member = new FarMember(
      link,
      this.#keeper,
      this.#backlogBytes,
      this.#frames,
      this.#isDirty,
    )
    this.#members.set(id, member)
    return member
  }

  #gone(id: number): void {
    const member = this.#members.get(id)
    if (member === undefined) return
    this.#members.delete(id)
    this.#keeper.left(member)
  }

  readonly #isDirty = (member: FarMember): void => {
    if (this.#dirty.push(member) === 1) setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    const dirty = this.#dirty
    this.#dirty = []
    this.#frames.forget()
    for (const member of dirty) member.flush()
  }
}

/** A publication is told to all members before the next one: it is encoded for the first of them. */
class FrameOnce {
  #publication: Publication | null = null
  #frame: Buffer | null = null

  write(batch: KeeperBatch, topic: KeptTopic, publication: Publication): void {
    if (publication === this.#publication) {
      batch.copy(this.#frame!)
      return
    }
    batch.appended(topic.name, topic.history.epoch, publication)
    this.#publication = publication
    this.#frame = batch.last
  }

  /** It holds memory that is shared with what was gathered around it. */
  forget(): void {
    this.#publication = null
    this.#frame = null
  }
}

/** A process, as the keeper has it. */
class FarMember implements KeeperMember {
  readonly #link: PeerLink
  readonly #keeper: TopicKeeper
  readonly #backlogBytes: number
  readonly #frames: FrameOnce
  readonly #onDirty: (member: FarMember) => void
  readonly #batch = new KeeperBatch()
  readonly #decoder = new KeeperDecoder()
  #isDirty = false
  /** Bytes that it was told and that are not with the kernel. */
  #waitingBytes = 0
  /** It is told no more for now. */
  #isFull = false
  #missed = new Set<KeptTopic>()

  constructor(
    link: PeerLink,
    keeper: TopicKeeper,
    backlogBytes: number,
    frames: FrameOnce,
    onDirty: (member: FarMember) => void,
  ) {
    this.#frames = frames
    this.#link = link
    this.#keeper = keeper
    this.#backlogBytes = backlogBytes
    this.#onDirty = onDirty
  }

  told(topic: KeptTopic, publication: Publication): void {
    if (this.#isFull) {
      this.#missed.add(topic)
      return
    }
    const before = this.#batch.length
    this.#frames.write(this.#batch, topic, publication)
    this.#gathered(before)
    if (this.#waitingBytes > this.#backlogBytes) this.#isFull = true
  }

  /** False: it does not keep to the format. */
  take(kind: number, bytes: Buffer, start: number, end: number): boolean {
    const request = this.#decoder.request(kind, bytes, start, end)
    if (request === null) return false
    if (request.kind === FrameKind.DETACH) {
      this.#keeper.detach(this, request.topic)
      return true
    }
    if (request.kind === FrameKind.ATTACH && request.retention === null) {
      if (!isRealPattern(request.topic)) return false
    }
    this.#answer(request)
    return true
  }

  /** What this member is told because of it goes before the answer. */
  #answer(request: Exclude<KeeperRequest, { kind: typeof FrameKind.DETACH }>): void {
    const { topic } = request
    let before: number
    try {
      if (request.kind === FrameKind.READ) {
        const { after, limit, retention } = request
        const result = this.#keeper.read(topic, after, limit, retention)
        before = this.#batch.length
        this.#batch.page(result)
      } else {
        const cursor =
          request.kind === FrameKind.APPEND
            ? this.#keeper.append(topic, request.message, request.options)
            : this.#keeper.attach(this, topic, request.retention)
        before = this.#batch.length
        this.#batch.cursor(cursor)
      }
    } catch (error) {
      if (!(error instanceof HoldlineError && error.code === 'ERR_TOPIC_LIMIT')) throw error
      before = this.#batch.length
      this.#batch.refused(error.code)
    }
    this.#gathered(before)
  }

  flush(): void {
    this.#isDirty = false
    if (this.#batch.length === 0) return
    const bytes = this.#batch.take()
    this.#link.write(bytes, () => this.#written(bytes.length))
  }

  #gathered(before: number): void {
    this.#waitingBytes += this.#batch.length - before
    if (this.#batch.length >= EARLY_FLUSH_BYTES) this.flush()
    else if (!this.#isDirty) {
      this.#isDirty = true
      this.#onDirty(this)
    }
  }

  #written(count: number): void {
    this.#waitingBytes -= count
    if (!this.#isFull || this.#waitingBytes * 2 > this.#backlogBytes || !this.#link.isOpen) return
    this.#isFull = false
    const missed = this.#missed
    this.#missed = new Set()
    for (const topic of missed) this.#keeper.tellLatest(this, topic)
  }
}

/** Whoever asks has checked: another one breaks the format. */
function isRealPattern(text: string): boolean {
  try {
    void new TopicPattern(text)
    return isPattern(text)
  } catch {
    return false
  }
}
