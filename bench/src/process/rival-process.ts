// Starts a rival on a free port, pinned to one core, waits until it accepts, and reads what it used.
// Knows nothing of WebSockets.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { readCpuTime, readResidentMemory, type CpuTime, type ResidentMemory } from './proc-files.ts'
import type { Rival } from './rivals.ts'

const startTimeoutMs = 10_000

export class RivalProcess implements AsyncDisposable {
  readonly name: string
  readonly port: number
  readonly #child: ChildProcess
  readonly #pid: number
  // Even when the bench is interrupted, no server is left behind on its port.
  readonly #kill = (): boolean => this.#child.kill('SIGKILL')

  private constructor(name: string, port: number, child: ChildProcess, pid: number) {
    this.name = name
    this.port = port
    this.#child = child
    this.#pid = pid
    process.once('exit', this.#kill)
  }

  static async start(rival: Rival, core: number): Promise<RivalProcess> {
    const port = await freePort()
    const command = rival.command.replaceAll('{port}', String(port))
    // taskset and `exec` replace themselves, so the child's pid is the server's own. Its own settings
    // of Node are dropped: they would be measured too.
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = spawn('taskset', ['-c', String(core), 'sh', '-c', `exec ${command}`], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-2000)
    })
    child.on('error', (error) => (complaints += error.message))
    const deadline = performance.now() + startTimeoutMs
    while (!(await accepts(port))) {
      const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined
      if (ended || performance.now() > deadline) {
        child.kill('SIGKILL')
        throw new Error(`the rival '${rival.name}' did not listen on its port\n${complaints}`)
      }
      await delay(20)
    }
    return new RivalProcess(rival.name, port, child, child.pid ?? 0)
  }

  async cpuTime(): Promise<CpuTime> {
    return readCpuTime(this.#pid)
  }

  async residentMemory(): Promise<ResidentMemory> {
    return readResidentMemory(this.#pid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#kill)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#kill()
    await exited
  }
}

async function freePort(): Promise<number> {
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
    return true
  } catch {
    return false
  } finally {
    probe.destroy()
  }
}
