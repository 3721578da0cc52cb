// What became of promises so far, for tests of who waits and who does not.

export interface Settling<T> {
  isSettled: boolean
  value: T | undefined
  error: { readonly code?: string } | undefined
}

export function settling<T>(promise: Promise<T>): Settling<T> {
  const state: Settling<T> = { isSettled: false, value: undefined, error: undefined }
  promise.then(
    (value) => Object.assign(state, { isSettled: true, value }),
    (error: unknown) => Object.assign(state, { isSettled: true, error }),
  )
  return state
}

/** Everything that can go on without I/O has gone on. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A seeded source of numbers from 0 to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
