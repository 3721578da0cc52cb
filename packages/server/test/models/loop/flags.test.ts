import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants } from 'node:os'
import {
  AGAIN,
  EDGE,
  Errno,
  errnoName,
  ONESHOT,
  PERSIST,
  READ,
  TIMEOUT,
  WRITE,
} from 'holdline/loop'
import { errnoOf, WATCHABLE } from '../../../src/models/loop/flags.ts'

test('each flag is a bit of its own', () => {
  const flags = [READ, WRITE, PERSIST, EDGE, ONESHOT, TIMEOUT]
  assert.equal(
    flags.reduce((all, flag) => all | flag),
    63,
  )
  assert.equal(WATCHABLE, 63 & ~TIMEOUT)
})

test('errnos are those of Linux, negated', () => {
  assert.equal(AGAIN, Errno.EAGAIN)
  if (process.platform !== 'linux') return
  const known = constants.errno as Readonly<Record<string, number>>
  for (const [name, number] of Object.entries(Errno)) {
    if (name in known) assert.equal(number, -known[name]!, name)
  }
})

test('errnos have names, and errors of Node have errnos', () => {
  assert.equal(errnoName(Errno.ECONNRESET), 'ECONNRESET')
  assert.equal(errnoName(-4_095), 'errno 4095')
  assert.equal(errnoOf({ code: 'EPIPE' }), Errno.EPIPE)
  assert.equal(errnoOf({ code: 'ERR_STREAM_DESTROYED' }), Errno.EIO)
  assert.equal(errnoOf(null), Errno.EIO)
})
