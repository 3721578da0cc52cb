import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  firstLine,
  packageFolder,
  quote,
  runQuietly,
  systemPrograms,
  versionOf,
} from '../../src/process/finding.ts'

test('system programs are executables in the folders of PATH, in order, without those that npm installed', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdline-bench-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const place = (name: string, mode: number): string => {
    const bin = join(folder, name)
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'no-such-program'), '')
    chmodSync(join(bin, 'no-such-program'), mode)
    return bin
  }
  const first = place('first', 0o755)
  const second = place('second', 0o755)
  const npm = place('node_modules/.bin', 0o755)
  const plainFile = place('plain-file', 0o644)
  assert.deepEqual(
    systemPrograms('no-such-program', [npm, plainFile, first, '', second, first].join(':')),
    [join(first, 'no-such-program'), join(second, 'no-such-program')],
  )
})

test('a program that ends well gives its output; one that fails or is missing gives what it said', () => {
  const run = (program: string): ReturnType<typeof runQuietly> =>
    runQuietly(process.execPath, ['-e', program])
  assert.deepEqual(run('console.log("yes")'), { ok: true, output: 'yes', errors: '' })
  const failed = run('console.error("no"); process.exit(3)')
  assert.equal(failed.ok, false)
  assert.equal(firstLine(failed.errors), 'no')
  const missing = runQuietly('/no/such/program', [])
  assert.equal(missing.ok, false)
  assert.match(missing.errors, /ENOENT/)
})

test('a program is given its environment, and not the settings of the Node that runs the bench', (t) => {
  const before = process.env['NODE_OPTIONS']
  t.after(() => {
    if (before === undefined) delete process.env['NODE_OPTIONS']
    else process.env['NODE_OPTIONS'] = before
  })
  process.env['NODE_OPTIONS'] = '--title=settings'
  const show = 'console.log(process.env.GIVEN, process.title)'
  const { output } = runQuietly(process.execPath, ['-e', show], { GIVEN: 'this' })
  assert.match(output, /^this (?!settings)/)
})

test('a package has the version of its nearest copy, or none', () => {
  assert.match(packageFolder('ws') ?? '', /node_modules\/ws$/)
  assert.match(versionOf('ws') ?? '', /^\d+\.\d+\.\d+/)
  assert.equal(versionOf('no-such-package-anywhere'), undefined)
})

test('a quoted text reaches a program through a shell as it is', () => {
  const text = `it's "so" $HOME`
  const { output } = runQuietly('sh', ['-c', `printf %s ${quote(text)}`])
  assert.equal(output, text)
})
