// The real nats-server or redis-server, on a free port and pinned, with its data in a directory of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { firstLine, quote, runQuietly, systemPrograms } from './finding.ts'
import { freePort } from './rival-process.ts'

export type BrokerServerKind = 'nats' | 'redis'

const startTimeoutMs = 10_000

/** As they come, but for what is asked of the disk: JetStream writes and does not sync, Redis keeps nothing. */
const options = {
  nats: (port: number, folder: string) => [
    '-a',
    '127.0.0.1',
    '-p',
    `${port}`,
    '-js',
    '-sd',
    folder,
  ],
  redis: (port: number, folder: string) => [
    ...['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder],
    ...['--save', '', '--appendonly', 'no'],
  ],
} as const

export class BrokerServer implements AsyncDisposable {
  readonly port: number
  readonly version: string
  readonly #child: ChildProcess
  readonly #folder: string
  // Even when the bench is interrupted, no server is left behind on its port.
  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
  }

  private constructor(port: number, version: string, child: ChildProcess, folder: string) {
    this.port = port
    this.version = version
    this.#child = child
    this.#folder = folder
    child.on('error', () => {})
    process.once('exit', this.#kill)
  }

  /** Resolves when it takes connections. */
  static async start(kind: BrokerServerKind, cores: string): Promise<BrokerServer> {
    const program = `${kind}-server`
    const [file] = systemPrograms(program, `${process.env['PATH']}:/usr/sbin:/usr/local/sbin`)
    if (file === undefined) {
      throw new Error(`${program} is missing; Debian: apt-get install ${program}`)
    }
    const answer = firstLine(runQuietly(file, ['--version']).output)
    const version = `${program} ${/\d+(?:\.\d+)+/.exec(answer)?.[0] ?? 'of unknown version'}`
    const folder = mkdtempSync(join(tmpdir(), 'holdline-bench-'))
    const port = await freePort()
    const command = ['-c', cores, file, ...options[kind](port, folder)]
    const child = spawn('taskset', command, { stdio: 'ignore' })
    const server = new BrokerServer(port, version, child, folder)
    const giveUpMs = performance.now() + startTimeoutMs
    while (!(await isThere(port))) {
      if (child.exitCode !== null || performance.now() > giveUpMs) {
        await server[Symbol.asyncDispose]()
        throw new Error(`${quote(program)} does not listen`)
      }
      await delay(20)
    }
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#kill)
    const child = this.#child
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      this.#kill()
      await exited
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function isThere(port: number): Promise<boolean> {
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
