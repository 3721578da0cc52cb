import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Native } from '../../../src/engines/uring/ffi.ts'
import { whyNotUring } from '../../../src/engines/uring/self-test.ts'
import { eventually, openDescriptors } from './stand.ts'

test('it runs here, each time, and leaves nothing open', async () => {
  assert.equal(await whyNotUring(), null)
  const before = openDescriptors()
  for (let i = 0; i < 20; i++) assert.equal(await whyNotUring(), null)
  assert.deepEqual(openDescriptors(), before)
  assert.deepEqual(await Promise.all([whyNotUring(), whyNotUring(), whyNotUring()]), [
    null,
    null,
    null,
  ])
  await eventually('the descriptors to go', () => openDescriptors().length === before.length)
})

/** The same thread's kernel with a method of its own, until the test is over. */
const failing: Readonly<
  Record<string, readonly [keyof Native, (...all: never[]) => unknown, RegExp]>
> = {
  'io_uring is refused': ['ringSetup', () => -1, /refuses io_uring \(EPERM\)/],
  'no descriptor is left': ['socketPair', () => [-24, -24], /^socketpair: EMFILE$/],
  'no eventfd is left': ['eventFd', () => -24, /^eventfd: EMFILE$/],
  'the kernel registers nothing': ['ringRegister', () => -22, /EINVAL/],
}

for (const [what, [method, replacement, reason]] of Object.entries(failing)) {
  test(`${what}: the reason is told, nothing is left open`, async (t) => {
    await whyNotUring()
    const before = openDescriptors()
    t.mock.method(Native.prototype, method as 'ringSetup', replacement as Native['ringSetup'])
    const told = await whyNotUring()
    t.mock.restoreAll()
    assert.match(String(told), reason)
    assert.deepEqual(openDescriptors(), before)
  })
}

test('a ring that never answers is given up, in words', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { ringEnter } = Native.prototype
  let isDeaf = true
  t.mock.method(
    Native.prototype,
    'ringEnter',
    function (this: Native, ...all: Parameters<Native['ringEnter']>) {
      const EAGAIN = -11
      return isDeaf ? EAGAIN : ringEnter.apply(this, all)
    },
  )
  const told = whyNotUring()
  await new Promise((resolve) => setImmediate(resolve))
  t.mock.timers.tick(2_000)
  isDeaf = false
  assert.match(String(await told), /no answer from the ring within 2000 ms/)
})
