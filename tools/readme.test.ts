// The README is the first five minutes: its programs compile, and its links and commands lead somewhere.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const root = dirname(import.meta.dirname)
const readme = readFileSync(join(root, 'README.md'), 'utf8')

test('every program of the README compiles', () => {
  mkdirSync(join(root, '.artifacts'), { recursive: true })
  const folder = mkdtempSync(join(root, '.artifacts', 'readme-'))
  try {
    const programs = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, program]) => program!)
    assert.ok(programs.length >= 3)
    programs.forEach((program, i) =>
      writeFileSync(join(folder, `${i}.ts`), `${program}\nexport {}\n`),
    )
    const config = { extends: '../../tsconfig.json', include: ['*.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('every link of the README into the repository leads somewhere', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link!)
  assert.ok(links.length > 5)
  for (const link of links) assert.ok(existsSync(join(root, link)), link)
})

test('every npm command of the README is a script', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const names = [...readme.matchAll(/npm (?:run )?(\w+)/g)].map(([, name]) => name!)
  for (const name of names) {
    if (!['ci', 'install'].includes(name)) assert.ok(Object.hasOwn(scripts, name), name)
  }
})
