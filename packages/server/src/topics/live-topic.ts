// A topic, or a pattern, that somebody in this process is interested in: its windows, its listeners, where it stands.

import type { Gap, PublicationFormat, Subscribed } from '../connection/topic-hub.ts'
import type { Cursor, Publication, PublishedMessage } from './broker.ts'
import { LatestByKey } from './latest.ts'
import type { Feed } from './repair.ts'
import { Mode, tellProgram } from './subscription.ts'
import type { Subscription } from './subscription.ts'
import type { TopicPattern } from './topic-name.ts'
import type { TopicSettings } from './topic-settings.ts'
import { plainFormat, Window } from './window.ts'
import type { Standing } from './window.ts'

/** Hears the publications of a topic in this process; without history `publication` is null. Bytes are borrowed until it returns. */
export type TopicListener = (message: PublishedMessage, publication: Publication | null) => void

export class LiveTopic {
  readonly name: string
  readonly settings: TopicSettings
  /** null: a name. */
  readonly pattern: TopicPattern | null
  /** One for each format in use. */
  readonly windows: Window[] = []
  readonly listeners: Set<TopicListener> = new Set()
  /** Subscribers that are ahead of this process, and join when it has come so far. */
  readonly waiting: Set<Subscription> = new Set()
  /** null: no history. */
  feed: Feed | null = null
  latest: LatestByKey | null = null
  attaching: Promise<void> | null = null
  /** The answer to subscribers of a topic without history: one for all. */
  readonly subscribed: Promise<Subscribed>
  /** Of a pattern: the last of each topic with history. */
  readonly seen: Map<string, Cursor> = new Map()
  isAttached = false
  isGone = false
  isDirty = false
  ordinal = 0
  gapCount = 0

  constructor(name: string, settings: TopicSettings, pattern: TopicPattern | null) {
    this.name = name
    this.settings = settings
    this.pattern = pattern
    this.subscribed = Promise.resolve({ topic: name, cursor: null, recovered: false, reason: null })
  }

  get isUsed(): boolean {
    if (this.listeners.size > 0) return true
    return this.windows.some(({ subscribers }) => subscribers.length > 0)
  }

  /** Behind the last publication that has come; null: no history, or not begun. */
  get cursor(): Cursor | null {
    return this.feed === null ? null : this.feed.cursor
  }

  get standing(): Standing {
    const { cursor, ordinal, gapCount } = this
    return { epoch: cursor?.epoch ?? '', offset: cursor?.offset ?? 0, ordinal, gapCount }
  }

  /** Whether publications up to the cursor have not come yet; of another epoch that cannot be said. */
  isBehind({ epoch, offset }: Cursor, whereUnknown: boolean): boolean {
    const { cursor } = this
    if (cursor === null || cursor.epoch !== epoch) return whereUnknown
    return cursor.offset < offset
  }

  windowOf(format: PublicationFormat = plainFormat): Window {
    for (const window of this.windows) if (window.format === format) return window
    const window = new Window(format)
    if (this.feed !== null) window.keepBorders(this.standing)
    this.windows.push(window)
    return window
  }

  dropWindow(window: Window): void {
    this.windows.splice(this.windows.indexOf(window), 1)
    if (this.windows.length === 0) this.latest = null
  }

  /** From now on the latest of each key is kept. */
  keepLatest(): void {
    const { ordinal, offset } = this.standing
    this.latest ??= new LatestByKey(this.settings.keyCount, { ordinal, offset })
  }

  /** The next publication. `name` is another one than the topic's for a pattern. */
  take(name: string, message: PublishedMessage, publication: Publication | null): void {
    this.ordinal++
    for (const window of this.windows) {
      const { format } = window
      if (format === plainFormat) window.append(message, this)
      else window.append(format.encode(name, publication ?? withoutHistory(message)), this)
    }
    this.latest?.set(this.ordinal, publication ?? withoutHistory(message))
    for (const listener of this.listeners) listener(message, publication)
  }

  /** What lies between is lost to this process, and to all subscribers that read its window. */
  takeGap(gap: Gap): number {
    this.gapCount++
    let toldCount = 0
    const { standing } = this
    if (gap.reason === 'epoch') this.latest?.clear(standing)
    for (const window of this.windows) {
      window.appendGap(window.format.gap(gap), this)
      for (const subscription of window.subscribers) {
        if (lives(subscription, gap, standing)) toldCount++
      }
    }
    return toldCount
  }
}

/** Whether the subscriber reads past the gap in the window. */
function lives(subscription: Subscription, gap: Gap, standing: Standing): boolean {
  const { pace, window } = subscription
  if (pace === null) return true
  if (pace.mode === Mode.LATEST) {
    // Told as one, from where it stands: what it has not been sent by then is in the gap.
    const { epoch, offset } = pace.latestFrom!
    const from = pace.dueGap === null ? cursorOf(epoch, offset) : pace.dueGap.from
    pace.dueGap = { ...gap, from, count: null }
    pace.latestFrom = { ...standing, end: window.log.head }
    return false
  }
  if (pace.mode !== Mode.LIVE) return false
  tellProgram(subscription, pace, gap)
  return true
}

function cursorOf(epoch: string, offset: number): Cursor | null {
  return epoch === '' ? null : { epoch, offset }
}

/** A publication that no cursor names. */
export function withoutHistory(message: PublishedMessage): Publication {
  return { offset: 0, previous: 0, message, key: null, timeMs: 0 }
}
