// A test's end of a TCP line: it sends and reads bytes, and knows no frames.

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { WireLine, WireRequest } from './engine-harness.ts'

/** Time after which something awaited is given up. */
const PATIENCE_MS = 10_000

/** Waits in real time until something is so; throws when that takes ten seconds. */
export async function untilInTime(what: string, isSo: () => boolean): Promise<void> {
  const since = performance.now()
  while (!isSo()) {
    if (performance.now() - since > PATIENCE_MS) throw new Error(`Waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Opens a TCP line to this machine and sends the head of an upgrade request, and what is to come behind it. */
export async function dialTcp(port: number, request: WireRequest): Promise<WireLine> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  const line = new TcpWireLine(socket)
  line.write(Buffer.concat([Buffer.from(requestText(port, request), 'latin1'), request.behind]))
  return line
}

function requestText(port: number, { method, path, headers }: WireRequest): string {
  const all: Record<string, string | null> = {
    host: `127.0.0.1:${port}`,
    upgrade: 'websocket',
    connection: 'Upgrade',
    // The key of RFC 6455 §1.3
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) =>
    value === null ? '' : `${name}: ${value}\r\n`,
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

class TcpWireLine implements WireLine {
  readonly #socket: Socket
  onBytes: WireLine['onBytes'] = null
  hasEnded = false
  isClosed = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => this.onBytes?.(bytes))
    socket.on('end', () => (this.hasEnded = true))
    socket.on('close', () => (this.isClosed = true))
    // A line that is reset says so with an error; 'close' follows.
    socket.on('error', () => {})
  }

  write(bytes: Uint8Array): void {
    if (!this.isClosed) this.#socket.write(Uint8Array.from(bytes))
  }

  end(): void {
    this.#socket.end()
  }

  cut(): void {
    // Behind a FIN that is under way Node (26) refuses a reset, and never ends.
    const { writableEnded, writableFinished } = this.#socket
    if (writableEnded && !writableFinished) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  stopReading(): void {
    this.#socket.pause()
  }

  startReading(): void {
    this.#socket.resume()
  }
}
