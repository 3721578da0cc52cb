import assert from 'node:assert/strict'
import { test } from 'node:test'
import { version } from '../src/version.ts'

test('the version is the one of the package', () => {
  assert.match(version, /^\d+\.\d+\.\d+/)
})
