import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

interface Lockfile {
  readonly packages: Readonly<
    Record<string, { version?: string; optionalDependencies?: Record<string, string> }>
  >
}

const lockfile = JSON.parse(
  readFileSync(join(dirname(import.meta.dirname), 'package-lock.json'), 'utf8'),
) as Lockfile

// npm writes an entry only for the platforms it could fetch, and from 11.16 on `npm ci` refuses a file that lacks
// the others. An entry with its version, os and cpu is enough.
test('package-lock.json names the optional packages of every platform', () => {
  const missing = Object.values(lockfile.packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies).filter(
      (name) => lockfile.packages[`node_modules/${name}`] === undefined,
    ),
  )
  assert.deepEqual(missing, [])
})

test('package-lock.json names no registry', () => {
  assert.doesNotMatch(JSON.stringify(lockfile), /"resolved":"https?:/)
})
