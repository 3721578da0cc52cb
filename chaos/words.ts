// What the processes of a chaos run tell one another: one JSON object a line. No behaviour.

/** A topic as the publisher knows it: ids are 0, 1, 2, … in each topic. */
export interface PublishedTopic {
  readonly topic: string
  /** Ids that were handed to the line. */
  readonly count: number
  /** Those that were acknowledged: a bit for each id, in base64. */
  readonly acknowledged: string
}

/** What one subscriber of one topic was shown. */
export interface ShownTopic {
  readonly topic: string
  readonly client: number
  /** A bit for each id that was shown, in base64. */
  readonly shown: string
  /** Ids that were shown again. */
  readonly duplicates: number
  /** Publications that came with an offset not above the one before in the same epoch. */
  readonly disorders: number
  /** Gaps that it was told of, and how many of them say how many publications. */
  readonly gaps: number
}

export type Told =
  /** The supervisor listens. */
  | { readonly kind: 'listening'; readonly port: number }
  /** A worker of the server listens. */
  | { readonly kind: 'worker'; readonly pid: number }
  /** All subscriptions, or all publishing lines, are there. */
  | { readonly kind: 'ready' }
  /** How many publications were acknowledged, or shown, so far. */
  | { readonly kind: 'count'; readonly count: number }
  /**
   * How long publications were under way since the last report of this kind: how many took `[i, i + 1)` milliseconds.
   * Only of subscribers that read all the time.
   */
  | { readonly kind: 'latencies'; readonly counts: readonly number[] }
  | {
      readonly kind: 'published'
      readonly topics: readonly PublishedTopic[]
      readonly refused: number
    }
  | {
      readonly kind: 'shown'
      readonly topics: readonly ShownTopic[]
      /** Milliseconds from the loss of a line until all of its subscriptions went on. */
      readonly resumeMs: readonly number[]
    }

/** What the run asks of its processes. */
export type Asked =
  | { readonly kind: 'go' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'report' }
  /** The slow ones read nothing from now on; they read on. */
  | { readonly kind: 'stall' }
  | { readonly kind: 'read' }
  | { readonly kind: 'latencies' }

/** What a publication of a run holds. */
export interface Sent {
  readonly id: number
  /** When it was published, in milliseconds of the wall clock that all processes share. */
  readonly atMs: number
  readonly filling: string
}

export function wallClockMs(): number {
  return performance.timeOrigin + performance.now()
}

export function tell(told: Told): void {
  process.stdout.write(`${JSON.stringify(told)}\n`)
}
