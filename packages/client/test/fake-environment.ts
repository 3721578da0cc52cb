// A world for client tests: a clock that the test moves, a scripted WebSocket, and a network that comes and goes.

import type { Environment, NetworkEvent } from 'holdline-client'

/** A WebSocket whose other side is the test. */
export class FakeSocket {
  readonly url: string
  readonly sent: (string | Uint8Array)[] = []
  readonly closes: [code: number | undefined, reason: string | undefined][] = []
  readyState = 0
  bufferedAmount = 0
  protocol = ''
  binaryType = 'blob'
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null

  constructor(url: string) {
    this.url = url
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data)
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException(`${code} is not allowed`, 'InvalidAccessError')
    }
    this.readyState = 2
    this.closes.push([code, reason])
  }

  open(): void {
    this.readyState = 1
    this.onopen?.()
  }

  receive(data: string | ArrayBuffer): void {
    this.onmessage?.({ data })
  }

  lose(code = 1006, reason = ''): void {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }
}

/** `random` is 1 unless a test says otherwise, so each wait is the whole bound. */
export class FakeEnvironment implements Environment {
  readonly sockets: FakeSocket[] = []
  readonly WebSocket: Environment['WebSocket']
  nowMs = 0
  randomValue = 1
  watching = false
  #timers = new Map<number, { dueMs: number; callback: () => void }>()
  #lastTimer = 0
  #listener: ((event: NetworkEvent) => void) | undefined

  constructor() {
    const { sockets } = this
    this.WebSocket = class {
      constructor(url: string) {
        const socket = new FakeSocket(url)
        sockets.push(socket)
        return socket
      }
    } as unknown as Environment['WebSocket']
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket
  }

  get timerCount(): number {
    return this.#timers.size
  }

  random = (): number => this.randomValue

  now = (): number => this.nowMs

  setTimeout = (callback: () => void, delayMs: number): number => {
    this.#timers.set(++this.#lastTimer, { dueMs: this.nowMs + delayMs, callback })
    return this.#lastTimer
  }

  clearTimeout = (timer: unknown): void => {
    this.#timers.delete(timer as number)
  }

  watchNetwork = (listener: (event: NetworkEvent) => void): (() => void) => {
    this.watching = true
    this.#listener = listener
    return () => {
      this.watching = false
      this.#listener = undefined
    }
  }

  network(event: NetworkEvent): void {
    this.#listener?.(event)
  }

  /** Moves the clock; timers fire in the order in which they are due. */
  advance(byMs: number): void {
    const endMs = this.nowMs + byMs
    for (;;) {
      const due = [...this.#timers]
        .filter(([, timer]) => timer.dueMs <= endMs)
        .sort(([, a], [, b]) => a.dueMs - b.dueMs)[0]
      if (!due) break
      this.#timers.delete(due[0])
      this.nowMs = due[1].dueMs
      due[1].callback()
    }
    this.nowMs = endMs
  }
}
