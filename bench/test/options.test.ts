import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions } from '../src/options.ts'

for (const suite of ['--smoke', '--full', undefined]) {
  test(`the ${suite ?? 'default'} suite runs Holdline beside ws in at least five rounds`, () => {
    const options = parseOptions(suite === undefined ? [] : [suite])
    const names = options.rivals.map(({ name }) => name)
    assert.ok(names.includes('ws') && names.includes('holdline-node'))
    assert.ok(options.roundCount >= 5)
    assert.equal(new Set(options.scenarios.map(({ name }) => name)).size, options.scenarios.length)
  })
}

test('rivals are chosen by name and joined by commands', () => {
  const options = parseOptions(['--rivals', 'ws,bare-net', '--rival', 'mine=serve {port}'])
  assert.deepEqual(
    options.rivals.map(({ name }) => name),
    ['ws', 'bare-net', 'mine'],
  )
})

test('docs/performance.md is made from whole runs only', () => {
  assert.equal(parseOptions([]).isWhole, true)
  assert.equal(parseOptions(['--full']).isWhole, true)
  for (const part of [['--smoke'], ['--only', 'echo'], ['--rivals', 'ws']]) {
    assert.equal(parseOptions(part).isWhole, false)
  }
})

test('scenarios are chosen by a part of their name', () => {
  const { scenarios } = parseOptions(['--full', '--only', 'storm'])
  assert.ok(scenarios.length > 0 && scenarios.every(({ kind }) => kind === 'storm'))
})

test('--soak holds 15,000 connections of the uring engine for ten minutes, or what is asked for', () => {
  const { soak, rivals, suiteName, isWhole } = parseOptions(['--soak'])
  assert.equal(soak?.connectionCount, 15_000)
  assert.equal(soak.durationMs, 600_000)
  assert.deepEqual(
    rivals.map(({ name }) => name),
    ['holdline-uring'],
  )
  assert.deepEqual([suiteName, isWhole], ['soak', true])
  const other = parseOptions(['--soak', '--minutes', '2', '--connections', '9', '--rivals', 'ws'])
  assert.deepEqual([other.soak?.durationMs, other.soak?.connectionCount], [120_000, 9])
  assert.equal(other.rivals[0]?.name, 'ws')
  assert.equal(parseOptions(['--soak', '--minutes', '1']).isWhole, false)
  assert.equal(parseOptions([]).soak, undefined)
})

test('--models holds the models against the bare contract', () => {
  const { rivals, against, suiteName, isWhole } = parseOptions(['--models'])
  const names = rivals.map(({ name }) => name)
  assert.ok(names.includes('behavior') && names.includes('callbacks'))
  assert.deepEqual([against, suiteName, isWhole], ['behavior', 'models', true])
  const part = parseOptions(['--models', '--rivals', 'callbacks', '--against', 'callbacks'])
  assert.deepEqual([part.against, part.isWhole, part.rivals.length], ['callbacks', false, 1])
})

test('--topics holds ways through topics against the bare one; with --smoke nothing is kept', () => {
  const { rivals, against, suiteName, isWhole, scenarios } = parseOptions(['--topics'])
  assert.ok(rivals.some(({ name }) => name === 'bare') && rivals.length === 4)
  assert.deepEqual([against, suiteName, isWhole], ['bare', 'topics', true])
  const kinds = new Set(scenarios.map(({ kind }) => kind))
  assert.deepEqual([...kinds], ['fan-out', 'acknowledgement', 'between-workers', 'resume-storm'])
  const smoke = parseOptions(['--topics', '--smoke'])
  assert.deepEqual([smoke.suiteName, smoke.isWhole], ['topics-smoke', false])
})

for (const wrong of [
  ['--rounds', '0'],
  ['--rounds', 'x'],
  ['--round-ms', '1.5'],
  ['--rivals', 'nosuch'],
  ['--only', 'nosuch'],
  ['--smoke', '--full'],
  ['--models', '--full'],
  ['--models', '--topics'],
  ['--topics', '--smoke', '--full'],
  ['--topics', '--rivals', 'ws'],
  ['--soak', '--topics'],
  ['--models', '--rivals', 'ws'],
  ['--soak', '--models'],
  ['--soak', '--minutes', '0'],
  ['--soak', '--connections', 'x'],
  ['--soak', '--full'],
  ['--soak', '--only', 'echo'],
  ['--minutes', '5'],
  ['--connections', '5'],
]) {
  test(`${wrong.join(' ')} is refused`, () => {
    assert.throws(() => parseOptions(wrong), RangeError)
  })
}

test('an unknown option is refused', () => {
  assert.throws(() => parseOptions(['--nosuch']), TypeError)
})
