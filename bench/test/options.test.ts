import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions } from '../src/options.ts'

test('the smoke suite runs Holdline beside ws in at least five rounds', () => {
  const options = parseOptions(['--smoke'])
  assert.deepEqual(
    options.rivals.map(({ name }) => name),
    ['holdline-node', 'holdline-default-heap', 'ws'],
  )
  assert.ok(options.roundCount >= 5)
})

test('rivals are chosen by name and joined by commands', () => {
  const options = parseOptions(['--rivals', 'ws,bare-net', '--rival', 'mine=serve {port}'])
  assert.deepEqual(
    options.rivals.map(({ name }) => name),
    ['ws', 'bare-net', 'mine'],
  )
})

for (const wrong of [
  ['--rounds', '0'],
  ['--rounds', 'x'],
  ['--round-ms', '1.5'],
  ['--rivals', 'nosuch'],
]) {
  test(`${wrong.join(' ')} is refused`, () => {
    assert.throws(() => parseOptions(wrong), RangeError)
  })
}

test('an unknown option is refused', () => {
  assert.throws(() => parseOptions(['--nosuch']), TypeError)
})
