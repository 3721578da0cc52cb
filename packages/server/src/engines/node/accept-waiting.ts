// Empties the queue of a listening socket before it is closed. With SO_REUSEPORT the kernel resets the lines that
// it has set up for a socket and that nobody has accepted; the other processes on the port never see them.

import type { Server } from 'node:net'

/** A crowd that never ceases must not keep a process from ending. */
const PATIENCE_MS = 1_000

/** Resolves at the end of a turn in which each waiting line would have been accepted, and none was. */
export function acceptWaiting(server: Server): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  let isQuiet = false
  const onLine = (): void => {
    isQuiet = false
  }
  server.on('connection', onLine)
  return new Promise((resolve) => {
    const look = (): void => {
      if (server.listening && !isQuiet && performance.now() < giveUpAt) {
        isQuiet = true
        setImmediate(look)
        return
      }
      server.off('connection', onLine)
      resolve()
    }
    // The first turn is under way: lines may have come before its listener was there to see them.
    setImmediate(look)
  })
}
