// Topics with history, in a process that does not keep them: what a turn asks leaves for the keeper in one write, and
// its answers come in the same order. Knows nothing of what is kept.

import { HoldlineError } from '../../protocol/errors.ts'
import type { ErrorCode } from '../../protocol/errors.ts'
import type {
  AppendOptions,
  BrokerSink,
  Cursor,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'
import type { HistoryKeeper } from './history-keeper.ts'
import { KeeperBatch, KeeperDecoder, refusalOf } from './keeper-frame.ts'
import { FrameKind } from './mesh-frame.ts'
import type { PeerLink } from './peer-link.ts'
import type { ProcessLinks } from './process-links.ts'

export interface KeeperClientOptions {
  /** Most bytes that were asked and are not answered; beyond it publications are refused. */
  readonly backlogBytes: number
  /** Milliseconds for an answer. Default 4,000. */
  readonly answerMs?: number
}

/** The process of the machine that keeps the histories. */
export const KEEPER_ID = 0

/** Gathered requests that leave before the turn is over. */
const EARLY_FLUSH_BYTES = 262_144
/** Pages that are asked for at a time; the others wait, so that the keeper does not hold them all. */
const MOST_READS = 16
const STOP_MS = 1_000

type Answer = Cursor | ReadResult | HoldlineError | null

interface Asked {
  readonly kind: number
  readonly resolve: (answer: never) => void
  readonly reject: (error: HoldlineError) => void
  readonly bytes: number
  readonly giveUpAt: number
  isGivenUp: boolean
}

interface WaitingRead {
  readonly ask: () => void
  readonly reject: (error: HoldlineError) => void
}

export class KeeperClient implements HistoryKeeper {
  readonly #links: ProcessLinks
  readonly #backlogBytes: number
  readonly #answerMs: number
  readonly #batch = new KeeperBatch()
  readonly #decoder = new KeeperDecoder()
  #sink: BrokerSink | null = null
  /** In the order of their answers; those before `#answered` have theirs. */
  #asked: Asked[] = []
  #answered = 0
  #unansweredBytes = 0
  /** Of what is asked until the next flush: one look at the clock for all of it. 0: nothing is. */
  #giveUpAt = 0
  #flushScheduled = false
  #readCount = 0
  #waitingReads: WaitingRead[] = []
  #watch: NodeJS.Timeout | null = null
  #onIdle: (() => void) | null = null

  constructor(links: ProcessLinks, { backlogBytes, answerMs = 4_000 }: KeeperClientOptions) {
    this.#links = links
    this.#backlogBytes = backlogBytes
    this.#answerMs = answerMs
    links.onHistory = this.#take
    links.onGone.add((id) => {
      if (id === KEEPER_ID) this.#keeperGone()
    })
  }

  start(sink: BrokerSink): void {
    this.#sink = sink
  }

  append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    const refusal = this.#refusal(topic) ?? refusalOf(topic, message, options)
    if (refusal !== null) return Promise.reject(refusal)
    const before = this.#batch.length
    this.#batch.append(topic, message, options)
    return this.#answerTo(FrameKind.APPEND, before)
  }

  attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    const refusal = this.#refusal(topic)
    if (refusal !== null) return Promise.reject(refusal)
    const before = this.#batch.length
    this.#batch.attach(topic, retention)
    return this.#answerTo(FrameKind.ATTACH, before)
  }

  detach(topic: string): void {
    if (this.#keeper === null) return
    this.#batch.detach(topic)
    this.#gathered()
  }

  read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    const refusal = this.#refusal(topic)
    if (refusal !== null) return Promise.reject(refusal)
    const read = (): Promise<ReadResult> => {
      this.#readCount++
      const before = this.#batch.length
      this.#batch.read(topic, after, limit, retention)
      return this.#answerTo(FrameKind.READ, before)
    }
    if (this.#readCount < MOST_READS) return read()
    return new Promise((resolve, reject) => {
      this.#waitingReads.push({ ask: () => resolve(read()), reject })
    })
  }

  async stop(): Promise<void> {
    this.#sink = null
    this.#flush()
    if (this.#unansweredBytes > 0) await this.#idle()
    if (this.#watch !== null) clearInterval(this.#watch)
    this.#watch = null
    this.#refuseAll('ERR_BROKER_STOPPED')
  }

  get #keeper(): PeerLink | null {
    const link = this.#links.all.get(KEEPER_ID)
    return link?.isOpen === true ? link : null
  }

  /** Why nothing can be asked now; null: it can. */
  #refusal(topic: string): HoldlineError | null {
    if (this.#keeper === null) return new HoldlineError('ERR_BROKER_AWAY', topic)
    if (this.#unansweredBytes < this.#backlogBytes) return null
    return new HoldlineError('ERR_BROKER_BACKLOG', `process ${KEEPER_ID}`)
  }

  /** The answer to what was just written behind `before`. */
  #answerTo<Expected extends Answer>(kind: number, before: number): Promise<Expected> {
    const bytes = this.#batch.length - before
    if (this.#giveUpAt === 0) this.#giveUpAt = performance.now() + this.#answerMs
    const giveUpAt = this.#giveUpAt
    this.#unansweredBytes += bytes
    this.#watch ??= setInterval(this.#giveUpLate, this.#answerMs / 8).unref()
    return new Promise((resolve, reject) => {
      this.#asked.push({ kind, resolve, reject, bytes, giveUpAt, isGivenUp: false })
      this.#gathered()
    })
  }

  #gathered(): void {
    if (this.#batch.length >= EARLY_FLUSH_BYTES) this.#flush()
    else if (!this.#flushScheduled) {
      this.#flushScheduled = true
      setImmediate(() => {
        this.#flushScheduled = false
        this.#flush()
      })
    }
  }

  #flush(): void {
    this.#giveUpAt = 0
    if (this.#batch.length > 0) this.#keeper?.write(this.#batch.take())
  }

  // --- What the keeper says

  readonly #take = (
    from: number,
    kind: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean => {
    if (from !== KEEPER_ID) return false
    const word = this.#decoder.word(kind, bytes, start, end)
    if (word === null) return false
    if (word.kind === FrameKind.APPENDED) {
      this.#sink?.appended(word.topic, word.epoch, word.publication)
      return true
    }
    if (word.kind === FrameKind.REFUSED)
      return this.#answer(word.kind, new HoldlineError(word.code))
    return this.#answer(word.kind, word.kind === FrameKind.PAGE ? word.result : word.cursor)
  }

  /** False: nothing of the kind was asked. */
  #answer(kind: number, answer: Answer): boolean {
    const asked = this.#asked[this.#answered]
    if (asked === undefined) return false
    const isRead = asked.kind === FrameKind.READ
    if (kind !== FrameKind.REFUSED && isRead !== (kind === FrameKind.PAGE)) return false
    this.#asked[this.#answered++] = undefined as never
    // Cut off when they are half of them, so that each costs O(1).
    if (this.#answered * 2 > this.#asked.length) {
      this.#asked = this.#asked.slice(this.#answered)
      this.#answered = 0
    }
    this.#unansweredBytes -= asked.bytes
    if (answer instanceof HoldlineError) asked.reject(answer)
    else asked.resolve(answer as never)
    if (isRead) this.#readDone()
    if (this.#asked.length === 0) this.#onIdle?.()
    return true
  }

  #readDone(): void {
    this.#readCount--
    this.#waitingReads.shift()?.ask()
  }

  // --- What it does not say

  /** Answers that come later are taken for what they are, and told to nobody. */
  readonly #giveUpLate = (): void => {
    const now = performance.now()
    for (let i = this.#answered; i < this.#asked.length; i++) {
      const asked = this.#asked[i]!
      if (asked.giveUpAt > now) break
      giveUp(asked, 'ERR_BROKER_AWAY')
    }
    if (this.#asked.length > 0) return
    clearInterval(this.#watch!)
    this.#watch = null
  }

  #keeperGone(): void {
    this.#refuseAll('ERR_BROKER_AWAY')
    const detail = 'the process that keeps the histories has ended'
    this.#sink?.interrupted(new HoldlineError('ERR_BROKER_AWAY', detail))
  }

  #refuseAll(code: ErrorCode): void {
    const asked = this.#asked.slice(this.#answered)
    this.#asked = []
    this.#answered = 0
    this.#unansweredBytes = 0
    this.#readCount = 0
    for (const each of asked) giveUp(each, code)
    const waiting = this.#waitingReads
    this.#waitingReads = []
    for (const { reject } of waiting) reject(new HoldlineError(code))
    this.#onIdle?.()
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, STOP_MS)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function giveUp(asked: Asked, code: ErrorCode): void {
  if (asked.isGivenUp) return
  asked.isGivenUp = true
  const isAppend = asked.kind === FrameKind.APPEND
  asked.reject(new HoldlineError(isAppend ? 'ERR_BROKER_UNCONFIRMED' : code))
}
