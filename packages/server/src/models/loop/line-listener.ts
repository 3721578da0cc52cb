// A listening descriptor: an event like any other, whose callback accepts.

import type { LineAddress } from './address.ts'
import { AGAIN, Errno, errnoName, PERSIST, READ } from './flags.ts'
import type { Listener, LoopEvent, LoopTimer, OnLine } from './loop.ts'
import type { EventLoop } from './event-loop.ts'

/** Lines that one turn accepts; the others wait for the next, and those that are there have their turn. */
const MOST_IN_TURN = 64
/** Until accepting is tried again when the process, or the machine, has no descriptor left. */
const NO_DESCRIPTOR_MS = 100

export class LineListener implements Listener {
  readonly fd: number
  readonly address: LineAddress
  readonly #loop: EventLoop
  readonly #event: LoopEvent
  readonly #onLine: OnLine
  #pause: LoopTimer | null = null

  constructor(loop: EventLoop, fd: number, onLine: OnLine) {
    this.#loop = loop
    this.fd = fd
    this.address = loop.kernel.localAddress(fd)
    this.#onLine = onLine
    this.#event = loop.watch(fd, READ | PERSIST, this.#accept)
  }

  get port(): number {
    return 'port' in this.address ? this.address.port : 0
  }

  get isAccepting(): boolean {
    return this.#event.isPending
  }

  close(): void {
    this.#pause?.del()
    this.#event.close()
  }

  readonly #accept = (): void => {
    for (let i = 0; i < MOST_IN_TURN && this.#event.isPending; i++) {
      const fd = this.#loop.accept(this.fd)
      if (fd >= 0) this.#hand(fd)
      else if (fd === AGAIN) return
      else if (isShortOfDescriptors(fd)) this.#pauseFor(fd)
      // Anything else concerns the one line, which is gone (accept(2), Error handling).
    }
  }

  /** A callback that throws costs its own line, not the listening. */
  #hand(fd: number): void {
    try {
      const result: unknown = this.#onLine(fd, this)
      if (result instanceof Promise) result.catch((error: unknown) => this.#failed(error, fd))
    } catch (error) {
      this.#failed(error, fd)
    }
  }

  #failed(error: unknown, fd: number): void {
    if (this.#loop.isOpen(fd)) this.#loop.close(fd)
    this.#loop.failed(error, fd)
  }

  /** What waits in the kernel's queue stays there; to ask for it again and again would only burn the core. */
  #pauseFor(errno: number): void {
    this.#event.del()
    this.#pause = this.#loop.timer(NO_DESCRIPTOR_MS, () => this.#event.add())
    this.#loop.tell('ERR_LOOP_ACCEPT', this.fd, new Error(errnoName(errno)))
  }
}

function isShortOfDescriptors(errno: number): boolean {
  return (
    errno === Errno.EMFILE ||
    errno === Errno.ENFILE ||
    errno === Errno.ENOBUFS ||
    errno === Errno.ENOMEM
  )
}
