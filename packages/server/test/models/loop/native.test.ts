import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { Errno } from 'holdline/loop'
import { Native, whyNoEpoll } from '../../../src/models/loop/native.ts'

test('epoll runs here, by this Node', () => {
  assert.equal(whyNoEpoll(), null)
  assert.equal(Native.get(), Native.get())
})

test('what the kernel refuses is a negated errno', () => {
  const native = Native.get()
  const bytes = new Uint8Array(8)
  assert.equal(native.read(-1, bytes), Errno.EBADF)
  assert.equal(native.write(-1, bytes), Errno.EBADF)
  assert.equal(native.close(-1), Errno.EBADF)
  assert.equal(native.accept(-1), Errno.EBADF)
  assert.equal(native.setNonBlocking(-1), Errno.EBADF)
  assert.equal(native.epollPoll(-1, new Int32Array(3), 1), Errno.EBADF)
  assert.equal(native.remoteName(-1, Buffer.alloc(128)), Errno.EBADF)
  assert.equal(native.getOption(-1, 1, 4), Errno.EBADF)
})

test('bytes come where they were asked for, also into memory of a few bytes', () => {
  const native = Native.get()
  const fd = openSync(import.meta.filename, 'r')
  const tiny = new Uint8Array(6)
  assert.equal(native.read(fd, tiny), 6)
  assert.equal(Buffer.from(tiny).toString(), 'import')
  const large = Buffer.alloc(200, '.')
  assert.equal(native.read(fd, large.subarray(100, 107)), 7)
  assert.equal(large.toString(), `${'.'.repeat(100)} assert${'.'.repeat(93)}`)
  closeSync(fd)
})

test('memory that was given away is refused, not touched', () => {
  const native = Native.get()
  const buffer = new ArrayBuffer(100)
  const view = new Uint8Array(buffer)
  buffer.transfer()
  assert.throws(() => native.read(0, view))
})
