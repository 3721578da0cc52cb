// The WebSocket class of a browser, as far as clients use it, and the clock and chance that go with it: a client library runs
// in a simulation unchanged. Knows no client library.

import type { Simulation } from './simulation.ts'
import type { SimulatedClient } from './simulated-client.ts'

export interface SimulatedMessage {
  readonly data: string | ArrayBuffer
}

export interface SimulatedClose {
  readonly code: number
  readonly reason: string
}

/** Connects to any process that runs, at the path of its address. */
export class SimulatedWebSocket {
  binaryType = 'arraybuffer'
  onopen: (() => void) | null = null
  onmessage: ((event: SimulatedMessage) => void) | null = null
  onclose: ((event: SimulatedClose) => void) | null = null
  readonly #client: SimulatedClient

  constructor(simulation: Simulation, url: string, protocols: readonly string[] = []) {
    const { pathname, search } = new URL(url)
    const isPlain = protocols.length === 0
    this.#client = simulation.connect({
      path: pathname + search,
      headers: isPlain ? {} : { 'sec-websocket-protocol': protocols.join(', ') },
      onOpen: () => this.onopen?.(),
      onMessage: (message) => this.onmessage?.({ data: dataOf(message) }),
      // Listeners are set behind the constructor. A refusal is a line that was never there: a page sees no status.
      onClose: (code) =>
        simulation.after(0, () => {
          this.onclose?.({ code: code < 1_000 ? 1_006 : code, reason: '' })
        }),
    })
  }

  get readyState(): number {
    return this.#client.isOpen ? 1 : this.#client.isClosed ? 3 : 0
  }

  send(data: string | Uint8Array): void {
    this.#client.send(data)
  }

  close(code?: number): void {
    if (this.#client.isOpen) this.#client.close(code)
    else this.#client.cut()
  }
}

/** What a client takes from the world around it, `environment` of `holdline-client`: here, of a simulation. */
export interface SimulatedEnvironment {
  readonly WebSocket: new (url: string, protocols: string[]) => WebSocket
  readonly random: () => number
  readonly now: () => number
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  readonly watchNetwork: (listener: (event: 'online' | 'offline' | 'visible') => void) => () => void
}

export function environmentOf(simulation: Simulation): SimulatedEnvironment {
  return {
    WebSocket: class extends SimulatedWebSocket {
      constructor(url: string, protocols: string[]) {
        super(simulation, url, protocols)
      }
    } as unknown as SimulatedEnvironment['WebSocket'],
    random: () => simulation.random.next(),
    now: () => simulation.clock.now(),
    setTimeout: (callback, delayMs) => simulation.clock.setTimer(delayMs, callback),
    clearTimeout: (timer) => (timer as (() => void) | undefined)?.(),
    watchNetwork: () => () => {},
  }
}

function dataOf(message: string | Uint8Array): string | ArrayBuffer {
  return typeof message === 'string' ? message : new Uint8Array(message).buffer
}
