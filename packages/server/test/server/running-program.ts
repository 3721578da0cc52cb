// A program of several processes under test: starts it, reads what it tells, and leaves none of its processes.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

/** A line that a program wrote: what programs/rooms.ts tells. */
export interface Fact {
  readonly pid: number
  readonly workerId?: number
  readonly url?: string
  readonly port?: number
  readonly left?: number
  readonly toldTo?: number
  readonly heard?: string
  readonly lastWords?: number
  readonly warn?: string
  readonly hangs?: boolean
  readonly error?: string
  readonly failed?: string
  readonly cause?: string
  readonly message?: string
  readonly closed?: boolean
  readonly shed?: number
  readonly stats?: { readonly connections: number; readonly routes: readonly object[] }
}

const PATIENCE_MS = 30_000
const programs = join(import.meta.dirname, 'programs')

export class RunningProgram {
  readonly facts: Fact[] = []
  readonly child: ChildProcess
  /** Exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>
  #errors = ''
  #lookAgain: (() => void)[] = []

  constructor(options: object, program = 'rooms.ts') {
    const script = join(programs, program)
    this.child = spawn(process.execPath, ['-C', 'source', script, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.exit = once(this.child, 'exit').then(([code, signal]) => {
      this.#changed()
      return (code ?? signal) as number | string
    })
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.facts.push(JSON.parse(line) as Fact)
      this.#changed()
    })
    this.child.stderr!.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString()
    })
  }

  get pid(): number {
    return this.child.pid!
  }

  /** Workers that said that they listen, the latest last. */
  get workers(): Fact[] {
    return this.facts.filter(({ workerId }) => workerId !== undefined && workerId > 0)
  }

  /** Waits until the supervisor listens and so many workers have said so too. */
  async listening(workerCount: number): Promise<Fact> {
    const [supervisor] = await this.factsWith(({ workerId }) => workerId === 0)
    await this.factsWith(({ workerId }) => workerId !== undefined && workerId > 0, workerCount)
    return supervisor!
  }

  /** The facts that are so; waits until there are as many as asked for. */
  async factsWith(isSo: (fact: Fact) => boolean, count = 1): Promise<Fact[]> {
    await this.until(
      `${count} times ${isSo.toString()}`,
      () => this.facts.filter(isSo).length >= count,
    )
    return this.facts.filter(isSo)
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE_MS
    while (!isSo()) {
      if (performance.now() > giveUpAt) {
        const told = this.facts.map((fact) => JSON.stringify(fact)).join('\n')
        throw new Error(`Waited in vain for ${what}\n${told}\n${this.#errors}`)
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50)
        this.#lookAgain.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** Writes a line to its standard input. */
  tell(line: string): void {
    this.child.stdin!.write(`${line}\n`)
  }

  /** Ends whatever is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // In good order first: a supervisor that is killed leaves its sockets' directory to its workers.
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5_000)
    await this.exit
    clearTimeout(timer)
    for (const { pid } of this.workers) kill(pid, 'SIGKILL')
  }

  #changed(): void {
    const waiting = this.#lookAgain
    this.#lookAgain = []
    for (const look of waiting) look()
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A connection to a program: which process holds it, what it was sent, and how it ended. */
export class Caller {
  readonly heard: string[] = []
  pid = 0
  closeCode = 0
  readonly socket: WebSocket
  readonly closed: Promise<number>

  private constructor(where: number | string) {
    const host = typeof where === 'number' ? `ws://127.0.0.1:${where}` : `ws+unix:${where}:`
    this.socket = new WebSocket(`${host}/room/1`)
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        this.closeCode = code
        resolve(code)
      })
    })
  }

  /** Resolves when the process has said which one it is; rejects when the connection is not taken. */
  static async call(where: number | string): Promise<Caller> {
    const caller = new Caller(where)
    await new Promise<void>((resolve, reject) => {
      caller.socket.on('error', reject)
      caller.socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
      caller.socket.on('message', (data: Buffer) => {
        const text = data.toString()
        if (caller.pid === 0 && text.startsWith('pid ')) {
          caller.pid = Number(text.slice(4))
          resolve()
        } else caller.heard.push(text)
      })
    })
    return caller
  }

  /** One connection to each of so many processes. */
  static async callEach(where: number | string, processCount: number): Promise<Caller[]> {
    const byPid = new Map<number, Caller>()
    for (let tries = 0; byPid.size < processCount && tries < 200; tries++) {
      const caller = await Caller.call(where)
      if (byPid.has(caller.pid)) caller.socket.terminate()
      else byPid.set(caller.pid, caller)
    }
    if (byPid.size < processCount) throw new Error(`Only ${byPid.size} processes answer`)
    return [...byPid.values()]
  }
}
