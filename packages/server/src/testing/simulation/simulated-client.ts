// A WebSocket client on the memory engine, for scripts: it answers pings and the close frame, and otherwise does what it
// is told. It does not come back by itself.

import type { MemoryPeer } from '../../engines/memory/memory-line.ts'
import { wireClosePayload, wireFrame, WireFrameReader } from '../wire-frame.ts'
import type { WireFrame } from '../wire-frame.ts'

export interface SimulatedClientEvents {
  /** The server took the connection. */
  readonly onOpen?: (client: SimulatedClient) => void
  readonly onMessage?: (message: string | Uint8Array, client: SimulatedClient) => void
  /** One of these threw. */
  readonly onError?: (error: unknown) => void
  /** Once, however it ended. 1006: without a close frame; a status of HTTP: it was refused. */
  readonly onClose?: (code: number, client: SimulatedClient) => void
}

export class SimulatedClient {
  /** The server process that it is connected to. */
  readonly process: number
  readonly #peer: MemoryPeer
  readonly #events: SimulatedClientEvents
  readonly #reader = new WireFrameReader()
  #head = ''
  #isOpen = false
  #isClosed = false
  #closeCode = 1006
  #fragments: Uint8Array[] = []
  #opcode = 0

  constructor(peer: MemoryPeer, process: number, events: SimulatedClientEvents) {
    this.#peer = peer
    this.process = process
    this.#events = events
    peer.onBytes = (bytes) => this.#arrived(bytes)
    peer.onEnd = () => this.#ended()
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isReading(): boolean {
    return this.#peer.windowBytes > 0
  }

  /** Does nothing where it is not open. */
  send(message: string | Uint8Array): void {
    this.#write(typeof message === 'string' ? 1 : 2, message)
  }

  close(code = 1000): void {
    this.#write(8, wireClosePayload(code))
  }

  /** The line breaks: what is under way is lost. */
  cut(): void {
    this.#peer.cut()
  }

  /** From now on the server's writes stay with it. */
  stopReading(): void {
    this.#peer.windowBytes = 0
  }

  startReading(): void {
    this.#peer.windowBytes = Infinity
  }

  #write(opcode: number, payload: string | Uint8Array): void {
    if (this.#isOpen) this.#peer.write(wireFrame(opcode, payload))
  }

  #arrived(bytes: Uint8Array): void {
    let frames = bytes
    if (!this.#isOpen) {
      this.#head += Buffer.from(bytes).toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      const status = Number(this.#head.split(' ', 2)[1])
      if (status !== 101) {
        this.#closeCode = status
        return
      }
      frames = Buffer.from(this.#head.slice(end + 4), 'latin1')
      this.#isOpen = true
      this.#tell(() => this.#events.onOpen?.(this))
    }
    for (const frame of this.#reader.push(frames)) this.#frame(frame)
  }

  #frame({ opcode, payload, final }: WireFrame): void {
    if (opcode === 9) this.#write(10, payload)
    else if (opcode === 8) this.#closing(payload)
    else if (opcode < 3) {
      if (opcode !== 0) this.#opcode = opcode
      this.#fragments.push(payload)
      if (!final) return
      const message = Buffer.concat(this.#fragments)
      this.#fragments = []
      const told = this.#opcode === 1 ? message.toString('utf8') : message
      this.#tell(() => this.#events.onMessage?.(told, this))
    }
  }

  #closing(payload: Uint8Array): void {
    this.#closeCode = payload.length < 2 ? 1005 : Buffer.from(payload).readUInt16BE(0)
    this.#write(8, payload)
    this.#peer.end()
  }

  #ended(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isOpen = false
    this.#peer.end()
    this.#tell(() => this.#events.onClose?.(this.#closeCode, this))
  }

  /** What a script throws is not the server's. */
  #tell(f: () => void): void {
    try {
      f()
    } catch (error) {
      if (this.#events.onError === undefined) throw error
      this.#events.onError(error)
    }
  }
}
