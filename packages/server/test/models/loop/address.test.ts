import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBacklog, checkTarget, listenError } from '../../../src/models/loop/address.ts'
import { errorCatalogue } from '../../../src/protocol/errors.ts'

const invalid = { code: 'ERR_OPTION_INVALID' }

test('a target is an IP address and a port, or a path', () => {
  assert.deepEqual(checkTarget({ port: 80 }, '::'), { host: '::', port: 80 })
  assert.deepEqual(checkTarget({ port: 1, host: 'localhost' }, '::'), {
    host: '127.0.0.1',
    port: 1,
  })
  assert.deepEqual(checkTarget({ port: 1, host: '0::1' }, '::'), { host: '::1', port: 1 })
  assert.deepEqual(checkTarget({ path: '/run/x' }, '::'), { path: '/run/x' })
})

test('a target that no backend could take is refused the same on all', () => {
  for (const port of [-1, 65_536, 1.5, NaN, '80' as unknown as number]) {
    assert.throws(() => checkTarget({ port }, '::'), invalid)
  }
  for (const host of ['example.org', '', '10.1', '127.0.0.1 ']) {
    assert.throws(() => checkTarget({ port: 1, host }, '::'), invalid)
  }
  for (const path of ['', 'a\0b', 'x'.repeat(108), 'ü'.repeat(54), 7 as unknown as string]) {
    assert.throws(() => checkTarget({ path }, '::'), invalid)
  }
  assert.deepEqual(checkTarget({ path: 'x'.repeat(107) }, '::'), { path: 'x'.repeat(107) })
})

test('a backlog is a number of lines', () => {
  assert.equal(checkBacklog(), 511)
  assert.equal(checkBacklog(1), 1)
  for (const backlog of [0, 1.5, 65_536, NaN]) assert.throws(() => checkBacklog(backlog), invalid)
})

test('why listening was refused has the codes of the server', () => {
  const codeOf = (errno: string): string => listenError(errno, { host: '::', port: 1 }).code
  assert.equal(codeOf('EADDRINUSE'), 'ERR_LISTEN_IN_USE')
  assert.equal(codeOf('EACCES'), 'ERR_LISTEN_DENIED')
  assert.equal(codeOf('EPERM'), 'ERR_LISTEN_DENIED')
  assert.equal(codeOf('EADDRNOTAVAIL'), 'ERR_LISTEN_ADDRESS')
  assert.equal(codeOf('EAFNOSUPPORT'), 'ERR_LISTEN_FAILED')
  assert.match(listenError('EIO', { path: '/x' }).message, /\/x: EIO/)
  assert.ok('ERR_LISTEN_FAILED' in errorCatalogue)
})
