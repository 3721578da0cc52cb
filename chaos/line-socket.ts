// The WebSocket of the clients of a chaos run: that of `ws`, which costs less than the one that comes with Node.

import { WebSocket } from 'ws'
import type { ClientOptions } from 'holdline-client'

class QuietWebSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols)
    // A browser's throws nothing either; what failed is told by 'close'.
    this.on('error', () => {})
  }
}

/** An environment whose latest socket can be told to read nothing, as a program that is stuck does. */
export class StallingEnvironment {
  readonly environment: NonNullable<ClientOptions['environment']>
  #socket: WebSocket | null = null
  #isStalled = false

  constructor() {
    const created = (socket: WebSocket): void => {
      this.#socket = socket
      socket.once('open', () => {
        if (this.#isStalled) socket.pause()
      })
    }
    this.environment = {
      WebSocket: class extends QuietWebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols)
          created(this)
        }
      } as never,
    }
  }

  stall(): void {
    this.#isStalled = true
    this.#socket?.pause()
  }

  read(): void {
    this.#isStalled = false
    this.#socket?.resume()
  }
}

export const environment: NonNullable<ClientOptions['environment']> = {
  WebSocket: QuietWebSocket as never,
}
