// Where lines come in: accepts in the ring, peeks at what each line says first, and takes the short way only for
// perfectly ordinary upgrade requests. Every other line goes untouched, as a descriptor, to node:http.

import { Socket } from 'node:net'
import type { Acceptor, Judgement } from '../../connection/engine.ts'
import { UpgradeRequest } from '../../connection/upgrade-request.ts'
import { refusalResponse } from '../../protocol/handshake.ts'
import { endWithResponse } from '../http/end-with-response.ts'
import type { HttpFront } from '../http/http-front.ts'
import { ArrivingLine, ArrivingList } from './arriving-line.ts'
import type { Native } from './ffi.ts'
import { HeadCache } from './head-cache.ts'
import type { Lines } from './lines.ts'
import {
  CQE_F_BUFFER,
  CQE_F_MORE,
  Errno,
  Kind,
  MSG_PEEK,
  Operation,
  SOCK_CLOEXEC,
  tagOf,
} from './operations.ts'
import { readOrdinaryHead } from './ordinary-head.ts'
import type { OrdinaryHead } from './ordinary-head.ts'
import type { PeerAddresses } from './peer-address.ts'
import type { Reactor } from './reactor.ts'
import type { ReceiveBuffers } from './receive-buffers.ts'

/** Until accepting is tried again when the process, or the machine, has no descriptor left. */
const NO_DESCRIPTOR_MS = 100
/** How exact the time for a request to arrive is. */
const LATE_TICK_MS = 250

const MOST_SPARE = 256

const POLLERR = 8
const POLLHUP = 16
const POLLRDHUP = 0x2000

/** What all doorways of an engine share. */
export interface DoorwayCore {
  readonly reactor: Reactor
  readonly native: Native
  readonly lines: Lines
  readonly buffers: ReceiveBuffers
  readonly addresses: PeerAddresses
}

export class Doorway {
  readonly #core: DoorwayCore
  readonly #id: number
  readonly #fd: number
  readonly #acceptor: Acceptor
  readonly #front: HttpFront
  /** Whether a request may name another address than the line has. */
  readonly #readsForwardedFor: boolean
  readonly #heads = new HeadCache()
  readonly #arriving = new ArrivingList()
  /** Used again for the next lines: what lives as long as a handshake is costly to collect. */
  readonly #spare: ArrivingLine[] = []
  #lateTimer: NodeJS.Timeout | null = null
  #retryTimer: NodeJS.Timeout | null = null
  #isAccepting = false
  #stopping: Promise<void> | null = null
  #whenStopped: (() => void) | null = null
  /** Told of each line that comes. */
  onLine: (() => void) | null = null

  constructor(
    core: DoorwayCore,
    id: number,
    fd: number,
    acceptor: Acceptor,
    front: HttpFront,
    readsForwardedFor: boolean,
  ) {
    this.#core = core
    this.#id = id
    this.#fd = fd
    this.#acceptor = acceptor
    this.#front = front
    this.#readsForwardedFor = readsForwardedFor
    this.#accept()
  }

  get isListening(): boolean {
    return this.#stopping === null
  }

  // --- Accepting

  #accept(): void {
    this.#isAccepting = true
    const { reactor } = this.#core
    reactor.ring.submit(
      Operation.ACCEPT_MULTISHOT,
      this.#fd,
      0,
      0,
      SOCK_CLOEXEC,
      this.#id,
      tagOf(Kind.ACCEPT, 0),
    )
    reactor.soon()
  }

  /** Of the acceptance that goes on by itself. */
  accepted(result: number, flags: number): void {
    if ((flags & CQE_F_MORE) === 0) this.#isAccepting = false
    if (result >= 0) {
      if (this.#stopping !== null) this.#core.native.close(result)
      else this.#arrived(result)
    }
    if (this.#isAccepting) return
    if (this.#stopping !== null) this.#closeListening()
    else if (isShortOfDescriptors(result)) this.#acceptLater()
    else this.#accept()
  }

  /** What waits in the kernel's queue stays there; to ask for it again and again would only burn the core. */
  #acceptLater(): void {
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = null
      if (this.#stopping === null && !this.#isAccepting) this.#accept()
    }, NO_DESCRIPTOR_MS)
  }

  #arrived(fd: number): void {
    this.onLine?.()
    const line = this.#spare.pop() ?? new ArrivingLine(this)
    line.begin(fd, this.#core.lines)
    this.#arriving.add(line)
    this.#lateTimer ??= setTimeout(this.#cutLate, LATE_TICK_MS).unref()
    this.#peek(line)
  }

  #peek({ slot }: ArrivingLine): void {
    const { reactor, lines, buffers } = this.#core
    const { slots } = lines
    slots.underWay[slot] = slots.underWay[slot]! + 1
    const tag = tagOf(Kind.PEEK, slots.generation[slot]!)
    const operation = Operation.RECEIVE_ONCE
    reactor.ring.submit(operation, slots.fd[slot]!, 0, 0, MSG_PEEK, slot, tag, buffers.group)
    reactor.soon()
  }

  // --- The first bytes

  /** Of the peek on a line. */
  static peeked(core: DoorwayCore, slot: number, result: number, flags: number): void {
    const line = core.lines.slots.owners[slot] as ArrivingLine
    core.lines.slots.underWay[slot] = core.lines.slots.underWay[slot]! - 1
    line.isPeeking = false
    line.doorway.#peeked(line, result, flags)
  }

  #peeked(line: ArrivingLine, result: number, flags: number): void {
    const { buffers } = this.#core
    const hasBytes = (flags & CQE_F_BUFFER) !== 0
    if (line.isCut || line.isLate) {
      if (hasBytes) buffers.done(flags, result)
      if (line.isLate) this.#refuse(line, refusalResponse(undefined, 'ERR_UPGRADE_TIMEOUT'))
      else this.#drop(line)
      return
    }
    if (hasBytes) {
      const start = buffers.startOf(flags)
      this.#read(line, buffers.bytes, start, start + result)
      buffers.done(flags, result)
    } else if (result === -Errno.ENOBUFS) {
      buffers.exhausted()
      this.#core.reactor.atTurnEnd(() => this.#peek(line))
      line.isPeeking = true
    } else this.#drop(line)
  }

  #read(line: ArrivingLine, bytes: Buffer, start: number, end: number): void {
    const { lines, addresses } = this.#core
    const known = this.#heads.find(bytes, start, end)
    if (known !== null) {
      const remoteAddress = addresses.of(lines.slots.fd[line.slot]!)
      const request = new UpgradeRequest(known.head.shared(), known.key, remoteAddress)
      this.#judge(line, request, known.length)
      return
    }
    const head = readOrdinaryHead(bytes, start, end)
    if (head === null || !this.#isForUs(head)) {
      this.#handOver(line)
      return
    }
    const { target, rawHeaders, length } = head
    const request = UpgradeRequest.of({
      method: 'GET',
      target,
      httpVersion: '1.1',
      rawHeaders,
      remoteAddress: addresses.of(lines.slots.fd[line.slot]!),
      secure: false,
    })
    this.#heads.remember(bytes, start, start + length, request.key, request.head)
    this.#judge(line, request, length)
  }

  /** node:http bounds the length of a head; and who is behind a proxy is found out there. */
  #isForUs({ target, rawHeaders, length }: OrdinaryHead): boolean {
    if (length > this.#acceptor.limits.headerBytes || !this.#acceptor.serves(target)) return false
    if (!this.#readsForwardedFor) return true
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (rawHeaders[i]!.toLowerCase() === 'x-forwarded-for') return false
    }
    return true
  }

  #judge(line: ArrivingLine, request: UpgradeRequest, headLength: number): void {
    const judgement = this.#acceptor.judge(request)
    if (judgement instanceof Promise) this.#wait(line, judgement, headLength)
    else this.#settle(line, judgement, headLength)
  }

  // Nothing is read meanwhile: what comes stays in the kernel, in order.
  #wait(line: ArrivingLine, judgement: Promise<Judgement>, headLength: number): void {
    this.#arriving.delete(line)
    this.#awaiting.add(line)
    let isLate = false
    const timer = setTimeout(() => {
      // Cut meanwhile: its place may be another line's by now.
      if (line.isCut) return
      isLate = true
      this.#awaiting.delete(line)
      this.#refuse(line, refusalResponse(503, 'ERR_UPGRADE_TIMEOUT'))
    }, this.#acceptor.limits.handshakeMs)
    timer.unref()
    void judgement.then((settled) => {
      clearTimeout(timer)
      this.#awaiting.delete(line)
      if (isLate || line.isCut) {
        if (settled.accepted) settled.abandon()
      } else if (settled.accepted && this.#hasGone(line, headLength)) {
        settled.abandon()
        this.#drop(line)
      } else this.#settle(line, settled, headLength)
    })
  }

  /** Lines whose judgement is awaited. */
  readonly #awaiting = new Set<ArrivingLine>()

  /** Who has ended its direction, with nothing left to read but the request, could not answer a close frame. */
  #hasGone({ slot }: ArrivingLine, headLength: number): boolean {
    const { native, lines } = this.#core
    const fd = lines.slots.fd[slot]!
    const events = native.pollNow(fd, POLLRDHUP)
    if ((events & (POLLERR | POLLHUP)) !== 0) return true
    return (events & POLLRDHUP) !== 0 && native.unreadBytes(fd) <= headLength
  }

  #settle(line: ArrivingLine, judgement: Judgement, headLength: number): void {
    if (!judgement.accepted) {
      this.#refuse(line, judgement.response)
      return
    }
    const { lines } = this.#core
    const { slot } = line
    this.#arriving.delete(line)
    if (this.#spare.length < MOST_SPARE) this.#spare.push(line)
    // What was peeked at comes once more, first of all.
    lines.slots.skip[slot] = headLength
    lines.start(slot, judgement.connect(lines, slot))
  }

  // --- Other ways out

  /** To node:http, which sees the line as if it had accepted it itself. */
  #handOver(line: ArrivingLine): void {
    const socket = this.#take(line)
    if (socket !== null) this.#front.take(socket)
  }

  #refuse(line: ArrivingLine, response: string): void {
    const socket = this.#take(line)
    if (socket !== null) endWithResponse(socket, response)
  }

  /** The line leaves the ring. */
  #take(line: ArrivingLine): Socket | null {
    const { lines, native } = this.#core
    const fd = lines.slots.fd[line.slot]!
    this.#arriving.delete(line)
    lines.slots.release(line.slot)
    lines.onGone()
    try {
      return new Socket({ fd, allowHalfOpen: true, readable: true, writable: true })
    } catch {
      native.close(fd)
      return null
    }
  }

  #drop(line: ArrivingLine): void {
    const { lines, native } = this.#core
    native.close(lines.slots.fd[line.slot]!)
    this.#arriving.delete(line)
    lines.slots.release(line.slot)
    lines.onGone()
  }

  readonly #cutLate = (): void => {
    this.#lateTimer = null
    const now = performance.now()
    for (let line = this.#arriving.first; line !== null; line = line.next) {
      if (now - line.since < this.#acceptor.limits.handshakeMs) break
      if (line.isLate) continue
      line.isLate = true
      this.#cancelPeek(line)
    }
    if (this.#arriving.first !== null)
      this.#lateTimer = setTimeout(this.#cutLate, LATE_TICK_MS).unref()
  }

  #cancelPeek({ slot }: ArrivingLine): void {
    const { reactor, lines } = this.#core
    const target = tagOf(Kind.PEEK, lines.slots.generation[slot]!) * 0x1_0000_0000 + slot
    reactor.ring.submit(Operation.ASYNC_CANCEL, -1, target, 0, 0, slot, tagOf(Kind.CANCEL, 0))
    reactor.soon()
  }

  // --- The end

  /** No new lines from now on. Resolves when the kernel has let go of the descriptor. */
  stop(): Promise<void> {
    this.#stopping ??= new Promise((resolve) => {
      this.#whenStopped = resolve
      if (this.#retryTimer !== null) clearTimeout(this.#retryTimer)
      if (this.#isAccepting) this.#cancelAccept()
      else this.#closeListening()
    })
    return this.#stopping
  }

  #cancelAccept(): void {
    const { reactor } = this.#core
    const target = tagOf(Kind.ACCEPT, 0) * 0x1_0000_0000 + this.#id
    reactor.ring.submit(Operation.ASYNC_CANCEL, -1, target, 0, 0, 0, tagOf(Kind.CANCEL, 0))
    reactor.soon()
  }

  #closeListening(): void {
    this.#core.native.close(this.#fd)
    this.#whenStopped?.()
  }

  /** Cuts the lines that are no connections yet. */
  cut(): void {
    if (this.#lateTimer !== null) clearTimeout(this.#lateTimer)
    for (let line = this.#arriving.first; line !== null; line = line.next) {
      line.isCut = true
      if (line.isPeeking) this.#cancelPeek(line)
    }
    for (const line of this.#awaiting) {
      line.isCut = true
      this.#drop(line)
    }
    this.#awaiting.clear()
  }
}

function isShortOfDescriptors(result: number): boolean {
  return (
    result === -Errno.EMFILE ||
    result === -Errno.ENFILE ||
    result === -Errno.ENOBUFS ||
    result === -Errno.ENOMEM
  )
}
