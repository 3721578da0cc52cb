// The last words on a line: a response that refuses a request, and the end. What still comes is never parsed: it
// could be a smuggled request (RFC 9112 §2.2, §6.3).

import type { Socket } from 'node:net'

/** The time that the other side has to read the answer: cutting at once would reset the line and lose it. */
const LINGER_MS = 500
/** Until a response that is not read is given up. */
const UNREAD_MS = 5_000

export function endWithResponse(socket: Socket, response: string): void {
  if (socket.destroyed) return
  const cut = (): void => void socket.destroy()
  let timer = setTimeout(cut, UNREAD_MS).unref()
  // A timer would hold the socket's memory for seconds after it is gone.
  socket.on('error', cut).once('close', () => clearTimeout(timer))
  socket.resume()
  socket.end(response, 'latin1', () => {
    clearTimeout(timer)
    timer = setTimeout(cut, LINGER_MS).unref()
  })
}
