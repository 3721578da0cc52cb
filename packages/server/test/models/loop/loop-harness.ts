// One loop and its peers, on each backend, for one suite. Time is a FakeClock's on all three; readiness is the kernel's,
// Node's or simulated.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import type { HoldlineError } from 'holdline/protocol'
import { createLoop, SimNetwork } from 'holdline/loop'
import type {
  Backend,
  Listener,
  Loop,
  LoopOptions,
  OnLine,
  SimOptions,
  SimPeer,
} from 'holdline/loop'
import { FakeClock } from 'holdline/testing'

export const backends: readonly Backend[] = ['epoll', 'net', 'sim']

/** The other side of a line. */
export interface Peer {
  send(text: string): void
  end(): void
  reset(): void
  /** What has come and was not asked for before. */
  take(): string
  /** Holds what comes back from now on: the line fills up. */
  pause(): void
  resume(): void
  readonly isEnded: boolean
  readonly isReset: boolean
}

export interface Failure {
  readonly error: HoldlineError
  readonly fd: number | null
}

const patienceMs = 10_000

export class LoopHarness {
  readonly backend: Backend
  readonly clock = new FakeClock()
  readonly network: SimNetwork
  readonly loop: Loop
  readonly failures: Failure[] = []
  readonly #sockets: Socket[] = []

  constructor(backend: Backend, options: LoopOptions = {}, sim: Partial<SimOptions> = {}) {
    this.backend = backend
    this.network = new SimNetwork({ clock: this.clock, ...sim })
    this.loop = createLoop({
      backend,
      clock: this.clock,
      ...(backend === 'sim' && { network: this.network }),
      onError: (error, fd) => this.failures.push({ error, fd }),
      ...options,
    })
  }

  listen(onLine: OnLine): Promise<Listener> {
    return this.loop.listen({ port: 0, host: '127.0.0.1' }, onLine)
  }

  async dial(port: number): Promise<Peer> {
    if (this.backend === 'sim') {
      const peer = this.network.dial({ port })
      assert.ok(peer, 'nobody listens')
      return simPeer(peer)
    }
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.#sockets.push(socket)
    await once(socket, 'connect')
    return netPeer(socket)
  }

  /** A line of which this side is watched by nobody yet. */
  async line(): Promise<{ readonly fd: number; readonly peer: Peer }> {
    const fds: number[] = []
    const listener = await this.listen((fd) => void fds.push(fd))
    const peer = await this.dial(listener.port)
    await this.until(() => fds.length === 1)
    listener.close()
    return { fd: fds[0]!, peer }
  }

  /** One turn of everything that is under way. */
  async turn(): Promise<void> {
    this.clock.runTurn()
    await immediate()
  }

  async until(isTrue: () => boolean): Promise<void> {
    const deadline = performance.now() + patienceMs
    while (!isTrue()) {
      if (performance.now() > deadline) assert.fail(`waited in vain for ${isTrue.toString()}`)
      await this.turn()
    }
  }

  /** Long enough for everything that is on its way to have arrived. */
  async quiet(turns = 12): Promise<void> {
    for (let i = 0; i < turns; i++) await this.turn()
  }

  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms)
    await this.quiet(2)
  }

  close(): void {
    this.loop.shutDown()
    for (const socket of this.#sockets) socket.destroy()
  }
}

function simPeer(peer: SimPeer): Peer {
  let isPaused = false
  return {
    send: (text) => assert.equal(peer.send(text), Buffer.byteLength(text)),
    end: () => peer.end(),
    reset: () => peer.reset(),
    take: () => (isPaused ? '' : peer.takeText()),
    pause: () => void (isPaused = true),
    resume: () => void (isPaused = false),
    get isEnded() {
      return peer.isEnded
    },
    get isReset() {
      return peer.isReset
    },
  }
}

function netPeer(socket: Socket): Peer {
  let text = ''
  let isEnded = false
  let isReset = false
  socket.setEncoding('utf8')
  socket.on('data', (part: string) => (text += part))
  socket.on('end', () => (isEnded = true))
  socket.on('error', () => (isReset = true))
  return {
    send: (sent) => void socket.write(sent),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    take: () => {
      const taken = text
      text = ''
      return taken
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    get isEnded() {
      return isEnded
    },
    get isReset() {
      return isReset
    },
  }
}

/** A test of each backend. */
export function onEach(
  name: string,
  body: (harness: LoopHarness) => Promise<void>,
  sim: Partial<SimOptions> = {},
): void {
  for (const backend of backends) {
    void test(`${name} (${backend})`, async () => {
      const harness = new LoopHarness(backend, {}, sim)
      try {
        await body(harness)
        assert.deepEqual(harness.failures, [], 'failures that the test did not look at')
      } finally {
        harness.close()
      }
    })
  }
}
