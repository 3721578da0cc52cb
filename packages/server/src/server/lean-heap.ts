// Keeps the heap of a process that holds connections small.

import { setFlagsFromString } from 'node:v8'

/**
 * Stops the growth of V8's young generation. It grows with what survives, and every new connection survives: a burst
 * of handshakes grows it to its maximum, and nothing gives that back while the connections idle. Messages
 * die young, so a small one serves them as well (docs/performance.md has both measured).
 */
export function leanHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
