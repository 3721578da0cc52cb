// A healthy connection in a thread of its own: an echo every 50 ms while the cases run.
// It must be served throughout, however badly everybody else behaves.

import { randomBytes } from 'node:crypto'
import { on } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { text } from './frame-codec.ts'
import { play } from './play.ts'
import { RawConnection, type Endpoint } from './raw-connection.ts'
import { expectStatus, expectText, send } from './script.ts'
import { request } from './upgrade-request.ts'

export interface CanaryReport {
  readonly echoCount: number
  readonly p99Ms: number
  readonly worstMs: number
  /** Why it was not served; absent when it always was. */
  readonly failure?: string
}

export interface Canary {
  /** Sends one last echo, then says how it went. */
  stop(): Promise<CanaryReport>
}

const intervalMs = 50

export async function startCanary(endpoint: Endpoint): Promise<Canary> {
  const worker = new Worker(new URL(import.meta.url), { workerData: endpoint })
  // "open", and in the end the report; both could come at once, so one listener takes both.
  const messages = on(worker, 'message', { close: ['exit'] })
  await messages.next()
  return {
    async stop() {
      worker.postMessage('stop')
      const { value, done } = await messages.next()
      await worker.terminate()
      if (done === true) return { echoCount: 0, p99Ms: 0, worstMs: 0, failure: 'its thread ended' }
      return (value as [CanaryReport])[0]
    },
  }
}

async function sing(endpoint: Endpoint): Promise<void> {
  let stopped = false
  parentPort?.once('message', () => (stopped = true))
  const times: number[] = []
  let failure: string | undefined
  let open = false
  try {
    const connection = await RawConnection.open(endpoint)
    const key = randomBytes(16).toString('base64')
    await play(endpoint, connection, [
      send(request({ set: { 'Sec-WebSocket-Key': key } })),
      expectStatus(101),
    ])
    open = true
    parentPort?.postMessage('open')
    do {
      const note = `canary ${times.length}`
      const begin = performance.now()
      await play(endpoint, connection, [send(text(note)), expectText(note)])
      times.push(performance.now() - begin)
      if (!stopped) await sleep(intervalMs)
    } while (!stopped)
    connection.destroy()
  } catch (error) {
    failure = `after ${times.length} echoes: ${(error as Error).message}`
    // The first message says "open" and the second is the report, whatever happened.
    if (!open) parentPort?.postMessage('never open')
  }
  times.sort((a, b) => a - b)
  const report: CanaryReport = {
    echoCount: times.length,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
    worstMs: times.at(-1) ?? 0,
    ...(failure === undefined ? {} : { failure }),
  }
  parentPort?.postMessage(report)
}

if (!isMainThread && parentPort !== null) await sing(workerData as Endpoint)
