// The bench's end of a load generator: starts the process, pinned to its core, and tells it what to play.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, CommandName, Commands } from './commands.ts'

const program = fileURLToPath(new URL('generator.ts', import.meta.url))

export class GeneratorProcess implements AsyncDisposable {
  readonly #child: ChildProcess

  /** @param cores - as taskset takes them: `1`, `0,1` */
  constructor(cores: string) {
    const command = ['-c', cores, process.execPath, '--no-warnings', '-C', 'source', program]
    this.#child = spawn('taskset', command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }

  /** Rejects with the generator's reason, or when its process ends. One command at a time. */
  async tell<Name extends CommandName>(
    name: Name,
    options: Commands[Name]['takes'],
  ): Promise<Commands[Name]['gives']> {
    const settled = new AbortController()
    try {
      const answered = once(this.#child, 'message', { signal: settled.signal })
      const ended = once(this.#child, 'exit', { signal: settled.signal }).then(() => {
        throw new Error(`the load generator ended during '${name}'`)
      })
      ended.catch(() => {})
      answered.catch(() => {})
      if (this.#child.connected) this.#child.send({ name, options })
      const [answer] = (await Promise.race([answered, ended])) as [Answer]
      if (!answer.ok) throw new Error(`${name}: ${answer.message}`)
      return answer.result as Commands[Name]['gives']
    } finally {
      settled.abort()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}
