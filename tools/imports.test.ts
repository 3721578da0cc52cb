import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importsOf } from './imports.ts'

const specifiers = (source: string): string[] =>
  importsOf(source).map(({ specifier, typeOnly }) => (typeOnly ? `type ${specifier}` : specifier))

test('every form of import and re-export is found, with its line', () => {
  const source = `import a from './a.ts'
import { b, type B } from "./b.ts"
import * as c from './c.ts'
import './d.ts'
import type { E } from './e.ts'
import type F from './f.ts'
import type, { g } from './g.ts'
import {
  h,
} from './h.ts'
export * from './i.ts'
export * as j from './j.ts'
export { k } from './k.ts'
export type { L } from './l.ts'
export type * from './m.ts'
const n = await import('./n.ts')
import o, { p } from './o.ts' with { type: 'json' }
`
  assert.deepEqual(specifiers(source), [
    './a.ts',
    './b.ts',
    './c.ts',
    './d.ts',
    'type ./e.ts',
    'type ./f.ts',
    './g.ts',
    './h.ts',
    './i.ts',
    './j.ts',
    './k.ts',
    'type ./l.ts',
    'type ./m.ts',
    './n.ts',
    './o.ts',
  ])
  assert.equal(importsOf(source).at(-1)?.line, 17)
  assert.deepEqual(specifiers("import type from './t.ts'"), ['./t.ts'])
})

test('what only looks like an import is left alone', () => {
  const source = `// import a from './comment.ts'
/* import b from './block.ts' */
const c = "import d from './string.ts'"
const e = \`import f from './template.ts' \${g({ h: '}' })} import i from './tail.ts'\`
const j = /import k from '.\\/regex.ts'/.test(\`\${\`import l from './nested.ts'\`}\`)
export { m }
export const from = './not.ts'
export type N = { from: './type.ts' }
export type { O }
const p = import.meta.url
q.import('./method.ts')
const r = { import: './property.ts' }
const s = t / 2 / "import u from './division.ts'".length
await import(v)
`
  assert.deepEqual(specifiers(source), [])
})

test('an import behind a regular expression with a quote or a bracketed slash is still found', () => {
  assert.deepEqual(specifiers("const a = b.split(/['\"[/]]/)\nimport('./c.ts')"), ['./c.ts'])
  assert.deepEqual(specifiers("const a = `${{ b: '}' }.b}`\nimport './c.ts'"), ['./c.ts'])
})
