// Feeds one target with mutated inputs, in a thread of its own, so that even an endless loop is noticed and
// named by the thread that watches. It knows no test framework.
import { Buffer } from 'node:buffer'
import { parentPort, workerData } from 'node:worker_threads'
import { HoldlineError } from '../../src/protocol/errors.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { maxInputBytes, mutate, Random } from './mutator.ts'

export interface FuzzOrder {
  readonly targetUrl: string
  readonly seed: number
  readonly runs: number
  /** Longest time one input may take. */
  readonly stallMs: number
  /** Run this input alone, as hex. */
  readonly input?: string | undefined
  /** The number of runs begun, then the length of the present input, then the input. */
  readonly progress: SharedArrayBuffer
}

export interface FuzzResult {
  readonly runs: number
  /** How often the target ended in which way: `accepted`, or the code of a refusal. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly failure?: { readonly input: string; readonly reason: string }
}

/** What `progress` has to hold. */
export const progressBytes: number = 8 + 2 * maxInputBytes

/** Accepted inputs that are mutated further, beside the seeds: short ones, since mutation makes them longer. */
const poolSize = 256
const maxPooledBytes = 1024

if (parentPort !== null) {
  const order = workerData as FuzzOrder
  const { target } = (await import(order.targetUrl)) as { target: FuzzTarget }
  parentPort.postMessage(fuzz(target, order))
}

function fuzz(target: FuzzTarget, order: FuzzOrder): FuzzResult {
  const random = new Random(order.seed)
  const outcomes = new Map<string, number>()
  const pool: Uint8Array[] = [...target.seeds]
  const given =
    order.input === undefined ? undefined : Uint8Array.from(Buffer.from(order.input, 'hex'))
  let runs = 0
  const total = given === undefined ? order.runs : 1
  const result = (failure?: FuzzResult['failure']): FuzzResult => ({
    runs,
    outcomes: Object.fromEntries(outcomes),
    ...(failure === undefined ? null : { failure }),
  })
  while (runs < total) {
    // Each seed once as it is: a target that refuses its own seeds tests nothing.
    const input = given ?? target.seeds[runs] ?? mutate(random, pool)
    runs++
    report(order.progress, runs, input)
    const first = runOnce(target, input)
    if (first.failure !== undefined) {
      const least = given ?? shrink(target, input, first.failure)
      return result({ input: toHex(least), reason: first.failure })
    }
    // A busy machine may stall once; the input is to blame only if it does so again.
    if (first.tookMs > order.stallMs && runOnce(target, input).tookMs > order.stallMs) {
      return result({ input: toHex(input), reason: `took ${Math.round(first.tookMs)} ms` })
    }
    outcomes.set(first.outcome, (outcomes.get(first.outcome) ?? 0) + 1)
    const isShort = input.length <= maxPooledBytes
    if (isShort && first.outcome === 'accepted' && random.below(8) === 0) {
      const at = target.seeds.length + random.below(poolSize)
      pool[Math.min(at, pool.length)] = input
    }
  }
  return result()
}

function runOnce(
  target: FuzzTarget,
  input: Uint8Array,
): { outcome: string; tookMs: number; failure?: string } {
  const start = performance.now()
  try {
    target.run(input.slice())
    return { outcome: 'accepted', tookMs: performance.now() - start }
  } catch (error) {
    const tookMs = performance.now() - start
    if (error instanceof HoldlineError) return { outcome: error.code, tookMs }
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { outcome: 'failed', tookMs, failure }
  }
}

/** The input without whatever it can do without and still fail with the same first line. */
function shrink(target: FuzzTarget, input: Uint8Array, failure: string): Uint8Array {
  const firstLine = failure.split('\n', 1)[0]
  let least = input
  let attemptsLeft = 5000
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < least.length && attemptsLeft > 0; attemptsLeft--) {
      const shorter = Uint8Array.from([...least.subarray(0, at), ...least.subarray(at + size)])
      if (runOnce(target, shorter).failure?.split('\n', 1)[0] === firstLine) least = shorter
      else at += size
    }
  }
  return least
}

function report(progress: SharedArrayBuffer, run: number, input: Uint8Array): void {
  new Uint8Array(progress).set(input.subarray(0, progress.byteLength - 8), 8)
  const counters = new Int32Array(progress, 0, 2)
  Atomics.store(counters, 1, input.length)
  Atomics.store(counters, 0, run)
}

function toHex(input: Uint8Array): string {
  return Buffer.from(input).toString('hex')
}
