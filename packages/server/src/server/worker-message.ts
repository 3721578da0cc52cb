// What the supervisor and its workers say to each other. Each message travels under one key, so that a program's
// own messages on the same channel are left alone.

import type { ListenAddress } from '../connection/engine.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import { errorCatalogue, HoldlineError } from '../protocol/errors.ts'
import type { LostReason } from '../brokers/process/mesh-place.ts'
import type { ShedOptions } from './server.ts'
import type { ServerStats } from './statistics.ts'

/** Where the sockets of the mesh are, and the proof of belonging to it. */
export interface MeshInvitation {
  readonly directory: string
  readonly token: string
}

/** Where a worker listens, beside what its own options say. */
export interface WorkerStart {
  readonly kind: 'start'
  /** null where it listens on a socket file. */
  readonly port: number | null
  readonly reusePort: boolean
  /** null where nothing is to be carried: the program brings its own broker, and no route joins. */
  readonly mesh: MeshInvitation | null
}

export interface WorkerDrain {
  readonly kind: 'drain'
  readonly code: number
  readonly reason: string
  readonly graceMs: number
  /** Milliseconds between the last accepted line and the close, in which requests under way are still served. */
  readonly pauseMs: number
}

/** What a worker asks of names, in order; `release` has no answer. */
export type NameRequest = readonly [ask: 'claim' | 'release' | 'owner', name: string]
/** The owner, nobody, or the code of a refusal. */
export type NameAnswer = number | null | ErrorCode

export type ToWorker =
  | WorkerStart
  | WorkerDrain
  | { readonly kind: 'peers'; readonly ids: readonly number[] }
  | { readonly kind: 'left'; readonly workerId: number }
  | { readonly kind: 'stats'; readonly ticket: number }
  /** This part of its connections is to go elsewhere. */
  | ({ readonly kind: 'shed' } & ShedOptions)
  /** To one `names`, in its order. */
  | { readonly kind: 'owners'; readonly answers: readonly NameAnswer[] }

export interface WorkerListening {
  readonly kind: 'listening'
  readonly address: ListenAddress
  readonly engine: { readonly name: string; readonly reason: string }
}

export type FromWorker =
  | WorkerListening
  | { readonly kind: 'hello' }
  | { readonly kind: 'join' }
  /** What one turn asks. */
  | { readonly kind: 'names'; readonly requests: readonly NameRequest[] }
  | { readonly kind: 'failed'; readonly code: ErrorCode | null; readonly detail: string }
  | { readonly kind: 'lost'; readonly id: number; readonly reason: LostReason }
  | { readonly kind: 'stats'; readonly ticket: number; readonly stats: ServerStats }
  /** Somebody sent SIGTERM to this worker alone. */
  | { readonly kind: 'asked-to-end' }

/** A worker among all processes that there ever were: what is known of it ends with it. */
export function workerName(run: string, workerId: number): string {
  return `${run}.${workerId}`
}

const KEY = 'holdline'

export function wrap(message: ToWorker | FromWorker): object {
  return { [KEY]: message }
}

/** What `wrap` was given in the other process; null for what is not ours. */
export function unwrap<Message extends ToWorker | FromWorker>(envelope: unknown): Message | null {
  if (typeof envelope !== 'object' || envelope === null || !(KEY in envelope)) return null
  return envelope[KEY] as Message
}

/** The catalogue's code of an error, and what else it says. */
export function describeError(error: unknown): { code: ErrorCode | null; detail: string } {
  if (!(error instanceof Error)) return { code: null, detail: String(error) }
  const { code, detail } = error as { code?: string; detail?: string }
  if (code === undefined || !(code in errorCatalogue)) return { code: null, detail: String(error) }
  return { code: code as ErrorCode, detail: detail ?? '' }
}

/** The other direction. */
export function reviveError(code: ErrorCode | null, detail: string): Error {
  if (code === null) return new Error(detail)
  return new HoldlineError(code, detail === '' ? undefined : detail)
}
