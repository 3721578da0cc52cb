// The built command as a process of its own. It is what `npm start` runs, so it must have been built.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  const { PORT: _, ...inherited } = process.env
  return spawn(process.execPath, [main, ...args], {
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Runs it to its end, which must come by itself. */
export async function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = start(args, environment)
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code, stdout, stderr }
}

export interface StartedCommand {
  readonly process: ChildProcess
  readonly url: string
  /** The start-up line. */
  readonly line: string
  /** All that it said so far, the line included, on both outputs. */
  readonly said: readonly string[]
  /** Exit code and signal. */
  readonly exit: Promise<[number | null, NodeJS.Signals | null]>
}

/** Starts it on a free port unless told otherwise, waits for its line, and ends it with the test. */
export async function startCommand(
  context: Pick<TestContext, 'after'>,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = { PORT: '0' },
): Promise<StartedCommand> {
  const child = start(args, environment)
  const exit = once(child, 'exit') as StartedCommand['exit']
  context.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exit
  })
  let complaints = ''
  const said: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
    said.push(chunk.toString())
  })
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })
  lines.on('line', (text) => said.push(text))
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    exit.then(([code]): string => {
      throw new Error(`It ended with ${code}: ${complaints}`)
    }),
  ])
  return { process: child, url: /http:\/\/\S+/.exec(line)?.[0] ?? '', line, said, exit }
}

/** The workers of a supervisor, by the parent that the kernel names. */
export function workersOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        const stat = readFileSync(`/proc/${child}/stat`, 'utf8')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid
      } catch {
        return false
      }
    })
}
