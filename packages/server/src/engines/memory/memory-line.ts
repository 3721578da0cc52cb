// Owns a line within the process: the transport that a connection writes to, and the other end, which a test
// holds. Every event reaches the connection in a turn of its own; it must not know what the bytes mean.

import type { Clock } from '../../connection/clock.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import type { Piece, Slab } from '../../connection/slab.ts'
import type { Transport } from '../../connection/transport.ts'

/** The far end of a line, where a test stands. Nothing it does is noticed before the clock's next turn. */
export class MemoryPeer {
  readonly #line: MemoryLine
  #windowBytes = Infinity
  #arrivals: Uint8Array[] = []
  /** Called with what each write of the server brought, which then is not kept for `read`. */
  onBytes: ((bytes: Uint8Array) => void) | null = null
  /** Called once, when the server has ended its direction or the line is gone. */
  onEnd: (() => void) | null = null
  /** Whether the server has ended its direction, and everything before that has arrived. */
  hasEnded = false
  /** Whether the line is gone, both directions. */
  isClosed = false

  constructor(line: MemoryLine) {
    this.#line = line
  }

  /** How many bytes more this end takes. At 0 the server's writes stay under way. Infinity at first. */
  get windowBytes(): number {
    return this.#windowBytes
  }

  set windowBytes(bytes: number) {
    this.#windowBytes = bytes
    this.#line.windowOpened()
  }

  /** What has arrived since the last call: one item for each write that the window let through. */
  readArrivals(): Uint8Array[] {
    const arrivals = this.#arrivals
    this.#arrivals = []
    return arrivals
  }

  /** What has arrived since the last call. */
  read(): Uint8Array {
    return Buffer.concat(this.readArrivals())
  }

  /** Sends bytes; the server receives them in one piece. They are copied. */
  write(bytes: Uint8Array): void {
    this.#line.fromPeer(Uint8Array.from(bytes))
  }

  /** Ends this direction (FIN). */
  end(): void {
    this.#line.fromPeer(null)
  }

  /** The line breaks (RST): what is under way in either direction is lost. */
  cut(): void {
    this.#line.cut()
  }

  /** Of the line. */
  arrived(bytes: Uint8Array): void {
    this.#windowBytes -= bytes.length
    if (this.onBytes === null) this.#arrivals.push(bytes)
    else this.onBytes(bytes)
  }

  /** Of the line. */
  ended(): void {
    const { onEnd } = this
    this.onEnd = null
    onEnd?.()
  }
}

/** Where received bytes are put: not at 0, so that nobody takes the start of the memory for theirs. */
const RECEIVE_AT = 16
const RECEIVE_BYTES = 65_536

/** One buffer for the lines of an engine, overwritten after each use: what is borrowed stays borrowed. */
export class ReceiveBuffer {
  readonly #bytes: Buffer = Buffer.alloc(RECEIVE_AT + RECEIVE_BYTES)

  lend(chunk: Uint8Array, to: (bytes: Uint8Array, start: number, end: number) => void): void {
    this.#bytes.set(chunk, RECEIVE_AT)
    try {
      to(this.#bytes, RECEIVE_AT, RECEIVE_AT + chunk.length)
    } finally {
      this.#bytes.fill(0xee, RECEIVE_AT, RECEIVE_AT + chunk.length)
    }
  }
}

/**
 * As a kernel has it: however wide the peer's window, a program that sends until it is told to wait is told so within
 * a turn.
 */
const MOST_TAKEN_IN_TURN = 4 * 1_048_576

export class MemoryLine implements Transport {
  readonly peer: MemoryPeer
  readonly #clock: Clock
  readonly #receiveBuffer: ReceiveBuffer
  readonly #onClosed: () => void
  #connection: HeldConnection | null = null
  /** Chunks that the server has not been given; null is the end of the direction. */
  #incoming: (Uint8Array | null)[] = []
  #pumpScheduled = false
  #isPaused = false
  /** Bytes of a refused request, or behind an end: taken and dropped. */
  #isDeaf = false
  #peerEnded = false
  /** What was written and is not taken: the connection's own memory, so that its reuse shows. */
  #underWay: Uint8Array[] = []
  #isWriting = false
  #takenInTurn = 0
  #endRequested = false

  constructor(clock: Clock, receiveBuffer: ReceiveBuffer, onClosed: () => void) {
    this.#clock = clock
    this.#receiveBuffer = receiveBuffer
    this.#onClosed = onClosed
    this.peer = new MemoryPeer(this)
  }

  // --- What the engine calls

  get isClosed(): boolean {
    return this.peer.isClosed
  }

  /** From now on what arrives is the connection's, first what has been waiting. */
  connected(connection: HeldConnection): void {
    this.#connection = connection
    this.#schedulePump()
  }

  /** Answers with text instead of becoming a connection; nothing that comes is read any more. */
  refuse(response: string): void {
    this.#isDeaf = true
    this.#write([Buffer.from(response, 'latin1')])
    this.end()
    this.#schedulePump()
  }

  // --- What the connection calls

  write(_line: number, slab: Slab, start: number, end: number): boolean {
    return this.#write([slab.bytes.subarray(start, end)])
  }

  writeAll(_line: number, pieces: readonly Piece[]): boolean {
    return this.#write(pieces.map(({ slab, start, end }) => slab.bytes.subarray(start, end)))
  }

  #write(pieces: readonly Uint8Array[]): boolean {
    if (this.isClosed) return true
    if (this.#isWriting) throw new Error('Written to a line while a write is under way')
    if (this.#endRequested) throw new Error('Written to a line behind its end')
    this.#underWay = [...pieces]
    if (this.#takenInTurn >= MOST_TAKEN_IN_TURN) this.#later(() => this.windowOpened())
    else this.#transfer()
    this.#isWriting = this.#underWay.length > 0
    return !this.#isWriting
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#schedulePump()
  }

  end(): void {
    if (this.#endRequested || this.isClosed) return
    this.#endRequested = true
    this.#endIfWritten()
  }

  destroy(): void {
    if (this.isClosed) return
    this.peer.isClosed = true
    this.#incoming = []
    this.#underWay = []
    this.#later(() => {
      this.#connection?.transportClosed()
      this.#onClosed()
      this.peer.ended()
    })
  }

  // --- What the peer calls

  fromPeer(chunk: Uint8Array | null): void {
    if (this.isClosed || this.#peerEnded) return
    if (chunk === null) this.#peerEnded = true
    this.#incoming.push(chunk)
    this.#schedulePump()
  }

  windowOpened(): void {
    // With nothing under way the end of the write is told already, or will be.
    if (!this.#isWriting || this.isClosed || this.#underWay.length === 0) return
    this.#transfer()
    if (this.#underWay.length > 0) return
    this.#later(() => {
      if (this.isClosed) return
      this.#isWriting = false
      this.#endIfWritten()
      this.#connection?.bytesWritten()
    })
  }

  cut(): void {
    this.destroy()
  }

  // --- Inside

  #later(f: () => void): void {
    this.#clock.setTimer(0, f)
  }

  /** Copies to the peer what its window takes: one arrival, however many pieces. */
  #transfer(): void {
    const arrived: Uint8Array[] = []
    let room = this.peer.windowBytes
    while (this.#underWay.length > 0) {
      const piece = this.#underWay[0]!
      if (piece.length > room) {
        if (room > 0) arrived.push(piece.subarray(0, room))
        this.#underWay[0] = piece.subarray(room)
        break
      }
      arrived.push(piece)
      room -= piece.length
      this.#underWay.shift()
    }
    if (arrived.length === 0) return
    const bytes = Buffer.concat(arrived)
    if (this.#takenInTurn === 0) this.#clock.atTurnEnd(() => (this.#takenInTurn = 0))
    this.#takenInTurn += bytes.length
    this.peer.arrived(bytes)
  }

  #endIfWritten(): void {
    if (!this.#endRequested || this.#isWriting || this.isClosed) return
    this.peer.hasEnded = true
    this.#later(() => this.peer.ended())
    this.#closeIfBothEnded()
  }

  #closeIfBothEnded(): void {
    if (this.peer.hasEnded && this.#peerEnded && this.#incoming.length === 0) this.destroy()
  }

  #schedulePump(): void {
    if (this.#pumpScheduled || this.#incoming.length === 0) return
    this.#pumpScheduled = true
    this.#later(this.#pump)
  }

  /** Gives the connection what had come when this turn began. */
  readonly #pump = (): void => {
    this.#pumpScheduled = false
    for (let count = this.#incoming.length; count > 0; count--) {
      if (!this.#isDeaf && (this.#connection === null || this.#isPaused)) return
      const chunk = this.#incoming[0]
      if (chunk === undefined) return
      if (chunk !== null && chunk.length > RECEIVE_BYTES) {
        this.#incoming[0] = chunk.subarray(RECEIVE_BYTES)
        this.#receive(chunk.subarray(0, RECEIVE_BYTES))
        count++
      } else {
        this.#incoming.shift()
        if (chunk !== null) this.#receive(chunk)
        else this.#ended()
      }
    }
    this.#schedulePump()
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isDeaf || chunk.length === 0) return
    this.#receiveBuffer.lend(chunk, (bytes, start, end) => {
      this.#connection!.receive(bytes, start, end)
    })
  }

  #ended(): void {
    this.#connection?.ended()
    this.#closeIfBothEnded()
  }
}
