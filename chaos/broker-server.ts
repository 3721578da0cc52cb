// The real nats-server or redis-server of a chaos run, on a free port, with its data in a directory of its own.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const programs = {
  // Its own WebSocket listener stays off.
  nats: (port: number, directory: string) => [
    'nats-server',
    '-a',
    '127.0.0.1',
    '-p',
    String(port),
    '-js',
    '-sd',
    directory,
  ],
  redis: (port: number, directory: string) =>
    // What was acknowledged is on the disk: the guide names this setting.
    `redis-server --bind 127.0.0.1 --port ${port} --dir ${directory} --save --appendonly yes --appendfsync always`.split(
      ' ',
    ),
} as const

export type BrokerServerKind = keyof typeof programs

export class BrokerServer {
  readonly port: number
  readonly #command: readonly string[]
  readonly #directory: string
  #process: ChildProcess | null = null

  private constructor(kind: BrokerServerKind, port: number) {
    this.port = port
    this.#directory = mkdtempSync(join(tmpdir(), 'holdline-chaos-'))
    this.#command = programs[kind](port, this.#directory)
  }

  static async start(kind: BrokerServerKind): Promise<BrokerServer> {
    const server = new BrokerServer(kind, await freePort())
    await server.start()
    return server
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const [command, ...options] = this.#command
    const child = spawn(command!, options, { stdio: 'ignore' })
    this.#process = child
    let failure: Error | null = null
    child.once('error', (error) => (failure = error))
    for (let left = 500; left > 0; left--) {
      if (failure !== null)
        throw new Error(`${command} cannot be started; on Debian: apt-get install ${command}`, {
          cause: failure,
        })
      if (await answers(this.port)) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`${command} does not listen on port ${this.port}`)
  }

  /** As the power of a process ends: SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#process
    if (child === null) return
    this.#process = null
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
