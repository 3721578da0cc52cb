// One connection of the load generator: connects, upgrades, then sends prebuilt frames as cheaply as
// `node:net` allows. Owns its socket; what a reply means is its reader's business.
import { createHash } from 'node:crypto'
import net, { type Socket } from 'node:net'
import type { ReplyReader } from './reply-reader.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = createHash('sha1')
  .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`) // RFC 6455 §1.3
  .digest('base64')
const endOfHead = '\r\n\r\n'

// Replies are read into one buffer, shared by all connections: they are counted before the next read.
const chunk = Buffer.alloc(65_536)

/** libuv's stream below a socket. Undocumented, so its absence only makes the generator slower. */
interface StreamHandle {
  writeLatin1String?(request: object, text: string): number
}
type WriteRequest = new () => { oncomplete: () => void }

function findWriteRequest(): WriteRequest | undefined {
  try {
    const { binding } = process as unknown as {
      binding(name: string): { WriteWrap?: WriteRequest }
    }
    return binding('stream_wrap').WriteWrap
  } catch {
    return undefined
  }
}
const WriteRequest = findWriteRequest()
const ignore = (): void => {}
// Up to here libuv's wrapper copies a string to the stack; past it, it allocates.
const directWriteBytes = 16_384

/** A request frame in the two forms in which it can be written. */
export class PreparedFrame {
  readonly bytes: Buffer
  readonly latin1: string

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.latin1 = bytes.length <= directWriteBytes ? bytes.toString('latin1') : ''
  }
}

export interface LoadConnectionEvents {
  upgraded(): void
  replied(connection: LoadConnection): void
  failed(error: Error): void
}

export class LoadConnection {
  readonly index: number
  reader: ReplyReader | undefined
  readonly #events: LoadConnectionEvents
  readonly #socket: Socket
  readonly #handle: StreamHandle | undefined
  #head = ''
  #upgraded = false
  #closing = false

  constructor(index: number, port: number, events: LoadConnectionEvents) {
    this.index = index
    this.#events = events
    // `onread` skips the readable stream: no buffer is allocated and no event emitted per reply.
    const onread = { buffer: chunk, callback: (length: number) => this.#read(length) }
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, onread })
    this.#socket = socket
    this.#handle = (socket as unknown as { _handle?: StreamHandle })._handle
    socket.on('connect', () => {
      socket.write(
        `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
      )
    })
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  // Writing to the handle directly takes a tenth off the generator's time per message. It is safe here
  // because one small message is under way at a time: the socket's buffer never fills.
  send(frame: PreparedFrame): void {
    const handle = this.#handle
    if (
      WriteRequest === undefined ||
      frame.latin1 === '' ||
      handle?.writeLatin1String === undefined
    ) {
      this.#socket.write(frame.bytes)
      return
    }
    const request = new WriteRequest()
    request.oncomplete = ignore
    const code = handle.writeLatin1String(request, frame.latin1)
    if (code !== 0) this.#fail(new Error(`write failed with code ${code}`))
  }

  close(): void {
    this.#closing = true
    this.#socket.destroy()
  }

  #read(length: number): boolean {
    if (!this.#upgraded) {
      this.#readHead(length)
      return true
    }
    try {
      if (this.reader?.take(chunk, length) === true) this.#events.replied(this)
    } catch (error) {
      this.#fail(error as Error)
    }
    return true
  }

  #readHead(length: number): void {
    this.#head += chunk.toString('latin1', 0, length)
    if (!this.#head.endsWith(endOfHead)) return
    const head = this.#head
    this.#head = ''
    if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(accept)) {
      this.#fail(new Error(`the server refused the upgrade: ${head.slice(0, 200)}`))
      return
    }
    this.#upgraded = true
    this.#events.upgraded()
  }

  #fail(error: Error): void {
    if (this.#closing) return
    this.#closing = true
    this.#socket.destroy()
    this.#events.failed(new Error(`connection ${this.index}: ${error.message}`, { cause: error }))
  }
}
