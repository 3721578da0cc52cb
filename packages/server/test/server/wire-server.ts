// A whole server under test, reached over the memory engine or over TCP, by clients that write and read frames
// themselves. What it must not know: what the routes do.
import assert from 'node:assert/strict'
import { serve } from 'holdline'
import type { Server, ServeOptions } from 'holdline'
import { FakeClock, MemoryEngine, WirePeer } from 'holdline/testing'
import type { MemoryPeer, WireLine, WireRequest } from 'holdline/testing'
import { dialTcp, untilInTime } from '../../src/testing/tcp-wire-line.ts'

export const wireEngines = ['memory', 'node', 'uring'] as const
export type WireEngine = (typeof wireEngines)[number]

export interface DialOptions extends Partial<Omit<WireRequest, 'path'>> {
  readonly remoteAddress?: string
}

export interface WireServer extends AsyncDisposable {
  readonly server: Server
  /** Opens a line and asks for an upgrade, without waiting for the answer. */
  dial(path?: string, options?: DialOptions): Promise<WirePeer>
  /** Opens a connection. */
  connect(path?: string, options?: DialOptions): Promise<WirePeer>
  /** Waits until something is so, letting time pass. */
  until(what: string, isSo: () => boolean): Promise<void>
  /** Waits for a promise, letting time pass. */
  settled<T>(promise: Promise<T>): Promise<T>
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
}

/** `serve` on a free address, silent unless told otherwise. */
export async function wireServer(
  engine: WireEngine,
  options: Omit<ServeOptions, 'engine' | 'port' | 'host'>,
): Promise<WireServer> {
  const all = { logger: null, ...options }
  if (engine === 'memory') {
    const clock = new FakeClock()
    const memory = new MemoryEngine(clock)
    const server = await serve({ ...all, engine: memory })
    const place = { to: server.address }
    return wired(
      server,
      (path, { behind, ...rest }) => {
        const peer = memory.connect({ ...place, path, ...rest })
        if (behind !== undefined && behind.length > 0) peer.write(behind)
        return Promise.resolve(lineOf(peer))
      },
      (what, isSo) => untilOnClock(clock, what, isSo),
      (ms) => clock.pass(ms),
    )
  }
  const server = await serve({ ...all, engine, host: '127.0.0.1' })
  return wired(
    server,
    (path, rest) => tcpLine(server.port, path, rest),
    untilInTime,
    (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  )
}

function wired(
  server: Server,
  open: (path: string, options: DialOptions) => Promise<WireLine>,
  until: WireServer['until'],
  pass: WireServer['pass'],
): WireServer {
  const wire: WireServer = {
    server,
    until,
    pass,
    async dial(path = '/', options = {}) {
      return new WirePeer(await open(path, options), until)
    },
    async connect(path, options) {
      const peer = await wire.dial(path, options)
      await peer.answered()
      assert.equal(peer.status, 101)
      return peer
    },
    async settled(promise) {
      let isDone = false
      const watched = promise.finally(() => (isDone = true))
      watched.catch(() => {})
      await until('a promise to settle', () => isDone)
      return watched
    },
    async [Symbol.asyncDispose]() {
      await wire.settled(server.close({ graceMs: 1 }))
    },
  }
  return wire
}

async function untilOnClock(clock: FakeClock, what: string, isSo: () => boolean): Promise<void> {
  await clock.settle()
  for (let passedMs = 0; !isSo(); passedMs += 10) {
    if (passedMs > 60_000) throw new Error(`Waited in vain for ${what}`)
    await clock.pass(10)
  }
}

/** A peer of the memory engine as a line. */
export function lineOf(peer: MemoryPeer): WireLine {
  return {
    get onBytes() {
      return peer.onBytes
    },
    set onBytes(f) {
      peer.onBytes = f
    },
    get hasEnded() {
      return peer.hasEnded
    },
    get isClosed() {
      return peer.isClosed
    },
    write: (bytes) => peer.write(bytes),
    end: () => peer.end(),
    cut: () => peer.cut(),
    stopReading: () => void (peer.windowBytes = 0),
    startReading: () => void (peer.windowBytes = Infinity),
  }
}

export function tcpLine(port: number, path: string, options: DialOptions): Promise<WireLine> {
  const { method = 'GET', headers = {}, behind = new Uint8Array(0) } = options
  return dialTcp(port, { path, method, headers, behind })
}
