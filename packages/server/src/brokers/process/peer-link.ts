// The two lines between this process and another one: one that is only written to, one that is only read. Apart,
// so that a failed write never takes away what the other process had said before it died.

import type { Socket } from 'node:net'
import { HoldlineError } from '../../protocol/errors.ts'
import { controlFrame, FrameKind, MeshReader } from './mesh-frame.ts'
import type { LostReason } from './mesh-place.ts'

export interface LinkEvents {
  /** A frame of a process that has said who it is. False: it breaks the format. */
  frame(link: PeerLink, kind: number, bytes: Buffer, start: number, end: number): boolean
  /** Both lines are gone, and everything that came was read. `reason` is null after a goodbye. */
  gone(link: PeerLink, reason: LostReason | null): void
}

/** Told when the bytes of a write are with the kernel, or the other process is gone. */
export type OnWritten = (error: HoldlineError | null) => void

export class PeerLink {
  readonly id: number
  /** Whether the other process wants publications. */
  hears = true
  readonly #out: Socket
  #in: Socket | null = null
  readonly #events: LinkEvents
  #reason: LostReason | null = 'line'
  #isGone = false
  /** Set when this side gives the other one up: then writes have failed rather than come too late. */
  #wasCut = false
  readonly #waiting = new Set<OnWritten>()
  readonly #answered: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #whenGone: PromiseWithResolvers<void> = Promise.withResolvers()

  /** `out` is a line to the other process on which nothing was written yet. */
  constructor(id: number, out: Socket, stuckMs: number, events: LinkEvents) {
    this.id = id
    this.#out = out
    this.#events = events
    out.on('error', () => {})
    // Only written to: that it is read too tells us when the other side lets go.
    out.resume()
    out.setTimeout(stuckMs, () => {
      if (out.writableLength > 0) this.cut('stuck')
    })
    out.on('close', () => this.#outClosed())
  }

  /** Resolves when the other process has called back, or is gone. */
  get answered(): Promise<void> {
    return this.#answered.promise
  }

  /** Resolves when nothing more can come from the other process. */
  get whenGone(): Promise<void> {
    return this.#whenGone.promise
  }

  get hasIncoming(): boolean {
    return this.#in !== null
  }

  /** Whether what is written now can reach the other process. */
  get isOpen(): boolean {
    return !this.#isGone && !this.#out.destroyed
  }

  /** Bytes that the kernel has not taken. */
  get backlogBytes(): number {
    return this.#out.writableLength
  }

  write(bytes: Uint8Array, onWritten?: OnWritten): void {
    if (this.#isGone || this.#out.destroyed) {
      onWritten?.(this.#failure())
      return
    }
    if (onWritten === undefined) {
      this.#out.write(bytes)
      return
    }
    this.#waiting.add(onWritten)
    this.#out.write(bytes, () => {
      if (this.#waiting.delete(onWritten)) onWritten(this.#out.destroyed ? this.#failure() : null)
    })
  }

  /** The other process has called back on `socket` and said who it is; `reader` reads what follows. */
  receiveFrom(socket: Socket): void {
    this.#in = socket
    socket.on('close', () => this.#gone())
    this.#answered.resolve()
  }

  /** A frame from the incoming line. */
  take(kind: number, bytes: Buffer, start: number, end: number): boolean {
    if (kind === FrameKind.GOODBYE) this.#reason = null
    else if (kind === FrameKind.HEAR) this.hears = true
    else return this.#events.frame(this, kind, bytes, start, end)
    return true
  }

  /** Gives the other process up. */
  cut(reason: LostReason): void {
    if (this.#isGone) return
    this.#reason = reason
    this.#wasCut = reason !== 'line'
    this.#out.destroy()
    this.#in?.destroy()
    if (this.#in === null) this.#gone()
  }

  /** Says goodbye behind everything that was written. Resolves when it is with the kernel, or given up. */
  leave(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#reason = null
      const timer = setTimeout(() => {
        this.#out.destroy()
        resolve()
      }, patienceMs)
      this.#out.on('close', resolve)
      this.#out.end(controlFrame(FrameKind.GOODBYE), () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Drops what is left after `leave`. */
  destroy(): void {
    this.#out.destroy()
    this.#in?.destroy()
  }

  #outClosed(): void {
    this.#settleWrites()
    // What the other process said before is still being read. Where it never called, there is nothing to read.
    if (this.#in === null) this.#gone()
  }

  #gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#out.destroy()
    this.#settleWrites()
    this.#answered.resolve()
    this.#events.gone(this, this.#reason)
    this.#whenGone.resolve()
  }

  #settleWrites(): void {
    const failure = this.#failure()
    for (const onWritten of this.#waiting) onWritten(failure)
    this.#waiting.clear()
  }

  /** A process that died needs no publications; one that was given up has missed some. */
  #failure(): HoldlineError | null {
    return this.#wasCut ? new HoldlineError('ERR_BROKER_BACKLOG', `process ${this.id}`) : null
  }
}

/** Reads an incoming line: first who calls, then the frames of its link. */
export class IncomingLine {
  readonly #reader: MeshReader
  #link: PeerLink | null = null

  /** `greet` finds the link of a caller by its hello; null: it has no business here. */
  constructor(socket: Socket, patienceMs: number, greet: (hello: string) => PeerLink | null) {
    const timer = setTimeout(() => socket.destroy(), patienceMs)
    this.#reader = new MeshReader((kind, bytes, start, end) => {
      if (this.#link !== null) return this.#link.take(kind, bytes, start, end)
      if (kind !== FrameKind.HELLO) return false
      this.#link = greet(bytes.toString('utf8', start, end))
      if (this.#link === null) return false
      clearTimeout(timer)
      this.#reader.trust()
      this.#link.receiveFrom(socket)
      return true
    })
    socket.on('error', () => {})
    socket.on('close', () => clearTimeout(timer))
    socket.on('data', (chunk: Buffer) => {
      if (this.#reader.read(chunk)) return
      if (this.#link === null) socket.destroy()
      else this.#link.cut('frame')
    })
  }
}
