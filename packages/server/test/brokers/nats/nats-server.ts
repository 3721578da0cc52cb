// Real NATS servers for tests: started on free ports of this machine, killed and started again. Owns processes and their
// directories; must not know what is tested.

import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamManager } from '@nats-io/jetstream'
import { connect as connectNats } from '@nats-io/transport-node'

export interface NatsServerOptions {
  /** Default true. */
  readonly jetstream?: boolean
  /** More of what its configuration file takes. */
  readonly configuration?: string
  /** Runs it elsewhere: `['ip', 'netns', 'exec', name]`. */
  readonly through?: readonly string[]
  readonly host?: string
}

const MISSING = 'nats-server is missing: install it (Debian: apt-get install nats-server)'

export class NatsServer {
  readonly host: string
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdline-nats-'))
  readonly #options: NatsServerOptions
  #process: ChildProcess | null = null

  private constructor(port: number, options: NatsServerOptions) {
    this.port = port
    this.host = options.host ?? '127.0.0.1'
    this.#options = options
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    if (spawnSync('nats-server', ['--version']).status !== 0) throw new Error(MISSING)
    const server = new NatsServer(await freePort(), options)
    await server.start()
    return server
  }

  get url(): string {
    return `${this.host}:${this.port}`
  }

  async start(): Promise<void> {
    const { jetstream = true, configuration = '', through = [] } = this.#options
    const file = join(this.#folder, 'nats.conf')
    const store = jetstream ? `jetstream { store_dir: ${JSON.stringify(this.#folder)} }` : ''
    writeFileSync(file, `${store}\n${configuration}\n`)
    const place = ['-a', this.host, '-p', `${this.port}`, '-c', file]
    const [command, ...args] = [...through, 'nats-server', ...place]
    this.#process = spawn(command!, args, { stdio: 'ignore' })
    const giveUpAt = performance.now() + 10_000
    while (!(await this.#answers())) {
      if (performance.now() > giveUpAt)
        throw new Error(`nats-server does not answer at ${this.url}`)
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

  /** Deletes what it has on disk. */
  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true })
    mkdirSync(this.#folder)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove()
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** What an operator does to the streams. */
  async operate(work: (streams: JetStreamManager['streams']) => Promise<unknown>): Promise<void> {
    const connection = await connectNats({ servers: this.url })
    try {
      await work((await jetstreamManager(connection)).streams)
    } finally {
      await connection.close()
    }
  }

  async #answers(): Promise<boolean> {
    const socket = connect(this.port, this.host)
    try {
      await once(socket, 'connect')
      const [hello] = (await once(socket, 'data')) as [Buffer]
      return hello.toString().startsWith('INFO')
    } catch {
      return false
    } finally {
      socket.destroy()
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
