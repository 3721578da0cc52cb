import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldlineError } from '../../src/protocol/errors.ts'
import {
  describeError,
  reviveError,
  unwrap,
  workerName,
  wrap,
} from '../../src/server/worker-message.ts'

test('a message is unwrapped as it was wrapped, also through JSON', () => {
  const message = { kind: 'left', workerId: 3 } as const
  assert.deepEqual(unwrap(JSON.parse(JSON.stringify(wrap(message)))), message)
})

test("a program's own messages are none of ours", () => {
  for (const other of ['hello', 1, null, undefined, {}, { kind: 'left' }]) {
    assert.equal(unwrap(other), null)
  }
})

test('an error of the catalogue keeps its code and its detail', () => {
  for (const error of [
    new HoldlineError('ERR_LISTEN_DENIED', '*:80'),
    new HoldlineError('ERR_SERVER_CLOSED'),
  ]) {
    const { code, detail } = describeError(error)
    const revived = reviveError(code, detail)
    assert.ok(revived instanceof HoldlineError)
    assert.deepEqual([revived.code, revived.message], [error.code, error.message])
  }
})

test('any other error keeps its words', () => {
  const system = Object.assign(new Error('no such file'), { code: 'ENOENT' })
  for (const [error, words] of [
    [system, 'Error: no such file'],
    [new TypeError('what?'), 'TypeError: what?'],
    ['a string', 'a string'],
  ] as const) {
    const { code, detail } = describeError(error)
    assert.equal(code, null)
    assert.equal(reviveError(code, detail).message, words)
  }
})

test('whatever is thrown can be described', () => {
  for (const thrown of [null, undefined, 5]) {
    assert.deepEqual(describeError(thrown), { code: null, detail: String(thrown) })
  }
})

test('workers of two runs have no name in common', () => {
  const names = ['a', 'b'].flatMap((run) => [1, 2].map((id) => workerName(run, id)))
  assert.equal(new Set(names).size, 4)
})
