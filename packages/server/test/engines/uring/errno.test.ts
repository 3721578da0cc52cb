// Names of errors: those of the kernel's headers, and what stands for one that has none here.
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { errnoName, systemError } from '../../../src/engines/uring/errno.ts'

test('each name is the one that this system has for the number', () => {
  const names = new Set<string>()
  for (const [name, errno] of Object.entries(constants.errno)) {
    const given = errnoName(errno)
    if (given === `errno ${errno}`) continue
    names.add(given)
    // Some numbers have two names: EAGAIN and EWOULDBLOCK, EOPNOTSUPP and ENOTSUP.
    assert.equal(constants.errno[given as keyof typeof constants.errno], errno, name)
  }
  for (const name of ['EPERM', 'ENOSYS', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRINUSE']) {
    assert.ok(names.has(name), name)
  }
})

test('a number without a name is said as it is', () => {
  assert.equal(errnoName(9_999), 'errno 9999')
})

test("an error looks as Node's own do", () => {
  const error = systemError('mmap', 12)
  assert.ok(error instanceof Error)
  const { message, code, errno, syscall } = error
  assert.deepEqual([message, code, errno, syscall], ['mmap: ENOMEM', 'ENOMEM', -12, 'mmap'])
})
