// What the bench says to a load generator process, and what it answers. Each command has one answer.
import type { RoundResult } from './echo-load.ts'
import type { PayloadKind } from './request-frame.ts'

export type Command =
  | { readonly do: 'open'; readonly port: number; readonly connectionCount: number }
  | {
      readonly do: 'verify'
      readonly kind: PayloadKind
      readonly payloadBytes: number
      readonly messageCount: number
    }
  | {
      readonly do: 'round'
      readonly kind: PayloadKind
      readonly payloadBytes: number
      readonly roundMs: number
    }
  | { readonly do: 'close' }

export type Answer =
  | { readonly ok: true; readonly round?: RoundResult }
  | { readonly ok: false; readonly message: string }
