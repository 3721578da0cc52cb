// What tells asynchronous handlers from others. Apart from the lane, because threads need it and no connections.

/** Whether a handler returned something to wait for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

const AsyncFunction = (async () => {}).constructor

/** Whether a function is declared `async`. */
export function isAsync(f: unknown): boolean {
  return typeof f === 'function' && f.constructor === AsyncFunction
}
