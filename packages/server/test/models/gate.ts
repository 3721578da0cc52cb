// What handlers under test wait for: gates that the test opens, and turns of the microtask queue.

export interface Gate {
  readonly passed: Promise<void>
  open(): void
  break(error: unknown): void
}

export function gate(): Gate {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // Who opens it never, or breaks it early, must not lose the process to it.
  promise.catch(() => {})
  return { passed: promise, open: resolve, break: reject }
}

/** A gate for each name, made when it is first asked for. */
export function gates(): (name: unknown) => Gate {
  const all = new Map<unknown, Gate>()
  return (name) => {
    if (!all.has(name)) all.set(name, gate())
    return all.get(name)!
  }
}

export const tick = (): Promise<void> => Promise.resolve()
