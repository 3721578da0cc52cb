// Lays out a written file as the repository's check wants it, where the formatter is installed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** @param root - of the repository, with a slash at its end */
export function formatFile(root: string, file: string): void {
  const formatter = `${root}node_modules/.bin/oxfmt`
  if (existsSync(formatter)) spawnSync(formatter, [file], { cwd: root })
}
