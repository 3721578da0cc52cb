// What a program may set for its topics, with the defaults: `serve({ topics: { 'news.*': { history: { … } } } })`.

import type { UpgradeRequest } from '../connection/upgrade-request.ts'
import type { Overflow } from '../connection/topic-hub.ts'
import type { Retention } from './broker.ts'

export interface TopicOptions {
  /**
   * What is kept, for resume, `replay` and whoever joins. `true`: the defaults, 1,000 publications, 1 MiB and 5 minutes.
   * Default false: the topic has no history, and its publications no cursor.
   */
  readonly history?: boolean | Partial<Retention>
  /** What happens to a subscriber that is slower than the topic. Default `disconnect`. */
  readonly overflow?: Overflow
  /**
   * How far a subscriber may lag, in bytes as they are sent. At most `limits.bufferedBytes` with `disconnect`, and half of it
   * with the others, which is the default too.
   */
  readonly lagBytes?: number
  /** How long `block` may hold publishers up, in milliseconds. Default 5,000. */
  readonly blockMs?: number
  /** Keys that `conflate` keeps of a topic, the latest of each, at most 64 MiB; beyond it the oldest are gone. Default 10,000. */
  readonly keys?: number
  /** Who may do what on a `line()`; not asked for what the program does itself. Default: everybody may subscribe, nobody publish. */
  readonly authorize?: Authorize
}

/** What is asked for. */
export type TopicAction = 'subscribe' | 'publish' | 'presence' | 'history'

/** Answers whether it is allowed; a promise may. A throw is a no, and is reported. */
export type Authorize = (asked: {
  readonly action: TopicAction
  readonly topic: string
  /** Who asks; null: the line has no identity. */
  readonly identity: TopicIdentity | null
  readonly request: UpgradeRequest
}) => boolean | Promise<boolean>

/** Whom a line belongs to. */
export interface TopicIdentity {
  /** Unique within its tenant. */
  readonly id: string
  readonly tenant?: string
  /** The program's own: claims, roles. */
  readonly claims?: unknown
}
