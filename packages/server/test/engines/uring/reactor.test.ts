// The turn of the reactor in Node's loop: what is called when, and that nothing stays behind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Native } from '../../../src/engines/uring/ffi.ts'
import { Reactor } from '../../../src/engines/uring/reactor.ts'
import { RingUnavailable } from '../../../src/engines/uring/ring.ts'
import { eventually, nativeWith, openDescriptors } from './stand.ts'

const NOP = 0
const small = { submissions: 4, completions: 8 }

function started(t: TestContext): Reactor {
  const reactor = new Reactor(small)
  t.after(() => reactor.close())
  return reactor
}

test('what is submitted from outside is passed on by itself, and what completes is drained', async (t) => {
  const reactor = started(t)
  const lows: number[] = []
  let batches = 0
  reactor.drainTo({ complete: (low) => void lows.push(low) }, () => batches++)
  for (let i = 0; i < 100; i++) reactor.ring.submit(NOP, -1, 0, 0, 0, i, 0)
  reactor.soon()
  await eventually('all', () => lows.length === 100)
  assert.deepEqual(
    lows,
    Array.from({ length: 100 }, (_, i) => i),
  )
  assert.ok(batches > 0 && batches <= 100)
})

test('the ends of the turn come once each, in order, and those asked for meanwhile too', async (t) => {
  const reactor = started(t)
  const calls: string[] = []
  reactor.atTurnEnd(() => {
    calls.push('first')
    reactor.atTurnEnd(() => void calls.push('third'))
  })
  reactor.atTurnEnd(() => void calls.push('second'))
  assert.deepEqual(calls, [])
  await eventually('all', () => calls.length === 3)
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(calls, ['first', 'second', 'third'])
})

test('work that the kernel announces and does not have keeps nobody turning', async (t) => {
  const native = Native.get()
  const mapped: Int32Array[] = []
  let flagsAt = 0
  let calls = 0
  const reactor = new Reactor({
    ...small,
    native: nativeWith({
      ringSetup: (entries, params) => {
        const result = native.ringSetup(entries, params)
        flagsAt = Buffer.from(params.buffer, params.byteOffset).readUInt32LE(56) >> 2
        return result
      },
      mapRing: (fd, offset, bytes) => {
        const memory = native.mapRing(fd, offset, bytes)
        mapped.push(new Int32Array(memory.buffer))
        return memory
      },
      ringEnter: (...given) => {
        calls++
        return native.ringEnter(...given)
      },
    }),
  })
  t.after(() => reactor.close())
  const lows: number[] = []
  reactor.drainTo({ complete: (low) => void lows.push(low) }, () => {})
  const SQ_TASKRUN = 4
  // As a kernel leaves it that adds work, does it on another core, and announces it then.
  Atomics.or(mapped[0]!, flagsAt, SQ_TASKRUN)
  reactor.soon()
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(calls > 0 && calls < 100, `${calls} calls`)
  assert.equal(Atomics.load(mapped[0]!, flagsAt) & SQ_TASKRUN, SQ_TASKRUN)
  reactor.ring.submit(NOP, -1, 0, 0, 0, 7, 0)
  reactor.soon()
  await eventually('it', () => lows.length === 1)
})

test('a turn that asks for another one each time leaves the loop to others', async (t) => {
  const reactor = started(t)
  let turns = 0
  let isOver = false
  const again = (): void => {
    turns++
    if (!isOver) reactor.atTurnEnd(again)
  }
  reactor.atTurnEnd(again)
  await new Promise((resolve) => setTimeout(resolve, 20))
  isOver = true
  assert.ok(turns > 1)
})

test('it keeps the process alive only where it is to', async (t) => {
  const reactor = started(t)
  reactor.setReferenced(false)
  reactor.setReferenced(true)
  let isDrained = false
  reactor.drainTo({ complete: () => void (isDrained = true) }, () => {})
  reactor.ring.submit(NOP, -1, 0, 0, 0, 1, 0)
  reactor.soon()
  await eventually('the completion', () => isDrained)
})

test('closed from within a turn it ends that turn, and calls nothing afterwards', async () => {
  const reactor = new Reactor(small)
  const calls: string[] = []
  const { promise: closing, resolve: tell } = Promise.withResolvers<Promise<void>>()
  reactor.atTurnEnd(() => {
    calls.push('first')
    tell(reactor.close())
  })
  reactor.atTurnEnd(() => void calls.push('same turn'))
  await closing
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(calls, ['first', 'same turn'])
  await reactor.close()
  reactor.soon()
  reactor.atTurnEnd(() => assert.fail('it is closed'))
  await new Promise((resolve) => setTimeout(resolve, 5))
})

test('a reactor that cannot be leaves no descriptor', async (t) => {
  await started(t).close()
  const before = openDescriptors()
  const EMFILE = -24
  const refusals: Partial<Native>[] = [
    { eventFd: () => EMFILE },
    {
      watch() {
        throw new Error('uv_poll_start: EMFILE')
      },
    },
    { ringSetup: () => -1 },
  ]
  for (const refusal of refusals) {
    assert.throws(() => new Reactor({ ...small, native: nativeWith(refusal) }))
    assert.deepEqual(openDescriptors(), before)
  }
  const native = nativeWith({ eventFd: () => EMFILE })
  assert.throws(
    () => new Reactor({ ...small, native }),
    (error) => error instanceof RingUnavailable && error.message === 'eventfd: EMFILE',
  )
})
