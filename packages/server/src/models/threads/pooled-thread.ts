// One thread of a pool: its worker, the loop's end of the way to it, and which session it serves. What it must not
// know: connections, and how many threads there are.

import { Worker } from 'node:worker_threads'
import type { ResourceLimits } from 'node:worker_threads'
import { HoldlineError } from '../../protocol/errors.ts'
import { LoopEnd } from './loop-end.ts'
import { parseError, ParcelKind } from './parcel-kind.ts'
import { allocateThreadMemory } from './thread-memory.ts'
import type { SessionStart } from './session.ts'
import type { ThreadSetup } from './thread-main.ts'

/** Beside the sources it is TypeScript, in the package JavaScript. */
const entry = import.meta.url.endsWith('.ts')
  ? new URL('./thread-main.ts', import.meta.url)
  : new URL('./thread-main.js', import.meta.url)

export interface ThreadInit extends Omit<ThreadSetup, 'memory'> {
  readonly ringBytes: number
  readonly resourceLimits: ResourceLimits
}

/** Whose session a thread serves. */
export interface ThreadUser {
  /** The handler sent something. False: no more for now, until `resume`. */
  parcel(kind: number, payload: string | Uint8Array): boolean
  /** There is room again, after a `write` that said there was not. */
  room(): void
  /** Once, last: the handler returned (null), threw, or its thread is gone. */
  finished(error: Error | null): void
}

/** What a thread tells its pool. */
export interface ThreadKeeper {
  /** The session is over, and the thread free. */
  freed(thread: PooledThread): void
  /** The thread is gone; once, last. */
  exited(thread: PooledThread): void
}

export class PooledThread {
  readonly #worker: Worker
  readonly #end: LoopEnd
  readonly #keeper: ThreadKeeper
  #user: ThreadUser | null = null
  /** What ended the thread before it said that it was done. */
  #error: Error | null = null
  #isEnding = false

  constructor(init: ThreadInit, keeper: ThreadKeeper) {
    const { ringBytes, resourceLimits, ...rest } = init
    const memory = allocateThreadMemory(ringBytes)
    const setup: ThreadSetup = { ...rest, memory }
    this.#keeper = keeper
    this.#end = new LoopEnd(memory, {
      parcel: (kind, payload) => this.#parcel(kind, payload),
      room: () => this.#user?.room(),
    })
    // `execArgv` is inherited, and with it `-C source`.
    this.#worker = new Worker(entry, { workerData: setup, resourceLimits, name: 'holdline' })
    this.#worker.on('message', () => this.#end.called())
    this.#worker.on('error', (error) => (this.#error = asError(error)))
    this.#worker.once('exit', (code) => this.#exited(code))
    // A program whose connections are gone may end; a thread that is left does not keep it. Last: a listener for
    // messages refers to the worker again.
    this.#worker.unref()
  }

  /**
   * Begins a session; only while there is none.
   *
   * @throws HoldlineError ERR_THREAD_DATA for data that cannot be cloned; the thread is as free as before.
   */
  begin(start: SessionStart, user: ThreadUser): void {
    try {
      this.#worker.postMessage(start)
    } catch (cause) {
      throw new HoldlineError('ERR_THREAD_DATA', (cause as Error).message, { cause })
    }
    this.#user = user
  }

  /** False: taken too; hold back until the user's `room`. */
  write(kind: number, payload: string | Uint8Array): boolean {
    return this.#end.write(kind, payload)
  }

  /** Nothing that the handler sends arrives any more. */
  end(): void {
    this.#end.end()
    // What a line that did not read had held back is dropped now, and the handler goes on.
    this.#end.resume()
  }

  resume(): void {
    this.#end.resume()
  }

  /** Stops the thread, even in `for (;;) {}`. Only native code that is running has to come to its end first. */
  terminate(): void {
    this.#isEnding = true
    void this.#worker.terminate()
  }

  #parcel(kind: number, payload: string | Uint8Array): boolean {
    if (kind !== ParcelKind.DONE && kind !== ParcelKind.FAILED) {
      return this.#user?.parcel(kind, payload) ?? true
    }
    this.#end.reset()
    this.#finish(kind === ParcelKind.DONE ? null : parseError(payload as string))
    // It may have returned at the very moment at which it was stopped: the next session must not get it.
    if (!this.#isEnding) this.#keeper.freed(this)
    return true
  }

  #exited(code: number): void {
    // What it had sent before.
    this.#end.called()
    if (this.#user !== null) {
      const cause = this.#error === null ? undefined : { cause: this.#error }
      const detail = this.#error === null ? `exit code ${code}` : this.#error.message
      this.#finish(new HoldlineError('ERR_THREAD_EXITED', detail, cause))
    }
    this.#keeper.exited(this)
  }

  #finish(error: Error | null): void {
    const user = this.#user
    this.#user = null
    user?.finished(error)
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
