// A process of a chaos run: started, listened to, asked, and ended by the run. Kills only what it started.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Asked, Told } from './words.ts'

export class Child {
  readonly told: Told[] = []
  readonly exited: Promise<unknown>
  readonly #process: ChildProcess
  readonly #name: string
  #lookAgain: (() => void)[] = []
  #isOver = false

  /** Where all processes of a run find code that one of them has compiled: workers are there sooner. */
  static readonly #cache = join(tmpdir(), `holdline-chaos-${process.pid}`)

  /** `prefix`: a command that runs the one behind it, and with which it is one process. */
  constructor(program: string, options: object, prefix: readonly string[] = []) {
    this.#name = program
    const [command, ...args] = [
      ...prefix,
      process.execPath,
      ...process.execArgv,
      join(import.meta.dirname, program),
      JSON.stringify(options),
    ]
    this.#process = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: Child.#cache },
    })
    this.exited = once(this.#process, 'exit').then(() => {
      this.#isOver = true
      this.#changed()
    })
    this.#process.stdin!.on('error', () => {})
    createInterface({ input: this.#process.stdout! }).on('line', (text) => {
      const told = JSON.parse(text) as Told
      // Only the latest count is of interest.
      if (told.kind === 'count') this.count = told.count
      else this.told.push(told)
      this.#changed()
    })
  }

  count = 0

  ask(kind: Asked['kind']): void {
    this.#process.stdin!.write(`${JSON.stringify({ kind })}\n`)
  }

  /** The first that it told of this kind; waits for it. */
  first<Kind extends Told['kind']>(
    kind: Kind,
    withinMs?: number,
  ): Promise<Extract<Told, { kind: Kind }>> {
    return this.nth(kind, 0, withinMs)
  }

  /** That one of this kind behind so many others of it; waits for it. */
  async nth<Kind extends Told['kind']>(
    kind: Kind,
    behind: number,
    withinMs = 60_000,
  ): Promise<Extract<Told, { kind: Kind }>> {
    const giveUpAt = performance.now() + withinMs
    for (;;) {
      const found = this.told.filter((told) => told.kind === kind)[behind]
      if (found !== undefined) return found as Extract<Told, { kind: Kind }>
      if (this.#isOver) throw new Error(`${this.#name} ended before it told '${kind}'`)
      const leftMs = giveUpAt - performance.now()
      if (leftMs <= 0) throw new Error(`${this.#name} did not tell '${kind}' in ${withinMs} ms`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#lookAgain.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  static removeCache(): void {
    rmSync(Child.#cache, { recursive: true, force: true })
  }

  /** Ends it in good order, by force after some seconds. */
  async end(): Promise<void> {
    if (this.#isOver) return
    this.#process.kill('SIGTERM')
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5_000)
    await this.exited
    clearTimeout(timer)
  }

  #changed(): void {
    const waiting = this.#lookAgain
    this.#lookAgain = []
    for (const look of waiting) look()
  }
}
