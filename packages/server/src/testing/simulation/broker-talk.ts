// What a simulated broker and its server say to one another. Types, and the times that both go by.

import type {
  AppendOptions,
  Cursor,
  Publication,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'

export type Question =
  | { readonly kind: 'publish'; readonly topic: string; readonly message: PublishedMessage }
  | {
      readonly kind: 'append'
      readonly topic: string
      readonly message: PublishedMessage
      readonly options: AppendOptions
    }
  | { readonly kind: 'attach'; readonly topic: string; readonly retention: Retention | null }
  | { readonly kind: 'detach'; readonly topic: string }
  | {
      readonly kind: 'read'
      readonly topic: string
      readonly after: Cursor | 'start'
      readonly limit: ReadLimit
      readonly retention: Retention
    }

export type Answer = Cursor | ReadResult | null

export type Tidings =
  | { readonly kind: 'deliver'; readonly topic: string; readonly message: PublishedMessage }
  | {
      readonly kind: 'appended'
      readonly topic: string
      readonly epoch: string
      readonly publication: Publication
    }

/** Of a broker. A session is one connection: its questions are answered in order, each once. */
export type ToServer =
  | { readonly say: 'hello'; readonly session: string; readonly attached: readonly string[] }
  | {
      readonly say: 'ask'
      readonly session: string
      readonly number: number
      readonly question: Question
    }
  | { readonly say: 'beat'; readonly session: string; readonly answeredUpTo: number }
  | { readonly say: 'bye'; readonly session: string }

/** Of the server. */
export type ToBroker =
  | { readonly say: 'welcome'; readonly session: string }
  | {
      readonly say: 'answer'
      readonly session: string
      readonly number: number
      readonly answer: Answer
    }
  | {
      readonly say: 'told'
      readonly session: string
      readonly number: number
      readonly tidings: Tidings
    }
  /** So many tidings were told. */
  | { readonly say: 'beat'; readonly session: string; readonly toldCount: number }
  | { readonly say: 'unknown'; readonly session: string }

export const SERVER_PLACE = 'broker'
export const BEAT_MS = 400
/** Whoever hears nothing for so long takes the other for gone. */
export const SILENCE_MS = 2_000
