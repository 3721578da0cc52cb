// A WebSocket on a descriptor: the loop says when it can be read and written, `holdline/protocol` says what the bytes
// mean. What the servers on the raw loop share; it knows no message and no path.
import { AGAIN, PERSIST, READ, WRITE, type Loop, type LoopEvent } from 'holdline/loop'
import {
  checkUpgradeRequest,
  closePayload,
  FrameParser,
  headerBytes,
  HoldlineError,
  Opcode,
  refusalResponse,
  upgradeResponse,
  writeHeader,
  type ErrorCode,
  type MessageSink,
} from 'holdline/protocol'

export interface LineCallbacks {
  /** Bytes are borrowed until it returns. */
  message(line: WebSocketLine, message: string | Uint8Array): void
  /** Once, for a line that was open. */
  closed?(line: WebSocketLine): void
}

const maxHeadBytes = 8192
const maxMessageBytes = 1_048_576
/** Who does not read what waits for them is cut off here. */
const maxUnsentBytes = 1_048_576
/** The handshake has so long; an open line may be silent for as long as it likes. */
const watchOptions = { timeoutMs: 10_000 }
/** Memory that all lines read into, and write frames from, one after the other. */
const room = Buffer.allocUnsafeSlow(65_536)
const frames = Buffer.allocUnsafeSlow(65_536)
const parser = new FrameParser({ role: 'server', maxMessageBytes })

let lastId = 0

/** A line, from its first byte to its last; also what the parser calls. */
export class WebSocketLine implements MessageSink {
  readonly id: number = ++lastId
  /** Where it was opened: '/chat'. */
  path = ''
  reading: MessageSink['reading'] = null
  halted = false
  readonly inflater = null
  readonly #callbacks: LineCallbacks
  readonly #event: LoopEvent<WebSocketLine>
  /** What has come of the request; null once it is upgraded. */
  #head: Buffer | null = Buffer.alloc(0)
  #unsent: Buffer | null = null

  constructor(loop: Loop, fd: number, callbacks: LineCallbacks) {
    this.#callbacks = callbacks
    this.#event = loop.watch(fd, READ | PERSIST, WebSocketLine.#onReady, this, watchOptions)
  }

  send(message: string | Uint8Array): void {
    if (this.halted) return
    if (typeof message !== 'string') return this.#sendFrame(Opcode.BINARY, message)
    this.#sendFrame(Opcode.TEXT, Buffer.from(message))
  }

  /** Sends a close frame and ends the line behind it. */
  close(code?: number): void {
    if (this.halted) return
    this.halted = true
    this.#sendFrame(Opcode.CLOSE, closePayload(code))
    if (this.#unsent === null) this.#cut()
  }

  // One function for all lines: which one it is, the event says.
  static readonly #onReady = (event: LoopEvent<WebSocketLine>, what: number): void =>
    event.data.#ready(what)

  #ready(what: number): void {
    try {
      if ((what & WRITE) !== 0) this.#flush()
      if ((what & READ) !== 0) this.#read()
      if ((what & (READ | WRITE)) === 0 && this.#head !== null) this.#cut()
    } catch (error) {
      process.emitWarning(error as Error)
      this.close(1011)
    }
  }

  #read(): void {
    if (this.#event.isClosed) return
    const count = this.#event.read(room)
    if (count === AGAIN) return
    if (count <= 0) this.#cut()
    else if (this.#head === null) parser.parse(this, room, 0, count)
    else this.#upgrade(Buffer.concat([this.#head, room.subarray(0, count)]))
  }

  #upgrade(bytes: Buffer): void {
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0 && bytes.length <= maxHeadBytes) {
      this.#head = bytes
      return
    }
    const request =
      end < 0 || end > maxHeadBytes ? null : readHead(bytes.toString('latin1', 0, end))
    const problem = request === null ? 'ERR_UPGRADE_MALFORMED' : checkUpgradeRequest(request)
    if (request === null || problem !== null) {
      const refusal = refusalResponse(undefined, problem ?? 'ERR_UPGRADE_MALFORMED')
      this.#event.write(Buffer.from(refusal, 'latin1'))
      this.#cut()
      return
    }
    this.#head = null
    this.path = request.path
    const key = request.headers['sec-websocket-key']!
    this.#write(Buffer.from(upgradeResponse({ key }), 'latin1'))
    parser.parse(this, bytes, end + 4, bytes.length)
  }

  // --- What the parser calls

  onMessage(bytes: Uint8Array, start: number, end: number, isText: boolean): void {
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    this.#callbacks.message(this, isText ? payload.toString() : payload)
  }

  onPing(bytes: Uint8Array, start: number, end: number): void {
    this.#sendFrame(Opcode.PONG, bytes.subarray(start, end))
  }

  onPong(): void {}

  onClose(code: number): void {
    this.close(code === 1005 ? undefined : code)
  }

  onProtocolError(code: ErrorCode): void {
    this.close(new HoldlineError(code).closeCode)
  }

  // --- Writing

  #sendFrame(opcode: Opcode, payload: Uint8Array): void {
    const bytes = headerBytes(payload.length) + payload.length
    const target = bytes <= frames.length ? frames : Buffer.allocUnsafe(bytes)
    target.set(payload, writeHeader(target, 0, opcode, payload.length))
    this.#write(target.subarray(0, bytes))
  }

  /** What the kernel does not take now leaves when it is ready for it. */
  #write(bytes: Buffer): void {
    if (this.#event.isClosed) return
    if (this.#unsent === null) {
      const count = this.#event.write(bytes)
      if (count < 0 && count !== AGAIN) return this.#cut()
      if (count === bytes.length) return
      this.#unsent = Buffer.from(bytes.subarray(Math.max(0, count)))
      this.#event.update(READ | WRITE | PERSIST)
    } else {
      this.#unsent = Buffer.concat([this.#unsent, bytes])
      if (this.#unsent.length > maxUnsentBytes) this.#cut()
    }
  }

  #flush(): void {
    const bytes = this.#unsent
    if (bytes === null) return
    const count = this.#event.write(bytes)
    if (count < 0 && count !== AGAIN) return this.#cut()
    if (count < bytes.length) {
      this.#unsent = bytes.subarray(Math.max(0, count))
      return
    }
    this.#unsent = null
    if (this.halted) this.#cut()
    else this.#event.update(READ | PERSIST)
  }

  #cut(): void {
    this.halted = true
    if (this.#event.isClosed) return
    this.#event.close()
    if (this.#head === null) this.#callbacks.closed?.(this)
  }
}

interface Head {
  readonly method: string
  readonly path: string
  readonly httpVersion: string
  readonly headers: Record<string, string>
}

function readHead(text: string): Head | null {
  const [first = '', ...lines] = text.split('\r\n')
  const request = /^([A-Z]+) (\S+) HTTP\/(\d\.\d)$/.exec(first)
  if (request === null) return null
  const headers = Object.create(null) as Record<string, string>
  for (const line of lines) {
    const parts = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/.exec(line)
    if (parts === null) return null
    const name = parts[1]!.toLowerCase()
    headers[name] = name in headers ? `${headers[name]}, ${parts[2]}` : parts[2]!
  }
  const [, method = '', path = '', httpVersion = ''] = request
  return { method, path, httpVersion, headers }
}

/** The answer to a message that does not fit the contract, as the other models give it. */
export function invalid(issues: readonly { readonly message: string }[]): string {
  return JSON.stringify({ error: { code: 'ERR_MESSAGE_INVALID', issues } })
}
