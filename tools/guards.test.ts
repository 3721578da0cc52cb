import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import type { Guard } from './guard.ts'
import { checkGuards, readGuards, sample } from './guards.ts'

const root = mkdtempSync(join(tmpdir(), 'holdline-guards-test-'))
after(() => rmSync(root, { recursive: true, force: true }))

const source = `export function half(value: number): number {
  if (value > 100) throw new RangeError('too big')
  if (value % 2 !== 0) throw new RangeError('odd')
  return value / 2
}
`
const files = {
  'package.json': '{"type":"module"}',
  'src/half.ts': source,
  'test/half.test.ts': `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { half } from '../src/half.ts'
test('a big value is refused', () => assert.throws(() => half(102)))
test('an even value is halved', () => assert.equal(half(4), 2))
`,
  'test/failing.test.ts': `import { test } from 'node:test'
test('never', () => { throw new Error('always') })
`,
}
for (const [name, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}

const big: Guard = {
  without: 'big values are halved',
  file: 'src/half.ts',
  snippet: "if (value > 100) throw new RangeError('too big')",
  tests: ['test/half.test.ts'],
}

async function verdict(change: Partial<Guard>): Promise<string> {
  const [only] = await checkGuards(root, [{ ...big, ...change }])
  return `${only?.ok === true ? 'ok' : 'not ok'}: ${only?.text}`
}

test('a removal that a test notices is good, and the tree stays as it was', async () => {
  assert.equal(await verdict({}), 'ok: noticed')
  assert.equal(await verdict({ only: 'big' }), 'ok: noticed')
  assert.equal(readFileSync(join(root, 'src/half.ts'), 'utf8'), source)
})

test('a removal that no test notices is reported', async () => {
  const snippet = "if (value % 2 !== 0) throw new RangeError('odd')"
  assert.equal(await verdict({ snippet }), 'not ok: no test notices that it is gone')
  assert.equal(await verdict({ only: 'even' }), 'not ok: no test notices that it is gone')
})

test('a snippet that is not there exactly once is reported', async () => {
  assert.equal(await verdict({ snippet: 'gone' }), 'not ok: the snippet is there 0 times, not once')
  assert.equal(
    await verdict({ snippet: 'throw' }),
    'not ok: the snippet is there 2 times, not once',
  )
  assert.equal(await verdict({ file: 'src/gone.ts' }), 'not ok: the file is not there')
  assert.equal(await verdict({ tests: ['gone.test.ts'] }), 'not ok: gone.test.ts is not there')
})

test('a removal proves nothing where the tests fail anyway, none runs, or the code breaks', async () => {
  const anyway = 'not ok: its tests fail with the guard in place, or none runs'
  assert.equal(await verdict({ tests: ['test/failing.test.ts'] }), anyway)
  assert.equal(await verdict({ only: 'no such name' }), anyway)
  assert.equal(
    await verdict({ replacement: 'if (' }),
    'not ok: the module does not load without the snippet',
  )
})

test('several guards are checked side by side, each in the whole tree but for itself', async () => {
  const odd = "if (value % 2 !== 0) throw new RangeError('odd')"
  const guards = [big, { ...big, snippet: odd }, big, { ...big, replacement: 'void 0' }]
  const verdicts = await checkGuards(root, guards, undefined, 2)
  assert.deepEqual(
    guards.map((guard) => verdicts.find((each) => each.guard === guard)?.ok),
    [true, false, true, true],
  )
})

test('every guard of the table names a file, tests and a snippet that are there', async () => {
  const tree = dirname(import.meta.dirname)
  const guards = await readGuards()
  assert.ok(guards.length > 0)
  for (const { file, snippet, tests } of guards) {
    const text = readFileSync(join(tree, file), 'utf8')
    assert.equal(text.split(snippet).length - 1, 1, `${file}: ${snippet}`)
    for (const path of tests) assert.ok(existsSync(join(tree, path)), path)
  }
})

test('a sample has as many guards as asked for, and the same ones for the same seed', () => {
  const guards = Array.from({ length: 20 }, (_, i) => ({
    without: `guard ${i}`,
    file: 'a.ts',
    snippet: 'x',
    tests: [],
  })) as unknown as Parameters<typeof sample>[0]
  process.env['GUARDS_SEED'] = 'one'
  const first = sample(guards, 5)
  assert.equal(new Set(first).size, 5)
  assert.deepEqual(sample(guards, 5), first)
  process.env['GUARDS_SEED'] = 'two'
  assert.notDeepEqual(sample(guards, 5), first)
  delete process.env['GUARDS_SEED']
  assert.equal(sample(guards, 100).length, 20)
})
