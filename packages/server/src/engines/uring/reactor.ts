// The turn of the reactor within Node's event loop: libuv wakes it through an eventfd, it drains the completions,
// lets everything that they brought end its turn, and passes what is to be done to the kernel in one call.

import { AsyncLocalStorage } from 'node:async_hooks'
import { errnoName } from './errno.ts'
import { Native } from './ffi.ts'
import type { PollHandle } from './ffi.ts'
import { Ring, RingUnavailable } from './ring.ts'
import type { CompletionSink, RingOptions } from './ring.ts'

/** Rounds in one turn of the loop; then timers, other sockets and the rest of the program have theirs. */
const MOST_ROUNDS = 8

/** Calls that do work of the kernel's, twenty pieces each, until it is clear that none of it completes anything. */
const MOST_LOOKS = 16

/** Runs what `process.nextTick` and promises have queued; Node would do so behind the turn, and this is within. */
const runTicks: (() => void) | null =
  (process as unknown as { _tickCallback?: () => void })._tickCallback ?? null

export class Reactor {
  readonly ring: Ring
  readonly #native: Native
  readonly #eventFd: number
  readonly #eventCount: Uint8Array = Buffer.allocUnsafeSlow(128).subarray(0, 8)
  readonly #poll: PollHandle
  #sink: CompletionSink = noSink
  /** Called once behind each batch. */
  #behindBatch: () => void = () => {}
  #atTurnEnd: (() => void)[] = []
  #isInTurn = false
  #turnIsScheduled = false
  #isEdgeTriggered = false
  readonly #closing: (() => void)[] = []
  #isClosed = false
  /** Calls a function with the AsyncLocalStorage of whoever made the reactor. */
  readonly #inOwnContext: (f: () => void) => void = AsyncLocalStorage.snapshot()

  /** @throws RingUnavailable */
  constructor(options: RingOptions = {}) {
    this.#native = options.native ?? Native.get()
    this.ring = Ring.open(options)
    const eventFd = this.#native.eventFd()
    if (eventFd < 0) {
      this.ring.close()
      throw new RingUnavailable(`eventfd: ${errnoName(-eventFd)}`)
    }
    this.#eventFd = eventFd
    try {
      this.ring.signalTo(eventFd)
      this.#poll = this.#native.watch(eventFd, this.#wake)
    } catch (error) {
      this.ring.close()
      this.#native.close(eventFd)
      throw error
    }
  }

  /** Who is given the completions. */
  drainTo(sink: CompletionSink, behindBatch: () => void): void {
    this.#sink = sink
    this.#behindBatch = behindBatch
  }

  /** Whether the event loop stays alive for the reactor. */
  setReferenced(isReferenced: boolean): void {
    this.#poll.setReferenced(isReferenced)
  }

  /** Calls `f` once, when everything that this batch brought has been handled. */
  atTurnEnd(f: () => void): void {
    this.#atTurnEnd.push(f)
    this.soon()
  }

  /** What was submitted outside of the reactor's turn is passed on at the end of this turn of the event loop. */
  soon(): void {
    if (this.#isInTurn || this.#turnIsScheduled || this.#isClosed) return
    this.#turnIsScheduled = true
    setImmediate(this.#scheduledTurn)
  }

  // --- The turn

  // Whoever asked for the turn, it is nobody's: handlers of other connections must not see his AsyncLocalStorage.
  readonly #scheduledTurn = (): void => {
    this.#turnIsScheduled = false
    this.#inOwnContext(this.#turn)
  }

  // Node does not know this callback, and would take a call back into JavaScript from within a handler (the reader of a
  // Blob makes such) for the end of all handlers, at worst with an assertion that ends the process. In an immediate, which
  // follows at once, it knows better. Nothing may be thrown from here: that too would end the process (node:ffi).
  readonly #wake = (): void => {
    if (this.#isClosed) return
    if (!this.#isEdgeTriggered) this.#isEdgeTriggered = this.#poll.becomeEdgeTriggered()
    if (!this.#isEdgeTriggered) this.#native.read(this.#eventFd, this.#eventCount)
    this.soon()
  }

  readonly #turn = (): void => {
    if (this.#isClosed || this.#isInTurn) return
    this.#isInTurn = true
    // What completes from here on is drained by this very turn.
    this.ring.muteEvents(true)
    try {
      let rounds = 0
      while (this.#round() && ++rounds < MOST_ROUNDS && this.#mayHaveWork());
    } catch (error) {
      reportUncaught(error)
    }
    this.#isInTurn = false
    if (this.#closing.length > 0) {
      this.#close()
      return
    }
    this.ring.muteEvents(false)
    // Asked after the signals are on again: what came before would not have been signalled.
    // The kernel may say that there is more for nothing: were it believed, an idle process would turn for ever.
    for (let i = 0; i < MOST_LOOKS && !this.#hasWork() && this.ring.mayHaveMore; i++) {
      this.ring.enter()
    }
    if (this.#hasWork()) this.soon()
  }

  #mayHaveWork(): boolean {
    return this.#hasWork() || this.ring.mayHaveMore
  }

  #hasWork(): boolean {
    return this.ring.pendingCount > 0 || this.#atTurnEnd.length > 0 || this.ring.hasCompletions
  }

  /** Whether it found anything to do. */
  #round(): boolean {
    this.ring.enter()
    const count = this.ring.drain(this.#sink)
    if (count > 0) {
      this.#behindBatch()
      if (runTicks !== null) this.#runTicks(runTicks)
      // An immediate, even one that does nothing, runs them too, only later.
      else setImmediate(nothing)
    }
    const atTurnEnd = this.#atTurnEnd
    if (atTurnEnd.length === 0) return count > 0
    this.#atTurnEnd = []
    for (const f of atTurnEnd) {
      try {
        f()
      } catch (error) {
        reportUncaught(error)
      }
    }
    return true
  }

  #runTicks(run: () => void): void {
    try {
      run.call(process)
    } catch (error) {
      reportUncaught(error)
    }
  }

  // --- The end

  /** Gives everything back, at the end of the turn that is under way. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed) resolve()
      else {
        this.#closing.push(resolve)
        if (!this.#isInTurn) this.#close()
      }
    })
  }

  #close(): void {
    this.#isClosed = true
    this.#atTurnEnd = []
    this.#poll.close()
    this.ring.close()
    this.#native.close(this.#eventFd)
    for (const closed of this.#closing.splice(0)) closed()
  }
}

function nothing(): void {}

const noSink: CompletionSink = { complete: () => {} }

/** What Node calls for an error that left a callback; false where nobody heeds it. */
const tellUncaught: ((error: unknown) => boolean) | null =
  (process as unknown as { _fatalException?: (error: unknown) => boolean })._fatalException ?? null

/** As an error in any other callback of the event loop: 'uncaughtException', or the end of the process. */
export function reportUncaught(error: unknown): void {
  let uncaught = error
  try {
    // It also forgets the asynchronous context that the error left behind, and has the ticks that are left run soon.
    if (tellUncaught?.(error) === true) return
  } catch (failed) {
    uncaught = failed
  }
  queueMicrotask(() => {
    throw uncaught
  })
}
