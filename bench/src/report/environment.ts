// What a figure depends on and a reader has to know: machine, kernel, versions, commit.
import { execFileSync } from 'node:child_process'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Rival } from '../process/rivals.ts'

export interface Environment {
  readonly date: string
  readonly machine: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  readonly rivals: Readonly<Record<string, string>>
  /** The commit, with `+` behind it where the tree held changes; 'unknown' outside a repository. */
  readonly commit: string
}

export function readEnvironment(rivals: readonly Rival[]): Environment {
  return {
    date: new Date().toISOString(),
    machine: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    node: process.versions.node,
    rivals: Object.fromEntries(rivals.map(({ name, version }) => [name, version])),
    commit: readCommit(),
  }
}

export function describeEnvironment(environment: Environment): string {
  const rivals = Object.entries(environment.rivals).map(([name, version]) => `${name} ${version}`)
  return [
    `${environment.machine}, ${environment.cores} cores, ${environment.kernel}, Node ${environment.node}`,
    `${rivals.join(', ')}; commit ${environment.commit}`,
  ].join('\n')
}

function readCommit(): string {
  const git = (...command: string[]): string =>
    execFileSync('git', command, {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+'
    return git('rev-parse', '--short=12', 'HEAD') + changed
  } catch {
    return 'unknown'
  }
}
