// The bench's end of a load generator: starts the process, pinned to its core, and asks it for rounds.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, Command } from './commands.ts'
import type { RoundResult } from './echo-load.ts'
import type { PayloadKind } from './request-frame.ts'

const program = fileURLToPath(new URL('generator.ts', import.meta.url))

export class GeneratorProcess implements AsyncDisposable {
  readonly #child: ChildProcess

  constructor(core: number) {
    const command = ['-c', String(core), process.execPath, '--no-warnings', program]
    this.#child = spawn('taskset', command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }

  async open(port: number, connectionCount: number): Promise<void> {
    await this.#ask({ do: 'open', port, connectionCount })
  }

  async verify(kind: PayloadKind, payloadBytes: number, messageCount: number): Promise<void> {
    await this.#ask({ do: 'verify', kind, payloadBytes, messageCount })
  }

  async round(kind: PayloadKind, payloadBytes: number, roundMs: number): Promise<RoundResult> {
    const answer = await this.#ask({ do: 'round', kind, payloadBytes, roundMs })
    if (answer.round === undefined) throw new Error('the load generator gave no result')
    return answer.round
  }

  async close(): Promise<void> {
    await this.#ask({ do: 'close' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  async #ask(command: Command): Promise<Answer & { ok: true }> {
    const settled = new AbortController()
    try {
      const answered = once(this.#child, 'message', { signal: settled.signal })
      const ended = once(this.#child, 'exit', { signal: settled.signal }).then(() => {
        throw new Error(`the load generator ended during '${command.do}'`)
      })
      this.#child.send(command)
      const [answer] = (await Promise.race([answered, ended])) as [Answer]
      if (!answer.ok) throw new Error(`load generator, ${command.do}: ${answer.message}`)
      return answer
    } finally {
      settled.abort()
    }
  }
}
