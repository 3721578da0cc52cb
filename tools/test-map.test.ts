import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findGaps, hasNothingToRun, testFileOf } from './test-map.ts'

test('the test of a module lies in the same place below test/', () => {
  assert.equal(
    testFileOf('packages/server/src/engines/node/listener.ts'),
    'packages/server/test/engines/node/listener.test.ts',
  )
})

test('a module of types, imports and re-exports needs no test', () => {
  assert.equal(
    hasNothingToRun(
      "// why\nimport type { A } from './a.ts'\nexport interface B {\n  a: A\n}\nexport type C = B | 'x'\n",
    ),
    true,
  )
  assert.equal(
    hasNothingToRun("export {\n  a,\n  b,\n} from './a.ts'\nexport * from './b.ts'\n"),
    true,
  )
  assert.equal(hasNothingToRun('export const a = 1\n'), false)
  assert.equal(hasNothingToRun("import './a.ts'\nrun('x')\n"), false)
  assert.equal(hasNothingToRun("export function a(): string {\n  return 'from'\n}\n"), false)
})

test('gaps, and exceptions that outlived their reason, are reported', () => {
  const files = new Map([
    ['packages/server/src/index.ts', 'export const a = 1'],
    ['packages/server/src/protocol/tested.ts', 'export const b = 1'],
    ['packages/server/src/protocol/untested.ts', 'export const c = 1'],
    ['packages/server/src/protocol/excused.ts', 'export const d = 1'],
    ['packages/server/src/protocol/types.ts', 'export interface E {}'],
  ])
  const there = new Set(['packages/server/test/protocol/tested.test.ts'])
  const excused = {
    'packages/server/src/protocol/excused.ts': 'why',
    'packages/server/src/protocol/tested.ts': 'why',
    'packages/server/src/protocol/gone.ts': 'why',
  }
  assert.deepEqual(
    findGaps(files, (path) => there.has(path), excused),
    [
      'packages/server/src/protocol/tested.ts has a test; remove its exception',
      'packages/server/src/protocol/untested.ts has no packages/server/test/protocol/untested.test.ts',
      'packages/server/src/protocol/gone.ts is excused and does not exist',
    ],
  )
})
