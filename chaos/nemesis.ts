// Who does the harm of a chaos run, and counts it. A seed repeats its choices.

import type { BrokerServer } from './broker-server.ts'
import type { Child } from './child.ts'

export interface Nemesis {
  /** Does harm for so many milliseconds; resolves with the number of faults done. */
  harm(forMs: number): Promise<number>
}

/** mulberry32: small, and the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** SIGKILL to one of the workers that live, every second. */
export function workerKiller(server: Child, random: () => number): Nemesis {
  const killed = new Set<number>()
  const living = (): number[] =>
    server.told.flatMap((told) =>
      told.kind === 'worker' && !killed.has(told.pid) ? [told.pid] : [],
    )
  return {
    async harm(forMs) {
      const startedAtMs = performance.now()
      let count = 0
      for (let at = 1_000; at <= forMs; at += 1_000) {
        await until(startedAtMs + at)
        const pids = living()
        const pid = pids[Math.floor(random() * pids.length)]
        // None has come back within a second: there is nothing to kill.
        if (pid === undefined) continue
        killed.add(pid)
        process.kill(pid, 'SIGKILL')
        count++
      }
      return count
    },
  }
}

/** SIGKILL to the broker's server, ten times, down for 0 to 5 seconds each. */
export function brokerKiller(server: BrokerServer, times: number, random: () => number): Nemesis {
  return {
    async harm(forMs) {
      const startedAtMs = performance.now()
      for (let i = 0; i < times; i++) {
        await until(startedAtMs + ((i + 0.5) * forMs) / times)
        await server.kill()
        await until(performance.now() + Math.min(random() * 5_000, forMs / times / 2))
        await server.start()
      }
      await until(startedAtMs + forMs)
      return times
    },
  }
}

function until(atMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - performance.now())))
}
