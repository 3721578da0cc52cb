// The contract suite's way to the memory engine, on a fake clock.

import { MemoryEngine } from '../engines/memory/memory-engine.ts'
import { FakeClock } from '../engines/memory/fake-clock.ts'
import type { EngineHarness, RunningEngine, WireLine } from './engine-harness.ts'
import type { MemoryPeer } from '../engines/memory/memory-line.ts'

/** Time that may pass until something awaited has to be so, and the steps in which it passes. */
const PATIENCE_MS = 60_000
const STEP_MS = 10

export const memoryHarness: EngineHarness = {
  name: 'memory',
  async start(acceptorFor) {
    const clock = new FakeClock()
    const engine = new MemoryEngine(clock)
    const listener = await engine.listen({}, acceptorFor(clock))
    const running: RunningEngine = {
      clock,
      listener,
      async dial({ behind, ...request }) {
        const peer = engine.connect({ ...request, to: listener.address })
        if (peer.isClosed) throw new Error('Nobody listens')
        if (behind.length > 0) peer.write(behind)
        return new MemoryWireLine(peer)
      },
      async until(what, isSo) {
        await clock.settle()
        for (let passedMs = 0; !isSo(); passedMs += STEP_MS) {
          if (passedMs > PATIENCE_MS) throw new Error(`Waited in vain for ${what}`)
          await clock.pass(STEP_MS)
        }
      },
      async stop() {
        const closing = listener.close()
        await clock.settle()
        await closing
      },
    }
    return running
  },
}

class MemoryWireLine implements WireLine {
  readonly #peer: MemoryPeer

  constructor(peer: MemoryPeer) {
    this.#peer = peer
  }

  get onBytes(): WireLine['onBytes'] {
    return this.#peer.onBytes
  }

  set onBytes(f: WireLine['onBytes']) {
    this.#peer.onBytes = f
  }

  get hasEnded(): boolean {
    return this.#peer.hasEnded
  }

  get isClosed(): boolean {
    return this.#peer.isClosed
  }

  write(bytes: Uint8Array): void {
    this.#peer.write(bytes)
  }

  end(): void {
    this.#peer.end()
  }

  cut(): void {
    this.#peer.cut()
  }

  stopReading(): void {
    this.#peer.windowBytes = 0
  }

  startReading(): void {
    this.#peer.windowBytes = Infinity
  }
}
