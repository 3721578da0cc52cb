// A line between a broker and its server that can be cut, hang or be slow. Knows bytes, not what they say.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** Stands between a broker and its server. */
export class FaultyProxy {
  readonly #target: { host: string; port: number }
  readonly #lines = new Set<readonly [Socket, Socket]>()
  readonly #server: Server
  #state: 'passes' | 'cut' | 'hangs' = 'passes'
  #delayMs = 0

  private constructor(target: { host: string; port: number }) {
    this.#target = target
    this.#server = createServer((inner) => this.#accept(inner))
  }

  static async start(target: { host: string; port: number }): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  /** Host and port. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Connections are reset, and so are new ones. */
  cut(): void {
    this.#state = 'cut'
    this.#resetAll()
  }

  /** Nothing passes, and nobody is told. */
  hang(): void {
    this.#state = 'hangs'
    for (const line of this.#lines) for (const socket of line) socket.pause()
  }

  /** Whatever was lost between two sides is lost for ever: connections from before are reset. */
  heal(): void {
    if (this.#state === 'hangs') this.#resetAll()
    this.#state = 'passes'
  }

  slow(ms: number): void {
    this.#delayMs = ms
  }

  async stop(): Promise<void> {
    this.#resetAll()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(inner: Socket): void {
    inner.on('error', () => {})
    if (this.#state === 'cut') {
      reset(inner)
      return
    }
    const outer = connect(this.#target.port, this.#target.host)
    const line = [inner, outer] as const
    this.#lines.add(line)
    for (const [from, to] of [line, [outer, inner] as const]) {
      from.setNoDelay(true)
      from.on('data', (bytes: Buffer) => void this.#pass(bytes, to))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#lines.delete(line)
        to.destroy()
      })
      if (this.#state === 'hangs') from.pause()
    }
  }

  async #pass(bytes: Buffer, to: Socket): Promise<void> {
    if (this.#delayMs > 0) await setTimeout(this.#delayMs)
    if (this.#state !== 'hangs' && !to.destroyed) to.write(bytes)
  }

  #resetAll(): void {
    for (const line of this.#lines) for (const socket of line) reset(socket)
    this.#lines.clear()
  }
}

/**
 * While the end of writing is under way Node refuses a reset and keeps the handle: at its natural end the process would then
 * turn without end in closing it (Node 26).
 */
function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy()
  else socket.resetAndDestroy()
}
