import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { outputsOf, tidyDist } from './build.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdline-build-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function write(file: string, text = ''): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

test('a module leaves JavaScript, its map and its types; other files leave themselves', () => {
  assert.deepEqual(outputsOf('a/b.ts'), ['a/b.js', 'a/b.js.map', 'a/b.d.ts'])
  assert.deepEqual(outputsOf('page/index.html'), ['page/index.html'])
  assert.deepEqual(outputsOf('globals.d.ts'), [])
})

test('dist loses what has no source any more, and gains what is not TypeScript', () => {
  write('src/kept.ts')
  write('src/page/style.css', 'p {}')
  for (const name of ['kept', 'page/gone', 'moved/away']) {
    for (const ending of ['js', 'js.map', 'd.ts']) write(`dist/${name}.${ending}`)
  }
  write('dist/.tsbuildinfo')
  write('dist/page/old.css')
  assert.deepEqual(tidyDist(folder).toSorted(), [
    'moved/away.d.ts',
    'moved/away.js',
    'moved/away.js.map',
    'page/gone.d.ts',
    'page/gone.js',
    'page/gone.js.map',
    'page/old.css',
  ])
  assert.ok(existsSync(join(folder, 'dist/kept.js')))
  assert.ok(existsSync(join(folder, 'dist/.tsbuildinfo')))
  assert.equal(readFileSync(join(folder, 'dist/page/style.css'), 'utf8'), 'p {}')
})

test('a file that is not TypeScript is copied anew when it changed', () => {
  write('src/page/style.css', 'b {}')
  assert.deepEqual(tidyDist(folder), [])
  assert.equal(readFileSync(join(folder, 'dist/page/style.css'), 'utf8'), 'b {}')
})
