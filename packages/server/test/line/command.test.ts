// Commands read from anything: what is right is taken, what is not has a code, and nothing else is thrown.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadMessage, MAX_HISTORY_LIMIT, readCommand } from '../../src/line/command.ts'

function codeOf(value: unknown): string {
  try {
    readCommand(value)
    return 'none'
  } catch (error) {
    assert.ok(error instanceof BadMessage, String(error))
    return error.code
  }
}

const types = [
  'hello',
  'token',
  'subscribe',
  'unsubscribe',
  'publish',
  'present',
  'members',
  'history',
  'ping',
]

test('anything at all is a command or has a code', () => {
  const field = fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.uint8Array())
  const names = ['id', 'token', 'topic', 'since', 'overflow', 'presence', 'state', 'data', 'data64']
  const more = ['key', 'idempotencyKey', 'after', 'limit', 'epoch', '__proto__']
  const fields = fc.dictionary(fc.constantFrom(...names, ...more), field)
  const envelope = fc
    .tuple(fc.constantFrom(...types), fields)
    .map(([type, rest]) => ({ ...rest, type }))
  fc.assert(
    fc.property(fc.oneof(envelope, fc.jsonValue(), fc.anything()), (value) => void codeOf(value)),
    { numRuns: 5_000, verbose: true },
  )
})

test('fields of prototypes are nobody’s', () => {
  const inherited = Object.create({ type: 'ping', id: 1 }) as object
  assert.equal(codeOf(inherited), 'ERR_LINE_MALFORMED')
  assert.equal(codeOf(JSON.parse('{"type":"ping","id":1,"__proto__":{}}')), 'ERR_LINE_MALFORMED')
  for (const type of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    assert.equal(codeOf({ type, id: 1 }), 'ERR_LINE_TYPE')
  }
})

test('base64 is taken as it is specified, and no other way', () => {
  const given = readCommand({ type: 'publish', topic: 't', data64: 'AP8H' })
  assert.deepEqual(given.type === 'publish' && [...(given.message as Uint8Array)], [0, 255, 7])
  for (const data64 of ['AP8', 'AP_-', 'A===', 'AP8H\n', 7, null]) {
    assert.equal(codeOf({ type: 'publish', topic: 't', data64 }), 'ERR_LINE_FIELD')
  }
  assert.equal(codeOf({ type: 'publish', topic: 't', data64: 'AP8H', data: 1 }), 'ERR_LINE_FIELD')
})

test('null stands for what may be left out', () => {
  const command = {
    type: 'subscribe',
    id: 1,
    topic: 't',
    since: null,
    overflow: null,
    presence: null,
  }
  assert.deepEqual(readCommand({ ...command, state: null }), {
    ...command,
    presence: false,
    state: undefined,
  })
})

test('a history of any length is asked for, and a bounded one given', () => {
  const read = readCommand({ type: 'history', id: 1, topic: 't', limit: 1e9 })
  assert.equal(read.type === 'history' && read.limit, MAX_HISTORY_LIMIT)
})

test('names and keys have their bounds in bytes', () => {
  assert.equal(codeOf({ type: 'ping', id: 2 ** 53 }), 'ERR_LINE_FIELD')
  const euros = '€'.repeat(85)
  assert.equal(codeOf({ type: 'members', id: 1, topic: euros }), 'none')
  assert.equal(codeOf({ type: 'members', id: 1, topic: `${euros}x` }), 'ERR_TOPIC_NAME')
  assert.equal(codeOf({ type: 'members', id: 1, topic: 'a\nb' }), 'ERR_TOPIC_NAME')
  assert.equal(codeOf({ type: 'publish', topic: 't', data: 1, key: `${euros}x` }), 'ERR_LINE_FIELD')
  assert.equal(
    codeOf({ type: 'publish', topic: 't', data: 1, idempotencyKey: '' }),
    'ERR_LINE_FIELD',
  )
})
