// Whether the young generation stays small is a property of a whole process: measured in one of its own.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

const program = (isLean: boolean): string => `
  import { getHeapSpaceStatistics } from 'node:v8'
  ${isLean ? "import { leanHeap } from './packages/server/src/server/lean-heap.ts'; leanHeap()" : ''}
  const kept = []
  for (let i = 0; i < 300_000; i++) kept.push({ i, text: 'line ' + i, more: [i, i + 1] })
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
  console.log(young.space_size, kept.length)
`

function youngBytes(isLean: boolean): number {
  const code = program(isLean)
  const args = ['--input-type=module-typescript', '--eval', code]
  const root = new URL('../../../../', import.meta.url)
  const output = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  return Number(output.split(' ')[0])
}

test('leanHeap keeps the young generation from growing with what survives', () => {
  const grown = youngBytes(false)
  const lean = youngBytes(true)
  assert.ok(lean * 2 <= grown, `lean ${lean} bytes, otherwise ${grown}`)
})
