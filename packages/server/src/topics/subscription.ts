// A subscriber: a place in a topic's window. One that does more than read on has a pace: it may skip, wait, read history,
// or be sent the latest of each key.

import type { HeldConnection } from '../connection/held-connection.ts'
import type { Piece } from '../connection/slab.ts'
import type { Gap, Overflow, Subscribed } from '../connection/topic-hub.ts'
import type { Border } from './borders.ts'
import type { Cursor } from './broker.ts'
import type { LiveTopic } from './live-topic.ts'
import type { Window } from './window.ts'

export const Mode = {
  /** Reads on from its position in the window. */
  LIVE: 0,
  /** Asked for, and not yet answered: nothing is sent. */
  ASKED: 1,
  /** Reads pages of history, up to where the window has what follows. */
  PAGING: 2,
  /** Is sent the latest of each key behind a border, then reads on. */
  LATEST: 3,
} as const
export type Mode = (typeof Mode)[keyof typeof Mode]

export class Subscription {
  readonly topic: LiveTopic
  readonly window: Window
  readonly connection: HeldConnection
  /** Position in the window's log up to which the connection has been sent. */
  position: number
  /** Place in the window's list; -1: it has ended. */
  index = -1
  /** null: it reads on, and is closed when it is behind by more than its connection may buffer. */
  pace: Pace | null = null
  subscribed: Promise<Subscribed>

  constructor(
    topic: LiveTopic,
    window: Window,
    connection: HeldConnection,
    subscribed: Promise<Subscribed>,
  ) {
    this.topic = topic
    this.window = window
    this.connection = connection
    this.position = window.log.head
    this.subscribed = subscribed
  }

  /** From where on the window must keep its frames for it. */
  get neededFrom(): number {
    const { pace } = this
    return pace === null || pace.mode === Mode.LIVE ? this.position : this.#reserved(pace)
  }

  #reserved({ mode, reservedFrom, lagBytes }: Pace): number {
    const { head } = this.window.log
    return mode === Mode.PAGING && head - reservedFrom <= lagBytes ? reservedFrom : head
  }

  /** Bytes that wait for the connection here. At least 1 where there is anything to take. */
  get lagBytes(): number {
    const { pace, window, position } = this
    if (pace === null) return window.log.head - position
    if (pace.isQuiet) return 0
    if (pace.mode === Mode.LIVE) {
      const told = pace.skippedFrom === null && pace.dueGap === null ? 0 : 1
      return pace.heldBytes + window.log.head - position + told
    }
    if (pace.mode === Mode.PAGING) return pace.page === null ? 0 : Math.max(pace.page.bytes, 1)
    if (pace.mode === Mode.LATEST) return 1
    return 0
  }
}

/** A part of history, ready to be sent. */
export interface Page {
  readonly pieces: readonly Piece[]
  readonly bytes: number
  /** Behind its last publication. */
  readonly cursor: Cursor
  /** Told when the page is sent; it stands at its front. */
  readonly gap: Gap | null
}

export class Pace {
  readonly overflow: Overflow
  /** How far it may lag. */
  readonly lagBytes: number
  readonly onGap: ((gap: Gap) => void) | null
  mode: Mode = Mode.LIVE
  /** Nothing is sent before the end of the turn in which it was answered. */
  isQuiet = false

  /** `dropOldest`: where it stood before it was moved on. The gap is told with what follows. */
  skippedFrom: Border | null = null
  /** `dropNewest`: frames that it is still sent before it goes on at the head. */
  held: Piece[] | null = null
  heldBytes = 0
  /** `dropNewest`: behind the last of what is held. */
  heldTo: Border | null = null
  /** `conflate`: behind the last that it was sent. */
  latestFrom: Border | null = null
  /** A gap of the topic that came while it was not reading the window. */
  dueGap: Gap | null = null

  /** While it reads history: behind the last that it was sent. */
  cursor: Cursor | 'start' | null = null
  page: Page | null = null
  isReading = false
  /** Position in the window that the next page may reach. */
  reservedFrom = 0
  /** Ends a wait, of `block` or of a read that failed. */
  cancelTimer: (() => void) | null = null
  isBlocking = false

  /** Only for as long as it has to be answered. */
  isForAnswer = false

  constructor(overflow: Overflow, lagBytes: number, onGap: ((gap: Gap) => void) | null) {
    this.overflow = overflow
    this.lagBytes = lagBytes
    this.onGap = onGap
  }

  /** Whether it reads on in the window now, and nothing else. */
  get readsOn(): boolean {
    return (
      this.mode === Mode.LIVE &&
      !this.isQuiet &&
      !this.isBlocking &&
      this.skippedFrom === null &&
      this.held === null &&
      this.dueGap === null
    )
  }

  end(): void {
    this.cancelTimer?.()
    this.cancelTimer = null
    this.page = null
    this.held = null
  }
}

/** The program is called when the connection's own work is done: it may send, and close. */
export function tellProgram({ connection }: Subscription, { onGap }: Pace, gap: Gap): void {
  if (onGap === null) return
  queueMicrotask(() => {
    try {
      onGap(gap)
    } catch (error) {
      connection.fail('ERR_HANDLER', error)
    }
  })
}
