// Starts a rival on a free port, pinned to one core, waits until it accepts, and reads what it used.
// Knows nothing of WebSockets.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import {
  readCpuTime,
  readDescriptorCount,
  readResidentMemory,
  type CpuTime,
  type ResidentMemory,
} from './proc-files.ts'
import type { Rival } from './rivals.ts'

const startTimeoutMs = 10_000

export class RivalProcess implements AsyncDisposable {
  readonly name: string
  readonly port: number
  readonly #child: ChildProcess
  readonly #pid: number
  /** What it last wrote to standard error. */
  #complaints = ''
  // Even when the bench is interrupted, no server is left behind on its port.
  readonly #kill = (): void => {
    if (this.#pid === 0) return
    try {
      process.kill(-this.#pid, 'SIGKILL')
    } catch {
      // The whole group has ended by itself.
    }
  }

  private constructor(name: string, port: number, child: ChildProcess) {
    this.name = name
    this.port = port
    this.#child = child
    this.#pid = child.pid ?? 0
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2000)
    })
    child.on('error', (error) => (this.#complaints += error.message))
    process.once('exit', this.#kill)
  }

  /** @param cores - as taskset takes them: `0`, `0,1` */
  static async start(
    rival: Rival,
    cores: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<RivalProcess> {
    const port = await freePort()
    const command = rival.command.replaceAll('{port}', String(port))
    // taskset and `exec` replace themselves, so the child's pid is the server's own. Its own settings
    // of Node are dropped: they would be measured too.
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = spawn('taskset', ['-c', cores, 'sh', '-c', `exec ${command}`], {
      env: { ...env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own, so that what the server started ends with it.
      detached: true,
    })
    const server = new RivalProcess(rival.name, port, child)
    const deadline = performance.now() + startTimeoutMs
    while (!(await accepts(port))) {
      if (server.#hasEnded || performance.now() > deadline) {
        await server[Symbol.asyncDispose]()
        throw new Error(`it did not listen on its port ${server.#lastWords()}`)
      }
      await delay(20)
    }
    return server
  }

  /** In one line how it ended; undefined while it runs. */
  get obituary(): string | undefined {
    if (!this.#hasEnded) return undefined
    const how = this.#child.signalCode ?? `exit code ${this.#child.exitCode}`
    return `the server ended by itself (${how}) ${this.#lastWords()}`.trimEnd()
  }

  get #hasEnded(): boolean {
    const { exitCode, signalCode, pid } = this.#child
    return exitCode !== null || signalCode !== null || pid === undefined
  }

  #lastWords(): string {
    const words = this.#complaints.trim().replaceAll(/\s+/g, ' ').slice(-300)
    return words === '' ? '' : `– ${words}`
  }

  async cpuTime(): Promise<CpuTime> {
    return readCpuTime(this.#pid)
  }

  async residentMemory(): Promise<ResidentMemory> {
    return readResidentMemory(this.#pid)
  }

  async descriptorCount(): Promise<number> {
    return readDescriptorCount(this.#pid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#kill)
    const exited = this.#hasEnded ? undefined : once(this.#child, 'exit')
    // What it started may have outlived it.
    this.#kill()
    await exited
  }
}

export async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as net.AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

async function accepts(port: number): Promise<boolean> {
  const probe = net.connect(port, '127.0.0.1')
  try {
    await once(probe, 'connect')
    // A server of several processes tries its port before its workers listen: such a line is reset.
    probe.write('GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')
    // An answer, the end, or nothing for a while: whatever it makes of the request, it has the line.
    const silence = AbortSignal.timeout(200)
    await once(probe, 'readable', { signal: silence }).catch((error: unknown) => {
      if (!silence.aborted) throw error
    })
    return true
  } catch {
    return false
  } finally {
    probe.destroy()
  }
}
