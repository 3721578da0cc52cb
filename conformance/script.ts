// The little language of the cases: what to send, in which pieces, and what must come back.
// Steps are data; play.ts carries them out.

import type { Payload } from './frame-codec.ts'
import type { ConnectOptions, Endpoint, RawConnection, Transport } from './raw-connection.ts'

/** Octets, or a function of the endpoint where the octets name it (Host, Origin) or are large. */
export type Octets = Uint8Array | ((endpoint: Endpoint) => Uint8Array)

export interface MessageExpectation {
  readonly type: 'text' | 'binary'
  readonly payload: Payload | (() => Payload)
  /** Whether it must, or must not, come compressed; either way where this is absent. */
  readonly compressed?: boolean
}

/** A header's value must equal a string or match; null says the header must be absent. */
export type HeaderExpectation = string | RegExp | null | ((value: string | undefined) => boolean)

export type Step =
  | {
      readonly do: 'send'
      readonly octets: Octets
      readonly chunk?: number
      readonly gapMs?: number
    }
  | { readonly do: 'message'; readonly expected: MessageExpectation; readonly withinMs: number }
  | { readonly do: 'pong'; readonly payload: Payload }
  /** Pongs that answer a run of pings: any subsequence that ends with the last (RFC 6455 §5.5.3). */
  | { readonly do: 'pongs'; readonly payloads: readonly string[] }
  | {
      readonly do: 'close'
      /** undefined among them stands for an empty close frame. */
      readonly codes: readonly (number | undefined)[]
      readonly reason?: Payload
      readonly withinMs: number
    }
  | { readonly do: 'end'; readonly withinMs: number }
  /** The line ends, whatever comes before. */
  | { readonly do: 'over'; readonly withinMs: number }
  /** The connection is gone for good: writing on it is answered with a reset. */
  | { readonly do: 'gone'; readonly withinMs: number }
  | {
      readonly do: 'status'
      readonly statuses: readonly number[]
      readonly headers: Readonly<Record<string, HeaderExpectation>>
      readonly body?: string
      readonly withinMs: number
    }
  | { readonly do: 'quiet'; readonly forMs: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'finish' }
  | { readonly do: 'reset' }

/** What a case with code of its own is given. */
export interface Scene {
  readonly endpoint: Endpoint
  /** A bare connection; it is destroyed when the case ends. */
  connect(options?: ConnectOptions): Promise<RawConnection>
  /** A connection after its upgrade. */
  open(path: string, options?: ConnectOptions & { headers?: Headers }): Promise<RawConnection>
  play(connection: RawConnection, steps: readonly Step[]): Promise<void>
  /** The server under test as the operating system sees it. */
  readonly process: ServerProcess
  /** Shown under the case in the results; for figures. */
  note(line: string): void
  fail(expected: string, seen: string): never
}

export interface ServerProcess {
  residentMiB(): number
  /** CPU time of the main thread, in milliseconds. */
  cpuMs(): number
  /** Descriptors that are open. */
  descriptorCount(): number
  /** Runs the work and returns the highest resident memory seen meanwhile, in MiB. */
  peakMiB(work: () => Promise<void>): Promise<number>
}

export type Headers = readonly (readonly [name: string, value: string])[]

export interface Case {
  /** Begins with its section: `RFC 6455 §5.2`, `RFC 7692 §7.2.1`, `Hostile: …`. */
  readonly name: string
  /** The path to upgrade before the steps; absent where the steps speak HTTP themselves. */
  readonly path?: string
  readonly headers?: Headers
  readonly connect?: ConnectOptions
  readonly steps?: readonly Step[]
  readonly run?: (scene: Scene) => Promise<void>
  /** Where it runs when not everywhere, and why. */
  readonly only?: { readonly transport: Transport; readonly why: string }
  /** Runs by itself against a fresh server, whose memory or time it measures. */
  readonly alone?: boolean
  readonly withinMs?: number
}

const answerMs = 8_000

export function send(octets: Octets, chunk?: number, gapMs?: number): Step {
  return {
    do: 'send',
    octets,
    ...(chunk === undefined ? {} : { chunk }),
    ...(gapMs === undefined ? {} : { gapMs }),
  }
}

export function expectText(payload: Payload | (() => Payload), compressed?: boolean): Step {
  return message('text', payload, compressed)
}

export function expectBinary(payload: Payload | (() => Payload), compressed?: boolean): Step {
  return message('binary', payload, compressed)
}

function message(
  type: 'text' | 'binary',
  payload: Payload | (() => Payload),
  compressed: boolean | undefined,
): Step {
  const expected = { type, payload, ...(compressed === undefined ? {} : { compressed }) }
  return { do: 'message', expected, withinMs: answerMs }
}

export function expectPong(payload: Payload): Step {
  return { do: 'pong', payload }
}

export function expectPongs(payloads: readonly string[]): Step {
  return { do: 'pongs', payloads }
}

export function expectClose(...codes: (number | undefined)[]): Step {
  return { do: 'close', codes, withinMs: answerMs }
}

export function expectCloseReason(code: number, reason: Payload): Step {
  return { do: 'close', codes: [code], reason, withinMs: answerMs }
}

export function expectEnd(withinMs = 4_000): Step {
  return { do: 'end', withinMs }
}

export function expectGone(withinMs: number): Step {
  return { do: 'gone', withinMs }
}

export function quiet(forMs = 60): Step {
  return { do: 'quiet', forMs }
}

export function wait(ms: number): Step {
  return { do: 'wait', ms }
}

export const finish: Step = { do: 'finish' }
export const reset: Step = { do: 'reset' }

/** The connection is failed: this close code, then the end of TCP (RFC 6455 §7.1.7). */
export function failed(...codes: number[]): Step[] {
  return [expectClose(...codes), expectEnd()]
}

/** The line still works: a text goes and comes back. */
export const stillServed: readonly Step[] = [
  send(Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0x6f, 0x6b)),
  expectText('ok'),
]

export function expectStatus(
  statuses: number | readonly number[],
  headers: Readonly<Record<string, HeaderExpectation>> = {},
  body?: string,
): Step {
  return {
    do: 'status',
    statuses: typeof statuses === 'number' ? [statuses] : statuses,
    headers,
    withinMs: answerMs,
    ...(body === undefined ? {} : { body }),
  }
}

/** A refusal: the status, `Connection: close`, one response only, and the end of TCP. */
export function refused(
  statuses: number | readonly number[],
  headers: Readonly<Record<string, HeaderExpectation>> = {},
): Step[] {
  return [expectStatus(statuses, { connection: /\bclose\b/i, ...headers }), expectEnd()]
}
