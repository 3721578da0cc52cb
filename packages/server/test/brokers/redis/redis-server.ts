// Real Redis servers for tests: started on free ports of this machine, killed, and started again.
// Owns processes and their directories; must not know what is tested.

import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

export interface RedisServerOptions {
  /** `append`: each write is on disk before it is answered. Default none: what was there is gone when it ends. */
  readonly keeps?: 'append' | 'nothing'
  /** More of what redis-server takes. */
  readonly options?: readonly string[]
  /** Runs it elsewhere: `['ip', 'netns', 'exec', name]`. */
  readonly through?: readonly string[]
  readonly host?: string
}

const MISSING = 'redis-server is missing: install it (Debian: apt-get install redis-server)'

export class RedisServer {
  readonly host: string
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdline-redis-'))
  readonly #options: RedisServerOptions
  #process: ChildProcess | null = null

  private constructor(port: number, options: RedisServerOptions) {
    this.port = port
    this.host = options.host ?? '127.0.0.1'
    this.#options = options
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    if (spawnSync('redis-server', ['--version']).status !== 0) throw new Error(MISSING)
    const server = new RedisServer(await freePort(), options)
    await server.start()
    return server
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`
  }

  async start(): Promise<void> {
    const { keeps = 'nothing', options = [], through = [] } = this.#options
    const append = keeps === 'append' ? ['yes', '--appendfsync', 'always'] : ['no']
    const [command, ...args] = [
      ...through,
      'redis-server',
      ...['--port', `${this.port}`, '--bind', this.host, '--dir', this.#folder],
      ...['--save', '', '--protected-mode', 'no', '--appendonly', ...append, ...options],
    ]
    this.#process = spawn(command!, args, { stdio: 'ignore' })
    const giveUpAt = performance.now() + 5_000
    while (!(await this.#answers())) {
      if (performance.now() > giveUpAt)
        throw new Error(`redis-server does not answer at ${this.url}`)
      await setTimeout(20)
    }
  }

  /** As by SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  /** Deletes what it has on disk, but for one file. */
  forget(except?: string): void {
    for (const name of readdirSync(this.#folder)) {
      if (name !== except) rmSync(join(this.#folder, name), { recursive: true, force: true })
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove()
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** What redis-cli says to a command. */
  cli(...args: readonly string[]): string {
    const place = ['-h', this.host, '-p', `${this.port}`]
    const { status, stdout, stderr } = spawnSync('redis-cli', [...place, ...args], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`redis-cli ${args.join(' ')}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  async #answers(): Promise<boolean> {
    const socket = connect(this.port, this.host)
    try {
      await once(socket, 'connect')
      socket.write('PING\r\n')
      const [answer] = (await once(socket, 'data')) as [Buffer]
      // One that is still loading, or wants a password, is there too.
      return !answer.toString().startsWith('-LOADING')
    } catch {
      return false
    } finally {
      socket.destroy()
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
