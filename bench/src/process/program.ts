// A program that plays rounds: a process of its own, pinned, that answers each `{ roundMs }` with figures. Knows nothing
// of what it plays.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Round } from '../report/results.ts'
import { benchFolder } from './finding.ts'

const patienceMs = 10_000

export interface ProgramPlace {
  /** Below bench/. */
  readonly file: string
  readonly commandLine: readonly string[]
  /** As taskset takes them: `0`, `0,1`. */
  readonly cores: string
}

export class Program implements AsyncDisposable {
  readonly #child: ChildProcess

  constructor({ file, commandLine, cores }: ProgramPlace) {
    // taskset replaces itself with Node, and the channel stays.
    this.#child = fork(`${benchFolder}${file}`, commandLine, {
      execPath: 'taskset',
      execArgv: ['-c', cores, process.execPath, '--no-warnings', '-C', 'source'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }

  /** Rejects with the program's reason, when it ends, and when it does not answer. */
  async play(roundMs: number): Promise<Round> {
    const settled = new AbortController()
    const late = setTimeout(
      () => settled.abort(new Error(`it did not answer for ${patienceMs} ms`)),
      roundMs + patienceMs,
    )
    try {
      const { signal } = settled
      const answered = once(this.#child, 'message', { signal })
      const ended = once(this.#child, 'exit', { signal }).then(() => {
        throw new Error('the program ended by itself')
      })
      for (const each of [answered, ended]) each.catch(() => {})
      if (this.#child.connected) this.#child.send({ roundMs })
      const [answer] = (await Promise.race([answered, ended])) as [
        Round | { readonly failure: string },
      ]
      if (typeof answer.failure === 'string') throw new Error(answer.failure)
      return answer as Round
    } catch (error) {
      throw settled.signal.aborted ? settled.signal.reason : error
    } finally {
      clearTimeout(late)
      settled.abort()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    // It takes down what it started when the channel closes; one that does not is killed.
    const late = setTimeout(() => child.kill('SIGKILL'), 1_000)
    if (child.connected) child.disconnect()
    await exited
    clearTimeout(late)
  }
}
