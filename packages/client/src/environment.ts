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
    random: Math.random,
    now: () => performance.now(),
    setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
    clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    watchNetwork,
  }
}

/** Where nothing can be listened to, as in Node, there is nothing to hear. */
function watchNetwork(listener: (event: NetworkEvent) => void): () => void {
  const ended = new AbortController()
  const tell = ({ type }: Event): void => {
    if (type !== visibility) listener(type as NetworkEvent)
    else if (document.visibilityState === 'visible') listener('visible')
  }
  // The last one is the document's, and bubbles.
  for (const type of ['online', 'offline', visibility]) {
    globalThis.addEventListener?.(type, tell, ended)
  }
  return () => ended.abort()
}

const visibility = 'visibilitychange'
