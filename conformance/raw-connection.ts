// One TCP or TLS connection of a case: writes exact octets in exact pieces, and waits for what comes back.
// It knows frames and HTTP heads only as far as to find where they end.

import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls'
import { readServerFrame, toHex, type ServerFrame } from './frame-codec.ts'

export type Transport = 'ws' | 'wss'

export interface Endpoint {
  readonly transport: Transport
  readonly host: string
  readonly port: number
}

export interface ConnectOptions {
  /** Another address of 127/8, so that limits per address see another one. */
  readonly localAddress?: string
  /** Leaves TLS out although the endpoint speaks it. */
  readonly plain?: boolean
}

// One for all connections: making it costs more than a handshake.
const secureContext = createSecureContext()

export class RawConnection {
  /** True once the other side has sent FIN (or close_notify), or the connection is gone altogether. */
  ended = false
  /** True once nothing can be written any more: reset, or closed on both sides. */
  gone = false
  receivedByteCount = 0
  readonly #tcp: Socket
  readonly #stream: Socket | TLSSocket
  #buffer: Buffer = Buffer.alloc(4096)
  #start = 0
  #end = 0
  #wake: (() => void) | undefined
  #wasReset = false

  private constructor(tcp: Socket, stream: Socket | TLSSocket) {
    this.#tcp = tcp
    this.#stream = stream
    stream.on('data', (chunk: Buffer) => this.#append(chunk))
    stream.on('drain', () => this.#notify())
    stream.on('end', () => this.#mark('ended'))
    stream.on('close', () => this.#mark('gone'))
    tcp.on('close', () => this.#mark('gone'))
    // A reset is an ordinary end here: the steps say which ends they allow.
    stream.on('error', () => this.#mark('gone'))
    tcp.on('error', () => this.#mark('gone'))
  }

  static async open(endpoint: Endpoint, options: ConnectOptions = {}): Promise<RawConnection> {
    const { host, port } = endpoint
    const { localAddress } = options
    const tcp = connect({
      host,
      port,
      allowHalfOpen: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    })
    tcp.setNoDelay(true)
    await opened(tcp, 'connect')
    if (endpoint.transport === 'ws' || options.plain === true) return new RawConnection(tcp, tcp)
    // Self-signed on purpose; TLS itself is not what is tested here.
    const tls = connectTls({ socket: tcp, secureContext, rejectUnauthorized: false })
    await opened(tls, 'secureConnect')
    return new RawConnection(tcp, tls)
  }

  /** Writes in pieces of `chunk` octets, a turn of the event loop between two of them. */
  async write(bytes: Uint8Array, chunk: number = bytes.length, gapMs?: number): Promise<void> {
    for (let at = 0; at < bytes.length && !this.gone && !this.#wasReset; at += chunk) {
      const more = this.#stream.write(bytes.subarray(at, at + chunk))
      if (!more) await this.#drained()
      if (gapMs !== undefined) await new Promise((resolve) => setTimeout(resolve, gapMs))
      else if (at + chunk < bytes.length) await nextTurn()
    }
  }

  /** Octets that this process holds because the server does not take them. */
  get unsentByteCount(): number {
    return this.#stream.writableLength
  }

  /** Writes without waiting for room; false when the connection cannot take more now. */
  push(bytes: Uint8Array): boolean {
    return !this.gone && !this.#wasReset && this.#stream.write(bytes)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  /** Sends FIN and goes on reading. */
  finish(): void {
    if (!this.#wasReset) this.#stream.end()
  }

  /** Sends RST, below TLS. */
  reset(): void {
    if (this.gone) return
    this.#wasReset = true
    // Behind a FIN that is under way Node (26) refuses a reset, and never ends.
    const { writableEnded, writableFinished } = this.#tcp
    if (writableEnded && !writableFinished) this.#tcp.destroy()
    else this.#tcp.resetAndDestroy()
  }

  destroy(): void {
    // A TLS stream whose TCP handle was reset below it must not be touched again: Node 26 crashes on it.
    if (this.#wasReset) return
    this.#stream.destroy()
    this.#tcp.destroy()
  }

  /** An HTTP head, without its last empty line; undefined if it did not come. */
  async readHead(withinMs: number): Promise<string | undefined> {
    let length = -1
    await this.until(() => {
      length = this.#unread().indexOf('\r\n\r\n')
      return length >= 0 || this.ended
    }, withinMs)
    if (length < 0) return undefined
    const head = this.#unread().toString('latin1', 0, length)
    this.#start += length + 4
    return head
  }

  /** The next frame; undefined if none came in time or before the end. */
  async readFrame(withinMs: number): Promise<ServerFrame | undefined> {
    let found: ServerFrame | undefined
    await this.until(() => {
      found = this.takeFrame()
      return found !== undefined || this.ended
    }, withinMs)
    return found
  }

  /** The next frame if it is here already. */
  takeFrame(): ServerFrame | undefined {
    const result = readServerFrame(this.#unread())
    if (result === undefined) return undefined
    this.#start += result.end
    return result.frame
  }

  /** Everything received and not yet read. */
  takeRest(): Buffer {
    const rest = Buffer.from(this.#unread())
    this.#start = this.#end
    return rest
  }

  get unreadByteCount(): number {
    return this.#end - this.#start
  }

  describe(): string {
    const state = this.gone ? 'gone' : this.ended ? 'ended' : 'open'
    return `${state}, unread: ${this.unreadByteCount === 0 ? 'nothing' : toHex(this.#unread())}`
  }

  /** Waits until the condition holds, checking at each event; says whether it did. */
  async until(condition: () => boolean, withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs
    while (!condition()) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return true
  }

  #unread(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end)
  }

  #append(chunk: Buffer): void {
    this.receivedByteCount += chunk.length
    if (this.#start === this.#end) this.#start = this.#end = 0
    if (this.#end + chunk.length > this.#buffer.length) {
      const unread = this.#end - this.#start
      const larger = Buffer.alloc(Math.max(2 * this.#buffer.length, unread + chunk.length))
      this.#buffer.copy(larger, 0, this.#start, this.#end)
      this.#buffer = larger
      this.#start = 0
      this.#end = unread
    }
    chunk.copy(this.#buffer, this.#end)
    this.#end += chunk.length
    this.#notify()
  }

  #mark(what: 'ended' | 'gone'): void {
    this.ended = true
    if (what === 'gone') this.gone = true
    this.#notify()
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  async #drained(): Promise<void> {
    const stream = this.#stream
    if (this.gone || !stream.writableNeedDrain) return
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.off('drain', done)
        stream.off('close', done)
        resolve()
      }
      stream.on('drain', done)
      stream.on('close', done)
    })
  }
}

async function opened(stream: Socket | TLSSocket, event: 'connect' | 'secureConnect') {
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject)
    stream.once('close', () => reject(new Error('closed while connecting')))
    stream.once(event, () => {
      stream.off('error', reject)
      resolve()
    })
  })
}
