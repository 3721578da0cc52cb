// The two queues against the kernel itself, and against a kernel that refuses, is interrupted or takes nothing.
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import { Native } from '../../../src/engines/uring/ffi.ts'
import { Ring, RingUnavailable } from '../../../src/engines/uring/ring.ts'
import type { RingOptions } from '../../../src/engines/uring/ring.ts'
import { nativeWith, openDescriptors } from './stand.ts'

const NOP = 0
const READ = 22
const TIMEOUT_MASK = 0xffff_ffff

interface Completion {
  readonly low: number
  readonly high: number
  readonly result: number
}

function openRing(t: TestContext, options: RingOptions = {}): Ring {
  const ring = Ring.open({ submissions: 8, completions: 16, ...options })
  t.after(() => ring.close())
  return ring
}

function nop(ring: Ring, low: number, high = 0): void {
  ring.submit(NOP, -1, 0, 0, 0, low, high)
}

function drain(ring: Ring): Completion[] {
  const completions: Completion[] = []
  ring.drain({ complete: (low, high, result) => void completions.push({ low, high, result }) })
  return completions
}

/** Enters and drains until nothing comes any more. */
function drainAll(ring: Ring): Completion[] {
  const all: Completion[] = []
  for (;;) {
    ring.enter()
    const some = drain(ring)
    all.push(...some)
    if (some.length === 0 && ring.pendingCount === 0 && !ring.mayHaveMore) return all
  }
}

const lows = (completions: readonly Completion[]): number[] => completions.map(({ low }) => low)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

test('what is submitted completes, with the user data it was given', (t) => {
  const ring = openRing(t)
  const sent = [
    [0, 0],
    [1, -1],
    [0x7fff_ffff, 0x7fff_ffff],
    [-1, 5],
  ] as const
  for (const [low, high] of sent) nop(ring, low, high)
  assert.equal(ring.pendingCount, 4)
  assert.deepEqual(drain(ring), [])
  ring.enter()
  assert.equal(ring.pendingCount, 0)
  assert.deepEqual(
    drain(ring).map(({ low, high, result }) => [low, high, result]),
    sent.map(([low, high]) => [low, high, 0]),
  )
  assert.deepEqual(drain(ring), [])
})

test('more submissions than the queue has, in one batch: all complete, in order', (t) => {
  for (const submissions of [1, 4, 8]) {
    const ring = openRing(t, { submissions, completions: 1_024 })
    for (let i = 0; i < 700; i++) nop(ring, i)
    assert.deepEqual(lows(drainAll(ring)), upTo(700))
  }
})

test('the queues go round as often as it takes', (t) => {
  const ring = openRing(t, { submissions: 4, completions: 8 })
  for (let round = 0; round < 20_000; round++) {
    nop(ring, round)
    nop(ring, -round)
    nop(ring, round)
    ring.enter()
    assert.deepEqual(lows(drain(ring)), [round, -round | 0, round])
  }
})

test('more completions than their queue has: the kernel keeps them, none is lost', (t) => {
  const ring = openRing(t, { submissions: 64, completions: 64 })
  let count = 0
  // With a full queue the kernel may also refuse to take more (EBUSY): what is left waits here.
  for (; count < 500; count++) nop(ring, count)
  ring.enter()
  ring.enter()
  assert.equal(ring.hasOverflow, true)
  const first = drain(ring)
  assert.equal(first.length, 64)
  // The queue is empty, and yet there is more.
  assert.equal(ring.mayHaveMore, true)
  assert.deepEqual(lows([...first, ...drainAll(ring)]), upTo(500))
  assert.equal(ring.hasOverflow, false)
  assert.equal(ring.mayHaveMore, false)
})

for (const [name, refusal] of [
  ['EAGAIN', -11],
  ['EBUSY', -16],
  ['EINTR', -4],
  ['and does not say why', 0],
] as const) {
  test(`a kernel that takes nothing for a while (${name}): what is submitted waits, in order`, (t) => {
    let refusals = 50
    let calls = 0
    const real = Native.get()
    const native = nativeWith({
      ringEnter: (...all) => {
        calls++
        return refusals-- > 0 ? refusal : real.ringEnter(...all)
      },
    })
    const ring = openRing(t, { native, submissions: 4, completions: 1_024 })
    for (let i = 0; i < 30; i++) nop(ring, i)
    assert.equal(ring.pendingCount, 30)
    calls = 0
    ring.enter()
    // It is not asked again and again.
    assert.ok(calls <= 2, `${calls} calls`)
    assert.equal(ring.pendingCount, 30)
    assert.deepEqual(drain(ring), [])
    refusals = 0
    for (let i = 30; i < 60; i++) nop(ring, i)
    assert.deepEqual(lows(drainAll(ring)), upTo(60))
    assert.equal(ring.pendingCount, 0)
  })
}

test('a kernel that takes a few at a time gets the rest with the next calls, in order', (t) => {
  const real = Native.get()
  const native = nativeWith({
    ringEnter: (fd, count, min, flags) => real.ringEnter(fd, Math.min(count, 3), min, flags),
  })
  const ring = openRing(t, { native, submissions: 8, completions: 1_024 })
  for (let i = 0; i < 200; i++) nop(ring, i)
  assert.deepEqual(lows(drainAll(ring)), upTo(200))
})

test('an error of the call that nobody expects is said', (t) => {
  const native = nativeWith({ ringEnter: () => -14 })
  const ring = openRing(t, { native })
  nop(ring, 1)
  assert.throws(() => ring.enter(), /io_uring_enter: EFAULT/)
})

test('a submission has its address, offset, length and flags where the kernel reads them', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdline-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const fd = openSync(join(folder, 'sparse'), 'w+')
  t.after(() => closeSync(fd))
  // Beyond 32 bits, into memory beyond 32 bits.
  const offset = 5 * 2 ** 30 + 3
  writeSync(fd, 'far away', offset)
  const memory = Native.get().mapAnonymous(4_096)
  t.after(() => memory.release())
  assert.ok(memory.address > TIMEOUT_MASK)
  const ring = openRing(t)
  ring.submit(READ, fd, memory.address + 16, 8, 0, 7, 9, 0, offset)
  ring.enter(1)
  assert.deepEqual(drain(ring), [{ low: 7, high: 9, result: 8 }])
  assert.equal(Buffer.from(memory.buffer).toString('latin1', 16, 24), 'far away')
  // The same place in the queue once more: nothing is left of what stood there.
  for (let i = 0; i < 8; i++) ring.submit(READ, fd, memory.address, 4, 0, i, 0)
  ring.enter(8)
  assert.deepEqual(
    drain(ring).map(({ result }) => result),
    Array.from({ length: 8 }, () => 4),
  )
  assert.equal(Buffer.from(memory.buffer).readUInt32LE(0), 0)
})

test('while signals are muted a completion wakes nobody', (t) => {
  const native = Native.get()
  const fd = native.eventFd()
  t.after(() => native.close(fd))
  const count = Buffer.allocUnsafeSlow(128).subarray(0, 8)
  const EAGAIN = -11
  const ring = openRing(t)
  ring.signalTo(fd)
  ring.muteEvents(true)
  nop(ring, 1)
  ring.enter()
  assert.equal(native.read(fd, count), EAGAIN)
  ring.muteEvents(false)
  nop(ring, 2)
  ring.enter()
  assert.equal(native.read(fd, count), 8)
  assert.equal(drain(ring).length, 2)
})

test('an eventfd that is none is refused in words', (t) => {
  const ring = openRing(t)
  assert.throws(() => ring.signalTo(1_000_000), {
    name: 'RingUnavailable',
    message: 'the kernel signals no eventfd: EBADF',
  })
})

// --- What the kernel refuses

const NO_SQARRAY = 1 << 16
const DEFER_TASKRUN = 1 << 13
const SINGLE_ISSUER = 1 << 12
const COOP_TASKRUN = 1 << 8
const TASKRUN_FLAG = 1 << 9

/** A kernel that knows none of these flags; `asked` has the flags of each attempt. */
function olderKernel(unknown: number, asked: number[] = []): Native {
  const real = Native.get()
  return nativeWith({
    ringSetup(entries, params) {
      const flags = Buffer.from(params.buffer, params.byteOffset).readUInt32LE(8)
      asked.push(flags)
      return (flags & unknown) !== 0 ? -22 : real.ringSetup(entries, params)
    },
  })
}

for (const [name, unknown, attempts] of [
  ['nothing', 0, 1],
  ['NO_SQARRAY (before 6.6)', NO_SQARRAY, 2],
  ['DEFER_TASKRUN (before 6.1)', NO_SQARRAY | DEFER_TASKRUN, 3],
  ['SINGLE_ISSUER (before 6.0)', NO_SQARRAY | DEFER_TASKRUN | SINGLE_ISSUER, 3],
  [
    'COOP_TASKRUN (before 5.19)',
    NO_SQARRAY | DEFER_TASKRUN | SINGLE_ISSUER | COOP_TASKRUN | TASKRUN_FLAG,
    4,
  ],
] as const) {
  test(`a kernel that refuses ${name} gets the next set of flags, and the ring works`, (t) => {
    const asked: number[] = []
    const ring = openRing(t, { native: olderKernel(unknown, asked), completions: 1_024 })
    assert.equal(asked.length, attempts)
    assert.equal(new Set(asked).size, attempts)
    for (let i = 0; i < 100; i++) nop(ring, i)
    assert.deepEqual(lows(drainAll(ring)), upTo(100))
  })
}

for (const [errno, text, attempts] of [
  [1, 'the kernel refuses io_uring (EPERM): seccomp, or kernel.io_uring_disabled', 1],
  [12, 'no memory for io_uring may be locked (ENOMEM): raise ulimit -l', 1],
  [22, 'the kernel is too old for the flags of io_uring that are needed (EINVAL)', 4],
  [38, 'the kernel has no io_uring (ENOSYS)', 1],
  [24, 'io_uring_setup: EMFILE', 1],
] as const) {
  test(`a kernel that refuses the ring altogether: ${text}`, () => {
    let attempted = 0
    const native = nativeWith({
      ringSetup() {
        attempted++
        return -errno
      },
    })
    assert.throws(() => Ring.open({ native }), { name: 'RingUnavailable', message: text })
    assert.equal(attempted, attempts)
  })
}

test('a ring that cannot be mapped is given back', () => {
  const before = openDescriptors()
  const native = nativeWith({
    mapRing() {
      throw new Error('mmap: ENOMEM')
    },
  })
  assert.throws(
    () => Ring.open({ native }),
    (error) =>
      error instanceof RingUnavailable &&
      error.message === 'the ring cannot be mapped: mmap: ENOMEM',
  )
  assert.deepEqual(openDescriptors(), before)
})

test('a kernel that registers no ring descriptor is entered with the descriptor itself', (t) => {
  const REGISTER_RING_FDS = 20
  const real = Native.get()
  const native = nativeWith({
    ringRegister: (fd, opcode, argument, count) =>
      opcode === REGISTER_RING_FDS ? -22 : real.ringRegister(fd, opcode, argument, count),
  })
  const ring = openRing(t, { native })
  nop(ring, 5)
  ring.enter()
  assert.deepEqual(lows(drain(ring)), [5])
})

test('many rings one after the other leave nothing behind; closing twice is closing once', () => {
  const before = openDescriptors()
  for (let i = 0; i < 300; i++) {
    const ring = Ring.open({ submissions: 4, completions: 8 })
    nop(ring, i)
    ring.enter()
    assert.deepEqual(lows(drain(ring)), [i])
    ring.close()
    // The number of its descriptor may be somebody else's by now.
    const successor = openSync('/dev/null', 'r')
    ring.close()
    closeSync(successor)
  }
  assert.deepEqual(openDescriptors(), before)
})
