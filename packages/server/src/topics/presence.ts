// Presence: who is here on each topic, in all processes, each with a state. Stands on publications that may be lost:
// it needs to know a clock, how to say something to all processes, and nothing of brokers.
//
// Rule 1: an entry belongs to one process, and only that process speaks of it. Its changes have numbers; it beats with
//         the last one while it has entries, so that whoever missed one notices, asks, and is told all of them.
// Rule 2: the entries of a process end with it: at once where somebody knows that it is gone (`processGone`, its own
//         `bye`), else when nothing was heard of it for the lease.
// Rule 3: a process that is heard of again after its lease is asked for its entries like a new one.

import type { CancelTimer, Clock } from '../connection/clock.ts'
import type { PresenceHub, PresenceListener, PresentMember } from '../connection/presence-hub.ts'
import { HeldConnection } from '../connection/held-connection.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { PresenceMessage, WireEntry } from './presence-message.ts'
import { entryBytes, inParts, readPresenceMessage } from './presence-message.ts'
import { PresenceProcess } from './presence-process.ts'
import type { PresenceOptions } from './presence-options.ts'
import { resolvePresence } from './presence-options.ts'
import type { PresenceEntry } from './presence-table.ts'
import { PresenceTable } from './presence-table.ts'
import { checkProgramTopic } from './topic-name.ts'

/** The topic that presence speaks on. */
export const PRESENCE_TOPIC = '$presence'

/** What presence stands on. */
export interface PresenceContext {
  /** Never used by another process. */
  readonly processName: string
  readonly clock: Clock
  /** Says something to all processes. May fail, or be lost. */
  send(message: string): Promise<unknown> | void
  /** A listener threw. */
  failed(error: unknown): void
}

interface OwnEntry extends PresenceEntry {
  readonly key: number
}

/** The entries of a holder, by topic. */
type Held = Map<string, OwnEntry>

/** Who asks at the same time is answered together. */
const ANSWER_DELAY_MS = 20
/** Until all entries are told once more, and until a process that did not answer is asked again. */
const ANSWER_PAUSE_MS = 250
/** Until whoever was asked at the start is taken to have answered. */
const SETTLE_MS = 300
/** Names of processes that are gone, so that what they said before does not bring them back. */
const MOST_GONE = 1_024
const MAX_NAME_BYTES = 255

export class Presence implements PresenceHub {
  readonly #context: PresenceContext
  readonly #options: Required<PresenceOptions>
  readonly #table: PresenceTable
  readonly #held = new Map<object, Held>()
  readonly #own = new Map<number, OwnEntry>()
  /** What the others have not been told yet; null: cleared. */
  #untold = new Map<number, OwnEntry | null>()
  #lastKey = 0
  #lastStamp = 0
  #sequence = 0
  readonly #processes = new Map<string, PresenceProcess>()
  readonly #gone = new Set<string>()
  #changedAtMs = -Infinity
  #answeredAtMs = -Infinity
  #beat: CancelTimer | null = null
  #answer: CancelTimer | null = null
  #sweep: CancelTimer | null = null
  readonly #lingering = new Set<CancelTimer>()
  #settledAtMs = -Infinity
  #isStopped = false

  /** @throws HoldlineError ERR_OPTION_INVALID */
  constructor(context: PresenceContext, options: PresenceOptions = {}) {
    this.#context = context
    this.#options = resolvePresence(options)
    const { clock } = context
    this.#table = new PresenceTable(
      (f) => clock.atTurnEnd(f),
      (error) => context.failed(error),
    )
  }

  /** Entries of this process, those included that end when their grace is over. */
  get entryCount(): number {
    return this.#own.size
  }

  /** Others are heard now: asks them who is present there. Again when the broker was away. */
  start(): void {
    this.#settledAtMs = Math.max(this.#settledAtMs, this.#context.clock.now() + SETTLE_MS)
    this.#say({ kind: 'ask', from: this.#context.processName, of: null })
    if (this.#sequence > 0) this.#sayBeat()
  }

  /** Resolves when those who were asked at the start have had the time to answer. */
  settled(): Promise<void> {
    const leftMs = this.#settledAtMs - this.#context.clock.now()
    if (!(leftMs > 0)) return Promise.resolve()
    return new Promise((resolve) => void this.#context.clock.setTimer(leftMs, resolve))
  }

  /** This process ends. Its members leave everywhere. */
  stop(): void {
    if (this.#isStopped) return
    if (this.#sequence > 0) this.#say({ kind: 'bye', from: this.#context.processName })
    this.#isStopped = true
    for (const cancel of [this.#beat, this.#answer, this.#sweep, ...this.#lingering]) cancel?.()
    this.#lingering.clear()
  }

  // --- PresenceHub

  set(
    holder: object,
    topic: string,
    member: string,
    state: unknown,
    identity: string | null = null,
  ): void {
    checkProgramTopic(topic)
    checkName(member)
    // It has left already, and will not leave again.
    if (holder instanceof HeldConnection && !holder.isOpen) return
    if (identity !== null) checkName(identity)
    const stateJson = this.#stateJson(state)
    const held = this.#held.get(holder)
    const before = held?.get(topic) ?? null
    if (before === null && this.#own.size >= this.#options.entries) {
      throw new HoldlineError('ERR_PRESENCE_FULL', `${this.#own.size} entries`)
    }
    if (before !== null && isSame(before, member, identity, stateJson)) return
    const isReplaced = before !== null && before.member === member
    if (before !== null && !isReplaced) this.#end(before)
    const key = isReplaced ? before.key : ++this.#lastKey
    const stamp = ++this.#lastStamp
    const process = this.#context.processName
    const entry = { key, topic, member, identity, stateJson, stamp, process }
    if (held === undefined) this.#held.set(holder, new Map([[topic, entry]]))
    else held.set(topic, entry)
    this.#own.set(key, entry)
    this.#table.put(entry, isReplaced ? before : null)
    this.#tell(key, entry)
  }

  clear(holder: object, topic: string): void {
    const held = this.#held.get(holder)
    const entry = held?.get(topic)
    if (held === undefined || entry === undefined) return
    held.delete(topic)
    if (held.size === 0) this.#held.delete(holder)
    this.#end(entry)
  }

  leave(holder: object): void {
    const held = this.#held.get(holder)
    if (held === undefined) return
    this.#held.delete(holder)
    const end = (): void => {
      for (const entry of held.values()) this.#end(entry)
    }
    this.#afterGrace(end)
  }

  members(topic: string): PresentMember[] {
    return this.#table.members(topic)
  }

  watch(topic: string, listener: PresenceListener): () => void {
    checkProgramTopic(topic)
    return this.#table.watch(topic, listener)
  }

  // --- What the others say

  /** Something came on the topic of presence. */
  receive(text: unknown): void {
    if (this.#isStopped) return
    const message = readPresenceMessage(text)
    if (message === null || message.from === this.#context.processName) return
    if (this.#gone.has(message.from)) return
    if (message.kind === 'ask') {
      const isMeant = message.of === null || message.of === this.#context.processName
      if (isMeant && this.#sequence > 0) this.#answerSoon()
      return
    }
    if (message.kind === 'bye') this.processGone(message.from)
    else this.#told(message)
  }

  /** That process has ended. */
  processGone(name: string): void {
    this.#gone.add(name)
    if (this.#gone.size > MOST_GONE) this.#gone.delete(this.#gone.values().next().value!)
    const process = this.#processes.get(name)
    if (process === undefined) return
    this.#processes.delete(name)
    this.#afterGrace(() => process.dropAll())
  }

  /** That process has ended, says one who knows: all others are told. */
  ended(name: string): void {
    if (this.#processes.has(name)) this.#say({ kind: 'bye', from: name })
    this.processGone(name)
  }

  #told(message: Exclude<PresenceMessage, { kind: 'ask' | 'bye' }>): void {
    const { from, kind, sequence } = message
    const now = this.#context.clock.now()
    let process = this.#processes.get(from)
    if (process === undefined) {
      process = new PresenceProcess(from, this.#table, this.#options.entries)
      this.#processes.set(from, process)
    }
    process.heardAtMs = now
    this.#sweep ??= this.#sweepAfter(this.#options.leaseMs)
    if (kind !== 'beat') for (const entry of message.set) this.#seen(entry)
    if (kind === 'change') process.change(message)
    else if (kind === 'full') process.full(message)
    // Of what comes in several pieces the rest is under way.
    const isPart = kind === 'full' && message.parts > 1
    if (!isPart && process.misses(sequence)) this.#ask(process, now)
  }

  /** What is set here from now on shows before it. */
  #seen([, , , , , stamp]: WireEntry): void {
    if (stamp > this.#lastStamp) this.#lastStamp = stamp
  }

  #ask(process: PresenceProcess, now: number): void {
    if (now - process.askedAtMs < ANSWER_PAUSE_MS) return
    process.askedAtMs = now
    this.#say({ kind: 'ask', from: this.#context.processName, of: process.name })
  }

  /** Looks for processes whose lease is over. */
  #sweepAfter(ms: number): CancelTimer {
    const dueMs = this.#context.clock.now() + ms
    return this.#context.clock.setTimer(ms, () => {
      this.#sweep = null
      const { leaseMs } = this.#options
      const now = this.#context.clock.now()
      let oldestMs = Infinity
      // Who stood still itself has not read yet what came meanwhile.
      const isLate = now - dueMs > leaseMs / 4
      for (const process of this.#processes.values()) {
        if (isLate) process.heardAtMs = Math.max(process.heardAtMs, now - leaseMs / 2)
        if (now - process.heardAtMs < leaseMs) oldestMs = Math.min(oldestMs, process.heardAtMs)
        else {
          this.#processes.delete(process.name)
          process.dropAll()
        }
      }
      if (oldestMs === Infinity) return
      // A fraction of a millisecond may be lost in the sum: time has to pass.
      this.#sweep = this.#sweepAfter(Math.max(1, Math.ceil(oldestMs + leaseMs - now)))
    })
  }

  // --- What the others are told

  #end(entry: OwnEntry): void {
    this.#own.delete(entry.key)
    this.#table.remove(entry)
    this.#tell(entry.key, null)
  }

  #afterGrace(f: () => void): void {
    const { graceMs } = this.#options
    if (graceMs === 0 || this.#isStopped) {
      f()
      return
    }
    const cancel = this.#context.clock.setTimer(graceMs, () => {
      this.#lingering.delete(cancel)
      f()
    })
    this.#lingering.add(cancel)
  }

  /** At the end of the turn, together with what else it changes. */
  #tell(key: number, entry: OwnEntry | null): void {
    if (this.#isStopped) return
    this.#untold.set(key, entry)
    if (this.#untold.size === 1) this.#context.clock.atTurnEnd(this.#sayChanges)
  }

  readonly #sayChanges = (): void => {
    if (this.#untold.size === 0 || this.#isStopped) return
    const untold = [...this.#untold]
    this.#untold = new Map()
    const from = this.#context.processName
    for (const part of inParts(untold, ([key, entry]) => bytesOf(key, entry))) {
      const set = part.flatMap(([key, entry]) => (entry === null ? [] : [wireEntry(key, entry)]))
      const cleared = part.flatMap(([key, entry]) => (entry === null ? [key] : []))
      this.#say({ kind: 'change', from, sequence: ++this.#sequence, set, cleared })
    }
    this.#changedAtMs = this.#context.clock.now()
    this.#beat ??= this.#beatLater()
  }

  #answerSoon(): void {
    if (this.#answer !== null) return
    const { clock, processName: from } = this.#context
    const pauseMs = this.#answeredAtMs + ANSWER_PAUSE_MS - clock.now()
    this.#answer = clock.setTimer(Math.max(ANSWER_DELAY_MS, pauseMs), () => {
      this.#answer = null
      this.#answeredAtMs = clock.now()
      // What this turn has changed is among them, and is told once more with its number: twice is once.
      const all = [...this.#own].map(([key, entry]) => wireEntry(key, entry))
      const parts = inParts(all, entryBytes)
      for (const [part, set] of parts.entries()) {
        const sequence = this.#sequence
        this.#say({ kind: 'full', from, sequence, part, parts: parts.length, set })
      }
    })
  }

  /** Also for a lease after the last change: it may have been missed. */
  #beatLater(): CancelTimer {
    const { clock } = this.#context
    return clock.setTimer(Math.ceil(this.#options.leaseMs / 3), () => {
      this.#beat = null
      const isRecent = clock.now() - this.#changedAtMs < this.#options.leaseMs
      if (this.#own.size === 0 && !isRecent) return
      this.#sayBeat()
      this.#beat = this.#beatLater()
    })
  }

  #sayBeat(): void {
    this.#say({ kind: 'beat', from: this.#context.processName, sequence: this.#sequence })
  }

  #say(message: PresenceMessage): void {
    if (this.#isStopped) return
    // What is lost is noticed at the next beat.
    void this.#context.send(JSON.stringify(message))?.catch(() => {})
  }

  #stateJson(state: unknown): string {
    let json: string | undefined
    try {
      json = JSON.stringify(state)
    } catch (error) {
      throw new HoldlineError('ERR_PRESENCE_STATE', undefined, { cause: error })
    }
    if (json === undefined) throw new HoldlineError('ERR_PRESENCE_STATE', typeof state)
    const bytes = Buffer.byteLength(json)
    if (bytes > this.#options.stateBytes) {
      throw new HoldlineError('ERR_PRESENCE_STATE', `${bytes} bytes`)
    }
    return json
  }
}

function bytesOf(key: number, entry: OwnEntry | null): number {
  return entry === null ? 20 : entryBytes(wireEntry(key, entry))
}

function wireEntry(key: number, entry: PresenceEntry): WireEntry {
  const { topic, member, identity, stateJson, stamp } = entry
  return [key, topic, member, identity, stateJson, stamp]
}

function isSame(
  entry: PresenceEntry,
  member: string,
  identity: string | null,
  stateJson: string,
): boolean {
  return entry.member === member && entry.identity === identity && entry.stateJson === stateJson
}

/** @throws HoldlineError ERR_PRESENCE_MEMBER */
function checkName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= MAX_NAME_BYTES) return
  throw new HoldlineError('ERR_PRESENCE_MEMBER', JSON.stringify(name)?.slice(0, 80))
}
