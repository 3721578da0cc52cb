// Both ends of the process under test: what it tells the runner, and how the runner starts and watches it.

import { fork } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { ServerProcess } from './script.ts'

type Report = { readonly ws: number; readonly wss: number } | { readonly uncaught: string }

/** In the process under test: says that it listens, reports what is uncaught, and ends with its runner. */
export function tellRunner(ports: { readonly ws: number; readonly wss: number }): void {
  const say = (report: Report) => process.send?.(report)
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error: unknown) => {
      say({ uncaught: `${event}: ${error instanceof Error ? error.stack : String(error)}` })
    })
  }
  process.on('disconnect', () => process.exit(0))
  say(ports)
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(ports)}\n`)
}

/** The plain HTTP of the server under test, beside its WebSocket routes. */
export function plainResponse(request: IncomingMessage, response: ServerResponse): void {
  const found = request.url === '/plain'
  const body = found ? 'plain\n' : 'not found\n'
  response.writeHead(found ? 200 : 404, {
    'Content-Type': 'text/plain',
    'Content-Length': body.length,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

export interface TargetProcess extends ServerProcess {
  readonly ports: { readonly ws: number; readonly wss: number }
  /** Errors nobody caught, and an exit nobody asked for. */
  readonly uncaught: readonly string[]
  stop(): Promise<void>
}

/** Starts `script` beside this file and waits until it listens. */
export async function startTarget(script: string, args: readonly string[]): Promise<TargetProcess> {
  const uncaught: string[] = []
  let stopping = false
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    execArgv: ['-C', 'source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let stderr = ''
  child.stdout?.resume()
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4000)
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      if (!stopping) uncaught.push(`the server ended (code ${code}, signal ${signal}): ${stderr}`)
      resolve()
    })
  })
  const ports = await new Promise<{ ws: number; wss: number }>((resolve, reject) => {
    child.on('message', (report: Report) => {
      if ('uncaught' in report) uncaught.push(report.uncaught)
      else resolve(report)
    })
    void exited.then(() => reject(new Error(`the server did not start: ${stderr}`)))
  })
  const pid = child.pid ?? 0
  return {
    ports,
    uncaught,
    ...observe(pid),
    async stop() {
      stopping = true
      child.kill('SIGKILL')
      await exited
    },
  }
}

function observe(pid: number): ServerProcess {
  const residentMiB = () => {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
  }
  return {
    residentMiB,
    descriptorCount: () => readdirSync(`/proc/${pid}/fd`).length,
    cpuMs: () => Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6,
    async peakMiB(work) {
      let peak = residentMiB()
      const timer = setInterval(() => (peak = Math.max(peak, residentMiB())), 20)
      try {
        await work()
      } finally {
        clearInterval(timer)
      }
      return Math.max(peak, residentMiB())
    },
  }
}
