// Readiness over a SimNetwork. Turns come from its clock.

import type { LineAddress } from './address.ts'
import { listenError } from './address.ts'
import { DescriptorTable } from './descriptor-table.ts'
import { AGAIN, Errno, READ } from './flags.ts'
import type { Kernel, OnReady } from './kernel.ts'
import { ReadySet } from './ready-set.ts'
import type { Watchable } from './ready-set.ts'
import { SimEnd } from './sim-network.ts'
import type { SimNetwork } from './sim-network.ts'

interface Waiting {
  readonly end: SimEnd
  readonly from: LineAddress
}

/** A line, or a listening descriptor with the lines that wait there. */
class SimDescriptor implements Watchable {
  readonly fd: number
  readonly end: SimEnd | null
  readonly local: LineAddress
  readonly remote: LineAddress
  readonly waiting: Waiting[] = []
  interest = 0
  /** Told in this turn whether or not it is ready. */
  isStirred = false

  constructor(fd: number, end: SimEnd | null, local: LineAddress, remote: LineAddress) {
    this.fd = fd
    this.end = end
    this.local = local
    this.remote = remote
  }

  get readyFor(): number {
    return this.end === null ? (this.waiting.length > 0 ? READ : 0) : this.end.readyFor
  }
}

const nowhere: LineAddress = { path: '' }

export class SimKernel implements Kernel {
  readonly backend = 'sim'
  readonly #network: SimNetwork
  readonly #descriptors = new DescriptorTable<SimDescriptor>()
  readonly #ready = new ReadySet<SimDescriptor>()
  #wake: (() => void) | null = null
  #isTurnAsked = false

  constructor(network: SimNetwork) {
    this.#network = network
  }

  // --- Listening and connecting

  listen(at: LineAddress, backlog: number): Promise<number> {
    let listener: SimDescriptor | null = null
    const local = this.#network.take(at, (end, from) => {
      if (listener === null || listener.waiting.length >= backlog) return false
      listener.waiting.push({ end, from })
      this.#changed(listener, READ)
      return true
    })
    if (local === null) return Promise.reject(listenError('EADDRINUSE', at))
    listener = this.#descriptors.add((fd) => new SimDescriptor(fd, null, local, nowhere))
    return Promise.resolve(listener.fd)
  }

  accept(fd: number): number {
    const listener = this.#descriptors.get(fd)
    if (listener.waiting.length === 0) return AGAIN
    if (!this.#network.hasDescriptor()) return Errno.EMFILE
    const { end, from } = listener.waiting.shift()!
    return this.#addLine(end, listener.local, from)
  }

  connect(to: LineAddress): number {
    if (!this.#network.hasDescriptor()) return Errno.EMFILE
    const end = new SimEnd(this.#network.windowBytes)
    end.isConnected = false
    const fd = this.#addLine(end, nowhere, to)
    // Never at once, as over a network.
    this.#network.clock.atTurnEnd(() => {
      if (end.isClosed) return
      if (this.#network.connect(end, to)) {
        end.isConnected = true
        end.onChanged?.(end.readyFor)
      } else end.fail(Errno.ECONNREFUSED)
    })
    return fd
  }

  adopt(_fd: number): number {
    return Errno.EBADF
  }

  #addLine(end: SimEnd, local: LineAddress, remote: LineAddress): number {
    const line = this.#descriptors.add((fd) => new SimDescriptor(fd, end, local, remote))
    end.onChanged = (changed) => this.#changed(line, changed)
    return line.fd
  }

  localAddress(fd: number): LineAddress {
    return this.#descriptors.get(fd).local
  }

  remoteAddress(fd: number): LineAddress {
    return this.#descriptors.get(fd).remote
  }

  // --- Readiness

  arm(fd: number, interest: number): number {
    this.#ready.arm(this.#descriptors.get(fd), interest)
    this.#askForTurn()
    return 0
  }

  disarm(fd: number): void {
    this.#ready.disarm(this.#descriptors.get(fd))
  }

  poll(onReady: OnReady): number {
    const { spurious } = this.#network
    if (spurious === 0) return this.#ready.collect(onReady)
    for (const descriptor of this.#descriptors) {
      descriptor.isStirred = descriptor.interest !== 0 && this.#network.random() < spurious
      if (descriptor.isStirred) this.#ready.mark(descriptor, descriptor.interest)
    }
    return this.#ready.collect(onReady, ({ isStirred }) => isStirred)
  }

  #changed(descriptor: SimDescriptor, changed: number): void {
    if (this.#ready.mark(descriptor, changed)) this.#askForTurn()
  }

  #askForTurn(): void {
    if (this.#wake === null || this.#isTurnAsked || this.#ready.isEmpty) return
    this.#isTurnAsked = true
    this.#network.clock.atTurnEnd(() => {
      this.#isTurnAsked = false
      this.#wake?.()
      this.#askForTurn()
    })
  }

  // --- Bytes

  read(fd: number, target: Uint8Array): number {
    return (
      this.#descriptors.get(fd).end?.read(target, this.#network.portion(target.length)) ??
      Errno.EINVAL
    )
  }

  write(fd: number, bytes: Uint8Array): number {
    return (
      this.#descriptors.get(fd).end?.write(bytes, this.#network.portion(bytes.length)) ??
      Errno.EINVAL
    )
  }

  takeError(fd: number): number {
    return this.#descriptors.get(fd).end?.takeError() ?? 0
  }

  endWriting(fd: number): void {
    this.#descriptors.get(fd).end?.endWriting()
  }

  close(fd: number): void {
    const descriptor = this.#descriptors.get(fd)
    this.#ready.disarm(descriptor)
    this.#descriptors.delete(fd)
    descriptor.end?.close()
    if (descriptor.end !== null) return
    this.#network.leave(descriptor.local)
    for (const { end } of descriptor.waiting) end.reset()
  }

  // --- Turns

  wakeBy(wake: (() => void) | null): void {
    this.#wake = wake
    this.#askForTurn()
  }

  setReferenced(_isReferenced: boolean): void {}

  onSignal(name: NodeJS.Signals, f: () => void): () => void {
    return this.#network.onSignal((raised) => {
      if (raised === name) f()
    })
  }

  release(): void {
    this.#wake = null
  }
}
