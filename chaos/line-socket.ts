// The WebSocket of the clients of a chaos run: as much of a browser's as `live` uses, on a plain socket. Thousands of them
// come back in one second on the processors that the server runs on too, and the usual ones cost several times as much as
// what they talk to.

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { ClientOptions } from 'holdline-client'
import {
  FrameParser,
  Opcode,
  closePayload,
  createKey,
  encodeFrame,
  upgradeRequest,
} from 'holdline/protocol'
import type { MessageSink } from 'holdline/protocol'

const parser = new FrameParser({ role: 'client', maxMessageBytes: 16_777_216 })
/** What is read is handled before the next is read: one for all. */
const buffer = Buffer.allocUnsafe(65_536)
/** Masks keep proxies from being misled; there is none. */
const mask = new Uint8Array(4)
const HEAD_END = '\r\n\r\n'

export class LineSocket implements MessageSink {
  binaryType = 'arraybuffer'
  onopen: (() => void) | null = null
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null = null
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null
  // What the parser asks for.
  reading: MessageSink['reading'] = null
  halted = false
  readonly inflater = null
  readonly #socket: Socket
  /** Of the answer to the upgrade, until it is whole; null: it was taken. */
  #head: string | null = ''
  #code = 1006
  #reason = ''
  #isOver = false

  constructor(url: string, protocols: readonly string[]) {
    const { hostname, port, host, pathname, search } = new URL(url)
    this.#socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer,
        callback: (bytes) => {
          this.#received(buffer.subarray(0, bytes))
          return true
        },
      },
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#closed())
    const target = `${pathname}${search}`
    const request = { host, target, key: createKey(), subprotocols: protocols }
    this.#socket.write(upgradeRequest(request), 'latin1')
  }

  send(data: string | Uint8Array): void {
    if (typeof data === 'string') this.#write(Opcode.TEXT, Buffer.from(data))
    else this.#write(Opcode.BINARY, data)
  }

  close(code?: number, reason?: string): void {
    this.#write(Opcode.CLOSE, closePayload(code, reason))
    this.#socket.end()
  }

  /** Reads nothing, as a program that is stuck. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  onMessage(bytes: Uint8Array, start: number, end: number, isText: boolean): void {
    const data = isText
      ? Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
      : new Uint8Array(bytes.subarray(start, end)).buffer
    this.onmessage?.({ data })
  }

  onPing(bytes: Uint8Array, start: number, end: number): void {
    this.#write(Opcode.PONG, bytes.slice(start, end))
  }

  onPong(): void {}

  onClose(code: number, reason: string): void {
    this.halted = true
    this.#code = code
    this.#reason = reason
    this.#write(Opcode.CLOSE, closePayload(code === 1005 ? undefined : code))
    this.#socket.end()
  }

  /** The server broke the rules of the line: nobody may miss that. */
  onProtocolError(code: string): void {
    throw new Error(`the server broke the protocol: ${code}`)
  }

  #received(bytes: Uint8Array): void {
    if (this.#head === null) {
      parser.parse(this, bytes, 0, bytes.length)
      return
    }
    const before = this.#head.length
    this.#head += Buffer.from(bytes).toString('latin1')
    const end = this.#head.indexOf(HEAD_END)
    if (end < 0) return
    if (!this.#head.startsWith('HTTP/1.1 101 ')) {
      this.#socket.destroy()
      return
    }
    this.#head = null
    this.onopen?.()
    parser.parse(this, bytes, end + HEAD_END.length - before, bytes.length)
  }

  #write(opcode: Opcode, payload: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(encodeFrame({ opcode, payload, mask }))
  }

  #closed(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.onclose?.({ code: this.#code, reason: this.#reason })
  }
}

/** An environment whose latest socket can be told to read nothing. */
export class StallingEnvironment {
  readonly environment: NonNullable<ClientOptions['environment']>
  #socket: LineSocket | null = null
  #isStalled = false

  constructor() {
    const created = (socket: LineSocket): void => {
      this.#socket = socket
      if (this.#isStalled) socket.pause()
    }
    this.environment = {
      WebSocket: class extends LineSocket {
        constructor(url: string, protocols: readonly string[]) {
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
  WebSocket: LineSocket as never,
}
