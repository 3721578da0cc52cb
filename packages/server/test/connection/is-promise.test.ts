import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAsync, isPromise } from '../../src/connection/is-promise.ts'

class Thenable {
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
  then(): void {}
}

test('whatever has a then to call is waited for', () => {
  for (const value of [Promise.resolve(), new Thenable()]) assert.ok(isPromise(value))
  for (const value of [undefined, null, 0, 'then', { thenable: 1 }, () => {}]) {
    assert.ok(!isPromise(value))
  }
})

test('only a function that is declared async is async', () => {
  assert.ok(isAsync(async () => {}))
  for (const value of [() => {}, () => Promise.resolve(), undefined, {}]) assert.ok(!isAsync(value))
})
