// Owns a scripted client on a line: it sends what it is told, right or wrong, and keeps what comes back, frame by
// frame. It answers nothing by itself, pings and close frames included.

import type { RunningEngine, WireLine } from './engine-harness.ts'
import { wireClosePayload, wireFrame, WireFrameReader } from './wire-frame.ts'
import type { WireFrame } from './wire-frame.ts'

export class WirePeer {
  readonly line: WireLine
  readonly #until: RunningEngine['until']
  readonly #reader = new WireFrameReader()
  #head: string | null = null
  #start = ''
  readonly #frames: WireFrame[] = []
  /** Sizes of the pieces in which frames arrived. */
  readonly arrivalBytes: number[] = []

  constructor(line: WireLine, until: RunningEngine['until']) {
    this.line = line
    this.#until = until
    line.onBytes = (bytes) => this.#arrived(bytes)
  }

  // --- What came

  /** The response to the request, up to its empty line; null until it is whole. */
  get head(): string | null {
    return this.#head
  }

  /** Status of the response; 0 until it has come. */
  get status(): number {
    return Number(this.#head?.split(' ')[1] ?? 0)
  }

  header(name: string): string | null {
    const line = this.#head
      ?.split('\r\n')
      .find((text) => text.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    return line === undefined ? null : line.slice(name.length + 1).trim()
  }

  /** Frames that have come and were not taken. */
  get frameCount(): number {
    return this.#frames.length
  }

  /** Whether bytes came that are no whole frame. */
  get hasRest(): boolean {
    return this.#reader.restBytes > 0
  }

  get isClosed(): boolean {
    return this.line.isClosed
  }

  /** Waits for the response of the handshake. */
  async answered(): Promise<void> {
    await this.#until('the response to the request', () => this.#head !== null || this.isClosed)
    if (this.#head === null) throw new Error('The line was closed without a response')
  }

  /** Takes the next frame. */
  async frame(): Promise<WireFrame> {
    await this.#until('a frame', () => this.#frames.length > 0 || this.isClosed)
    const frame = this.#frames.shift()
    if (frame === undefined) throw new Error('The line was closed before a frame came')
    return frame
  }

  /** Takes the next frame, which has to be a whole message: text as string. */
  async message(): Promise<string | Uint8Array> {
    const { opcode, payload, final } = await this.frame()
    if (!final || opcode < 1 || opcode > 2) throw new Error(`Opcode ${opcode} is no message`)
    return opcode === 1 ? Buffer.from(payload).toString('utf8') : payload
  }

  /** Takes the next `count` messages. */
  async messages(count: number): Promise<(string | Uint8Array)[]> {
    const messages: (string | Uint8Array)[] = []
    while (messages.length < count) messages.push(await this.message())
    return messages
  }

  /** Takes the next frame, which has to be a close frame, as code and reason; null without a code. */
  async closeFrame(): Promise<[code: number | null, reason: string]> {
    const { opcode, payload } = await this.frame()
    if (opcode !== 8) throw new Error(`Opcode ${opcode} is no close frame`)
    if (payload.length === 0) return [null, '']
    const bytes = Buffer.from(payload)
    return [bytes.readUInt16BE(0), bytes.toString('utf8', 2)]
  }

  /** Waits until the server has ended its direction or dropped the line. */
  async ended(): Promise<void> {
    await this.#until('the end of the line', () => this.line.hasEnded || this.isClosed)
  }

  /** Waits for the server to end its direction or to drop the line, and lets go of it too. */
  async closed(): Promise<void> {
    await this.ended()
    this.line.end()
    await this.#until('the line to be closed', () => this.isClosed)
  }

  // --- What is sent

  text(message: string): void {
    this.raw(wireFrame(1, message))
  }

  binary(message: Uint8Array): void {
    this.raw(wireFrame(2, message))
  }

  ping(payload: string | Uint8Array = ''): void {
    this.raw(wireFrame(9, payload))
  }

  pong(payload: string | Uint8Array = ''): void {
    this.raw(wireFrame(10, payload))
  }

  close(code?: number, reason = ''): void {
    this.raw(wireFrame(8, code === undefined ? '' : wireClosePayload(code, reason)))
  }

  /** Any bytes, in one piece. */
  raw(...bytes: readonly Uint8Array[]): void {
    this.line.write(Buffer.concat(bytes))
  }

  end(): void {
    this.line.end()
  }

  cut(): void {
    this.line.cut()
  }

  /** Leaves as a polite client does, and waits until the line is gone. */
  async leave(): Promise<void> {
    this.close(1000)
    await this.#until('the close frame', () => this.#frames.some((frame) => frame.opcode === 8))
    this.end()
    await this.closed()
  }

  // --- Inside

  #arrived(bytes: Uint8Array): void {
    let rest = bytes
    if (this.#head === null) {
      this.#start += Buffer.from(bytes).toString('latin1')
      const end = this.#start.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#head = this.#start.slice(0, end)
      rest = Buffer.from(this.#start.slice(end + 4), 'latin1')
      if (rest.length === 0) return
    }
    if (this.status !== 101) return
    this.arrivalBytes.push(rest.length)
    this.#frames.push(...this.#reader.push(rest))
  }
}
