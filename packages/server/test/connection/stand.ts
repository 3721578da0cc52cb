// A connection on a stand: a transport that does what it is told and watches over the memory it was lent.

import assert from 'node:assert/strict'
import type { Behavior } from '../../src/connection/connection.ts'
import type { ConnectionContext } from '../../src/connection/connection-context.ts'
import { HeldConnection } from '../../src/connection/held-connection.ts'
import { resolveLimits } from '../../src/connection/limits.ts'
import type { Limits } from '../../src/connection/limits.ts'
import type { MessageDeflater } from '../../src/connection/outgoing.ts'
import type { Keepalive } from '../../src/connection/route.ts'
import { TimingWheel } from '../../src/connection/timing-wheel.ts'
import type { TopicHub } from '../../src/connection/topic-hub.ts'
import type { Piece, Slab } from '../../src/connection/slab.ts'
import type { Transport } from '../../src/connection/transport.ts'
import { Turn } from '../../src/connection/turn.ts'
import { UpgradeRequest } from '../../src/connection/upgrade-request.ts'
import type { ErrorCode } from '../../src/protocol/errors.ts'
import type { MessageInflater } from '../../src/protocol/parser.ts'
import { FrameParser } from '../../src/protocol/parser.ts'
import { FakeClock } from '../../src/engines/memory/fake-clock.ts'
import { emptyHub } from '../../src/testing/contract-acceptor.ts'
import { wireFrame, WireFrameReader } from '../../src/testing/wire-frame.ts'
import type { WireFrame } from '../../src/testing/wire-frame.ts'
import { bytesOf } from './pieces.ts'

/** Stands beside a deflater that a test gives alone: compression is agreed on for both directions. */
const NO_INFLATER: MessageInflater = {
  inflate: () => assert.fail('nothing compressed is sent here'),
}

/** Not 0, so that a line that is not told is noticed. */
const LINE = 7

export class FakeTransport implements Transport {
  /** How many writes are taken at once; after those every write stays under way. */
  writesTaken = Infinity
  /** Everything that was taken, one item for each write. */
  readonly writes: Buffer[] = []
  isPaused = false
  hasEnded = false
  isDestroyed = false
  connection: HeldConnection | null = null
  #lent: readonly Piece[] | null = null
  #copy: Buffer = Buffer.alloc(0)

  get isBlocked(): boolean {
    return this.#lent !== null
  }

  /** The slabs that the write under way reads from. */
  get lentSlabs(): readonly Slab[] {
    return this.#lent === null ? [] : this.#lent.map(({ slab }) => slab)
  }

  write(line: number, slab: Slab, start: number, end: number): boolean {
    return this.writeAll(line, [{ slab, start, end }])
  }

  writeAll(line: number, pieces: readonly Piece[]): boolean {
    assert.equal(line, LINE)
    if (this.isDestroyed) return true
    assert.ok(this.#lent === null, 'written while a write was under way')
    assert.ok(!this.hasEnded, 'written behind the end')
    assert.ok(pieces.length > 0)
    assert.ok(
      pieces.every(({ start, end }) => start < end),
      'an empty piece',
    )
    const copy = Buffer.concat(pieces.map(bytesOf))
    if (this.writesTaken > 0) {
      this.writesTaken--
      this.writes.push(copy)
      return true
    }
    this.#lent = pieces
    this.#copy = copy
    return false
  }

  /** The write under way is taken; its memory must be as it was. */
  takeUnderWay(): void {
    if (this.#lent === null) return
    this.checkLent()
    this.writes.push(this.#copy)
    this.#lent = null
    this.connection!.bytesWritten()
  }

  /** What the write under way reads from must be as it was. */
  checkLent(): void {
    if (this.#lent === null) return
    assert.ok(Buffer.concat(this.#lent.map(bytesOf)).equals(this.#copy), 'lent memory overwritten')
    assert.ok(
      this.lentSlabs.every(({ pins }) => pins > 0),
      'lent memory without a pin',
    )
  }

  /** The line breaks: from now on nothing reads from what was lent. */
  breakOff(): void {
    this.isDestroyed = true
    this.#lent = null
    this.connection!.transportClosed()
  }

  pause(line: number): void {
    assert.equal(line, LINE)
    this.isPaused = true
  }

  resume(line: number): void {
    assert.equal(line, LINE)
    this.isPaused = false
  }

  end(line: number): void {
    assert.equal(line, LINE)
    assert.ok(!this.hasEnded, 'ended twice')
    this.hasEnded = true
  }

  destroy(line: number): void {
    assert.equal(line, LINE)
    this.isDestroyed = true
  }
}

export interface StandOptions {
  readonly behavior?: Partial<Behavior>
  readonly limits?: Partial<Limits>
  readonly keepalive?: Keepalive | null
  readonly hub?: TopicHub
  readonly inflater?: MessageInflater
  readonly deflater?: MessageDeflater
}

/** Connections of one route on a fake clock. */
export class Stand {
  readonly clock: FakeClock = new FakeClock()
  readonly context: ConnectionContext
  readonly failures: [code: ErrorCode, error: unknown][] = []
  /** What failed without ending its connection. */
  readonly reports: [code: ErrorCode, error: unknown][] = []
  /** Calls of the behavior and the observer, in order. */
  readonly calls: string[] = []
  readonly #options: StandOptions

  constructor(options: StandOptions = {}) {
    this.#options = options
    const { behavior = {} } = options
    const limits = resolveLimits(options.limits)
    this.context = {
      routePath: '/',
      behavior: {
        open: (c) => {
          this.calls.push('open')
          behavior.open?.(c)
        },
        message: (c, data) => {
          this.calls.push(`message ${String(data)}`)
          behavior.message?.(c, data)
        },
        drain: (c) => {
          this.calls.push('drain')
          behavior.drain?.(c)
        },
        close: (c, code, reason) => {
          this.calls.push(`close ${code} ${reason}`.trim())
          behavior.close?.(c, code, reason)
        },
      },
      limits,
      keepalive: options.keepalive ?? null,
      parser: new FrameParser({ role: 'server', maxMessageBytes: limits.messageBytes }),
      wheel: new TimingWheel(this.clock),
      turn: new Turn(this.clock),
      hub: options.hub ?? emptyHub,
      counters: { messagesReceived: 0, messagesSent: 0, bytesReceived: 0, bytesSent: 0 },
      observer: {
        opened: () => {},
        closed: (_, code) => void this.calls.push(`closed ${code}`),
        failed: (_, code, error) => void this.failures.push([code, error]),
        reported: (_, code, error) => void this.reports.push([code, error]),
      },
    }
  }

  /** Opens a connection; the response is 'HELLO', and gone by the time this returns. */
  open(): Line {
    const transport = new FakeTransport()
    const { inflater = null, deflater = null } = this.#options
    const request = UpgradeRequest.of({
      method: 'GET',
      target: '/',
      httpVersion: '1.1',
      rawHeaders: [],
      remoteAddress: '',
      secure: false,
    })
    const connection = new HeldConnection(this.context, transport, LINE, {
      request,
      subprotocol: '',
      data: undefined,
      inflater: inflater ?? (deflater === null ? null : NO_INFLATER),
      deflater,
    })
    transport.connection = connection
    connection.start('HELLO')
    this.clock.runTurns()
    assert.equal(transport.writes[0]!.toString('latin1', 0, 5), 'HELLO')
    const first = transport.writes.shift()!.subarray(5)
    if (first.length > 0) transport.writes.unshift(first)
    return new Line(this, transport, connection)
  }
}

/** One connection on a stand, with the frames that left it. */
export class Line {
  readonly stand: Stand
  readonly transport: FakeTransport
  readonly connection: HeldConnection
  readonly #reader = new WireFrameReader()

  constructor(stand: Stand, transport: FakeTransport, connection: HeldConnection) {
    this.stand = stand
    this.transport = transport
    this.connection = connection
  }

  /** Bytes arrive, in memory that is overwritten afterwards; then the turn ends. */
  receive(...bytes: readonly Uint8Array[]): void {
    this.receiveOnly(...bytes)
    this.stand.clock.runTurns()
  }

  receiveOnly(...bytes: readonly Uint8Array[]): void {
    const all = Buffer.concat([Buffer.alloc(3), ...bytes])
    this.connection.receive(all, 3, all.length)
    all.fill(0xee)
  }

  text(...messages: readonly string[]): void {
    this.receive(...messages.map((message) => wireFrame(1, message)))
  }

  /** Frames that were taken since the last call. */
  frames(): WireFrame[] {
    return this.transport.writes.splice(0).flatMap((bytes) => this.#reader.push(bytes))
  }

  /** The same as short texts: `1 hello`, `8 1000 why`, `10 payload`. */
  shown(): string[] {
    return this.frames().map(({ opcode, payload }) => {
      const bytes = Buffer.from(payload)
      if (opcode !== 8) return `${opcode} ${bytes.toString('utf8')}`
      if (bytes.length === 0) return '8'
      return `8 ${bytes.readUInt16BE(0)} ${bytes.toString('utf8', 2)}`.trim()
    })
  }
}

/** A stand with one connection. */
export function held(options: StandOptions = {}): { stand: Stand; line: Line } {
  const stand = new Stand(options)
  return { stand, line: stand.open() }
}
