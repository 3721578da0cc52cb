// A server with a route of threads, and clients of it. Threads live in real time, so the memory engine's clock is
// moved along with it; everything else about that engine stays as it is.
import assert from 'node:assert/strict'
import { serve } from 'holdline'
import type { ServeOptions, Server } from 'holdline'
import { threads } from 'holdline/threads'
import type { ThreadOptions } from 'holdline/threads'
import { FakeClock, MemoryEngine, WirePeer } from 'holdline/testing'
import type { WireLine } from 'holdline/testing'
import { lineOf, tcpLine } from '../../server/wire-server.ts'
import type { DialOptions, WireEngine } from '../../server/wire-server.ts'

const PATIENCE_MS = 30_000

export const tasks = new URL('./sessions/tasks.ts', import.meta.url)

export interface Report {
  readonly text: string
  readonly error: Error & { readonly code?: string }
}

export class ThreadStand implements AsyncDisposable {
  readonly server: Server
  /** What the server told of failures. */
  readonly reports: Report[]
  readonly #clock: FakeClock | null
  readonly #dial: (path: string, options: DialOptions) => Promise<WireLine>
  #passedAt = performance.now()

  private constructor(
    server: Server,
    reports: Report[],
    clock: FakeClock | null,
    dial: (path: string, options: DialOptions) => Promise<WireLine>,
  ) {
    this.server = server
    this.reports = reports
    this.#clock = clock
    this.#dial = dial
  }

  static async of(
    engine: WireEngine,
    routes: NonNullable<ServeOptions['routes']>,
  ): Promise<ThreadStand> {
    const reports: Report[] = []
    const logger = {
      info: () => {},
      warn: () => {},
      error: (text: string, error: unknown) =>
        void reports.push({ text, error: error as Report['error'] }),
    }
    if (engine !== 'memory') {
      const server = await serve({ engine, host: '127.0.0.1', logger, routes })
      return new ThreadStand(server, reports, null, (path, options) =>
        tcpLine(server.port, path, options),
      )
    }
    const clock = new FakeClock()
    const memory = new MemoryEngine(clock)
    const server = await serve({ engine: memory, logger, routes })
    return new ThreadStand(server, reports, clock, (path, { behind, ...rest }) => {
      const peer = memory.connect({ to: server.address, path, ...rest })
      if (behind !== undefined && behind.length > 0) peer.write(behind)
      return Promise.resolve(lineOf(peer))
    })
  }

  /** Opens a line and asks for an upgrade. */
  async dial(path = '/', options: DialOptions = {}): Promise<WirePeer> {
    return new WirePeer(await this.#dial(path, options), this.until)
  }

  async connect(path = '/', options?: DialOptions): Promise<WirePeer> {
    const peer = await this.dial(path, options)
    await peer.answered()
    assert.equal(peer.status, 101)
    return peer
  }

  /** Waits until something is so. */
  readonly until = async (what: string, isSo: () => boolean): Promise<void> => {
    const since = performance.now()
    for (;;) {
      await this.#turn()
      if (isSo()) return
      if (performance.now() - since > PATIENCE_MS) throw new Error(`Waited in vain for ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  async settled<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const watched = promise.finally(() => (isDone = true))
    watched.catch(() => {})
    await this.until('a promise to settle', () => isDone)
    return watched
  }

  /** Waits for the next report, and takes it. */
  async report(): Promise<Report> {
    await this.until('a report', () => this.reports.length > 0)
    return this.reports.shift()!
  }

  async #turn(): Promise<void> {
    if (this.#clock === null) return
    const now = performance.now()
    const ms = Math.floor(now - this.#passedAt)
    this.#passedAt += ms
    await this.#clock.pass(ms)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled(this.server.close({ graceMs: 1 }))
    const left = this.reports.filter(({ error }) => error?.code !== 'ERR_THREAD_GRACE')
    assert.deepEqual(left, [], 'a failure that the test did not ask for')
  }
}

/** A server whose route `/` runs the tasks, with what is to be shared as `data`; `/canary` has threads of its own. */
export async function threadStand(
  engine: WireEngine,
  options: Omit<ThreadOptions<unknown>, 'upgrade' | 'publish'> = {},
): Promise<ThreadStand & { readonly words: Int32Array }> {
  const shared = new SharedArrayBuffer(64)
  const stand: ThreadStand = await ThreadStand.of(engine, {
    '/': threads<unknown>(tasks, {
      ...options,
      upgrade: () => ({ data: { shared } }),
      publish: (topic, message) => stand.server.publish(topic, message),
    }),
    '/canary': threads(tasks),
  })
  return Object.assign(stand, { words: new Int32Array(shared) })
}

/** Another connection is served: whatever happened, it happened to one. */
export async function canary(stand: ThreadStand): Promise<void> {
  const peer = await stand.connect('/canary')
  peer.text('still here?')
  assert.equal(await peer.message(), 'still here?')
  await peer.leave()
}

export async function echoes(peer: WirePeer, message: string): Promise<void> {
  peer.text(message)
  assert.equal(await peer.message(), message)
}

export async function closedWith(peer: WirePeer, code: number): Promise<string> {
  const [closeCode, reason] = await peer.closeFrame()
  assert.equal(closeCode, code)
  peer.close(code)
  await peer.closed()
  return reason
}

/** The thread of one that left may take a moment to be free. */
export async function untilAccepted(stand: ThreadStand): Promise<WirePeer> {
  for (;;) {
    const peer = await stand.dial('/')
    await peer.answered()
    if (peer.status === 101) return peer
    assert.equal(peer.status, 503)
    await peer.closed()
  }
}
