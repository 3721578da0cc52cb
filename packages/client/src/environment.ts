// What the client takes from the world around it. Tests pass their own; programs never need to.

/** What the network watch tells: it returned, it went, or the page can be seen again. */
export type NetworkEvent = 'online' | 'offline' | 'visible'

/** The part of the standard WebSocket class that is used. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocket

export interface Environment {
  readonly WebSocket: WebSocketConstructor
  /** A number in [0, 1). */
  readonly random: () => number
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  /** Returns the function that ends the watch. */
  readonly watchNetwork: (listener: (event: NetworkEvent) => void) => () => void
}

/** The globals of a browser, and of any runtime that has a global WebSocket (Node 22+, Bun, Deno). */
export function globalEnvironment(): Environment {
  return {
    WebSocket: globalThis.WebSocket,
    random: () => Math.random(),
    now: () => performance.now(),
    setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
    clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    watchNetwork,
  }
}

function watchNetwork(listener: (event: NetworkEvent) => void): () => void {
  // Outside browsers there are no such events.
  if (typeof document === 'undefined' || typeof addEventListener === 'undefined') return () => {}
  const ended = new AbortController()
  const { signal } = ended
  addEventListener('online', () => listener('online'), { signal })
  addEventListener('offline', () => listener('offline'), { signal })
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'visible') listener('visible')
    },
    { signal },
  )
  return () => ended.abort()
}
