// The one unsafe file, from outside: what it refuses, what it gives back, and that memory stays where it is.
import assert from 'node:assert/strict'
import { readFileSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import { Native, whyNoFfi } from '../../../src/engines/uring/ffi.ts'
import { eventually, openDescriptors } from './stand.ts'

const native = Native.get()
const EBADF = -9
const NOBODY = 1_000_000

test('it can be used here, once per thread', () => {
  assert.equal(whyNoFfi(), null)
  assert.equal(Native.get(), native)
})

test('another system than Linux has none', (t) => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform')!
  t.after(() => Object.defineProperty(process, 'platform', platform))
  Object.defineProperty(process, 'platform', { ...platform, value: 'win32' })
  assert.equal(whyNoFfi(), "io_uring is Linux's; this is win32")
})

test('memory that may move is refused for the kernel', () => {
  const calls: ((memory: Uint8Array) => unknown)[] = [
    (memory) => native.ringSetup(8, memory),
    (memory) => native.ringRegister(0, 0, memory, 1),
    (memory) => native.read(0, memory),
  ]
  for (const call of calls) {
    for (const bytes of [0, 1, 64]) {
      assert.throws(() => call(new Uint8Array(bytes)), /more than 64 bytes/)
    }
  }
  // A view of a few bytes of larger memory stays.
  assert.equal(native.read(NOBODY, Buffer.allocUnsafeSlow(128).subarray(0, 8)), EBADF)
})

test('memory is zeroed, keeps what is written, and reads as empty when it was given back', () => {
  const memory = native.mapAnonymous(8_192)
  assert.equal(memory.address % 4_096, 0)
  const bytes = new Uint8Array(memory.buffer)
  assert.ok(bytes.every((octet) => octet === 0))
  bytes[0] = 7
  bytes[8_191] = 9
  assert.equal(native.addressOf(memory.buffer), memory.address)
  native.discard(memory.address, 4_096)
  assert.deepEqual([bytes[0], bytes[8_191]], [0, 9])
  memory.release()
  assert.equal(bytes.length, 0)
  memory.release()
})

test('memory that was given back is no longer mapped', () => {
  const count = (): number => readFileSync('/proc/self/maps', 'latin1').split('\n').length
  const mapAndRelease = (): void => native.mapAnonymous(1_048_576).release()
  mapAndRelease()
  const before = count()
  for (let i = 0; i < 200; i++) mapAndRelease()
  assert.ok(count() < before + 50, `${count()} mappings after ${before}`)
})

test('what the kernel refuses is an error with a code, or a negated errno', () => {
  assert.throws(() => native.mapRing(NOBODY, 0, 4_096), { code: 'EBADF', syscall: 'mmap' })
  assert.throws(() => native.watch(NOBODY, () => {}), { code: 'EBADF' })
  assert.equal(native.close(NOBODY), EBADF)
  assert.equal(native.duplicate(NOBODY), EBADF)
  assert.equal(native.endSending(NOBODY), EBADF)
  assert.equal(native.setSocketOption(NOBODY, 6, 1, 1), EBADF)
  assert.equal(native.ringEnter(NOBODY, 0, 0, 0), EBADF)
  assert.equal(native.unreadBytes(NOBODY), -1)
  assert.equal(native.peerName(NOBODY), null)
})

test('descriptors are closed on exec, and a pair hears each other', () => {
  const before = openDescriptors()
  const [near, far] = native.socketPair()
  const copy = native.duplicate(near)
  const event = native.eventFd()
  for (const fd of [near, far, copy, event]) {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))![1]!
    assert.equal(Number.parseInt(flags, 8) & 0o2000000, 0o2000000)
  }
  writeSync(copy, 'hello')
  assert.equal(native.unreadBytes(far), 5)
  assert.equal(native.unreadBytes(near), 0)
  const POLLIN = 1
  const POLLRDHUP = 0x2000
  assert.equal(native.pollNow(far, POLLIN | POLLRDHUP), POLLIN)
  assert.equal(native.pollNow(near, POLLIN | POLLRDHUP), 0)
  const target = Buffer.alloc(128)
  assert.equal(native.read(far, target), 5)
  assert.equal(target.toString('latin1', 0, 5), 'hello')
  assert.equal(native.endSending(near), 0)
  assert.equal(native.pollNow(far, POLLRDHUP), POLLRDHUP)
  for (const fd of [near, far, copy, event]) assert.equal(native.close(fd), 0)
  assert.deepEqual(openDescriptors(), before)
})

const one = Buffer.alloc(8)
one.writeBigUInt64LE(1n)

for (const isEdgeTriggered of [false, true]) {
  test(`a signal calls back, until the handle is closed (edge triggered: ${isEdgeTriggered})`, async (t) => {
    const fd = native.eventFd()
    const count = Buffer.allocUnsafeSlow(128).subarray(0, 8)
    let calls = 0
    let works = false
    const handle = native.watch(fd, () => {
      calls++
      // libuv knows the descriptor only now.
      if (isEdgeTriggered) works ||= handle.becomeEdgeTriggered()
      else native.read(fd, count)
    })
    t.after(() => handle.close())
    const pass = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
    writeSync(fd, one)
    await eventually('the first call', () => calls > 0)
    // The change itself is a signal too.
    await pass()
    for (let i = 1; i <= 3; i++) {
      calls = 0
      writeSync(fd, one)
      await eventually('a call', () => calls > 0)
      await pass()
      assert.equal(calls, 1)
    }
    assert.equal(works, isEdgeTriggered)
    handle.close()
    handle.close()
    writeSync(fd, one)
    await pass()
    assert.equal(calls, 1)
    handle.setReferenced(true)
    assert.equal(native.close(fd), 0)
  })
}

test('handles are used again: many watched one after the other cost no further mapping', async () => {
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))
  const watchAndClose = async (): Promise<void> => {
    const fds = Array.from({ length: 20 }, () => native.eventFd())
    const handles = fds.map((fd) => native.watch(fd, () => {}))
    for (const handle of handles) handle.close()
    await turn()
    for (const fd of fds) native.close(fd)
  }
  const kilobytes = (): number =>
    Number(/^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))![1])
  await watchAndClose()
  const before = kilobytes()
  for (let i = 0; i < 50; i++) await watchAndClose()
  assert.ok(kilobytes() - before < 16_384, `${kilobytes() - before} kB more`)
})
