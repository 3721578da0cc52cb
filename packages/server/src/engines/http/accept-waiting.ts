// Empties the queue of a listening socket before it is closed. With SO_REUSEPORT the kernel resets the lines that
// it has set up for a socket and that nobody has accepted; the other processes on the port never see them.

/** A crowd that never ceases must not keep a process from ending. */
const PATIENCE_MS = 1_000
/** A line that comes after the turn has looked for lines is not seen in it: the turn has to be a short one. */
const SHORT_TURN_MS = 0.1

/** What listens: a server of node:net, or anything else that tells of each line. */
export interface Listening {
  readonly listening: boolean
  on(event: 'connection', onLine: () => void): unknown
  off(event: 'connection', onLine: () => void): unknown
}

/** Resolves at the end of a short turn in which each waiting line would have been accepted, and none was. */
export function acceptWaiting(server: Listening): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  let hasCome = true
  let turnSince = 0
  const onLine = (): void => {
    hasCome = true
  }
  server.on('connection', onLine)
  return new Promise((resolve) => {
    const look = (): void => {
      const now = performance.now()
      const isQuiet = !hasCome && now - turnSince < SHORT_TURN_MS
      if (isQuiet || !server.listening || now > giveUpAt) {
        server.off('connection', onLine)
        resolve()
        return
      }
      hasCome = false
      turnSince = now
      setImmediate(look)
    }
    setImmediate(look)
  })
}
