// Which plain requests are under way on an HTTP server, so that a draining server can wait for them and for nothing
// else: a line without a request, or one that is still agreeing upon keys, is no reason to wait.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'

export class PlainRequests {
  #count = 0
  #whenNone: (() => void) | null = null

  constructor(http: Pick<Server, 'on'>) {
    http.on('request', (_request: IncomingMessage, response: ServerResponse) => {
      this.#count++
      response.once('close', () => {
        if (--this.#count === 0) this.#whenNone?.()
      })
    })
  }

  /** Resolves when no request is under way, or after `graceMs`. */
  ended(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count === 0 || graceMs <= 0) {
        resolve()
        return
      }
      const timer = setTimeout(resolve, graceMs)
      this.#whenNone = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
