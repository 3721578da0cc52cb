// Runs one target in a thread and watches it from outside, since a parser that loops for ever cannot tell.
import { Buffer } from 'node:buffer'
import { Worker } from 'node:worker_threads'
import { progressBytes, type FuzzOrder, type FuzzResult } from './fuzz-worker.ts'

/** An input that takes five times as long as is allowed is taken for one that never returns. */
export function fuzz(order: Omit<FuzzOrder, 'progress'>): Promise<FuzzResult> {
  const progress = new SharedArrayBuffer(progressBytes)
  const counters = new Int32Array(progress, 0, 2)
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    workerData: { ...order, progress } satisfies FuzzOrder,
  })
  return new Promise<FuzzResult>((resolve, reject) => {
    let lastRun = 0
    let since = performance.now()
    const watch = setInterval(() => {
      const run = Atomics.load(counters, 0)
      if (run !== lastRun || run === 0) {
        lastRun = run
        since = performance.now()
      } else if (performance.now() - since > 5 * order.stallMs) {
        const input = Buffer.from(new Uint8Array(progress, 8, Atomics.load(counters, 1)))
        resolve({
          runs: run,
          outcomes: {},
          failure: { input: input.toString('hex'), reason: 'stalled' },
        })
      }
    }, 200)
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', (code) => {
      clearInterval(watch)
      reject(new Error(`the fuzz worker ended with code ${code}`))
    })
  }).finally(() => worker.terminate())
}
