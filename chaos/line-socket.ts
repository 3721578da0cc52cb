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

export const environment: NonNullable<ClientOptions['environment']> = {
  WebSocket: QuietWebSocket as never,
}
