// What looking for a rival finds, and what it needs to look: where the bench lies, which packages and programs are
// installed, what a short program answers.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Ends with a slash. */
export const benchFolder: string = fileURLToPath(new URL('../../', import.meta.url))

/** How to run a rival here, or in one line why not and what to install. */
export type Finding = { readonly command: string; readonly version: string } | string

const probeTimeoutMs = 20_000

/** The nearest copy counts, as it does for the rival itself: bench/node_modules first, then the root's. */
export function packageFolder(name: string): string | undefined {
  return [benchFolder, `${benchFolder}../`]
    .map((folder) => `${folder}node_modules/${name}`)
    .find((folder) => existsSync(`${folder}/package.json`))
}

export function versionOf(packageName: string): string | undefined {
  const folder = packageFolder(packageName)
  if (folder === undefined) return undefined
  const found = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version?: string }
  return found.version
}

/**
 * Programs of this name in the folders of PATH and where systems put them (npm may have shortened PATH), without
 * those that npm installed.
 */
export function systemPrograms(name: string, path: string = process.env['PATH'] ?? ''): string[] {
  const folders = [...path.split(delimiter), '/usr/local/bin', '/usr/bin'].filter(
    (folder) => folder !== '' && !folder.split('/').includes('node_modules'),
  )
  return [...new Set(folders)].map((folder) => join(folder, name)).filter(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export interface ProgramAnswer {
  readonly ok: boolean
  readonly output: string
  readonly errors: string
}

/** Runs a short program in the bench's folder, without the bench's own settings of Node. */
export function runQuietly(
  file: string,
  commandLine: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  timeoutMs: number = probeTimeoutMs,
): ProgramAnswer {
  const { NODE_OPTIONS: _, ...env } = process.env
  const { status, stdout, stderr, error } = spawnSync(file, commandLine, {
    cwd: benchFolder,
    env: { ...env, ...environment },
    encoding: 'utf8',
    timeout: timeoutMs,
  })
  return {
    ok: error === undefined && status === 0,
    output: (stdout ?? '').trim(),
    errors: error === undefined ? stderr : error.message,
  }
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}

/** For a shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
