// The lane: one handler at a time, in order, whatever the handlers do.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPromise, Lane } from '../../src/connection/lane.ts'
import type { LaneHandler } from '../../src/connection/lane.ts'
import { wireFrame } from '../../src/testing/wire-frame.ts'
import { Stand } from './stand.ts'
import type { Line } from './stand.ts'

/** A connection whose messages and close go through a lane. */
function laned(handler: LaneHandler, last: () => unknown = () => {}, width = 1): LaneStand {
  const stand = new Stand({
    behavior: {
      message: (_, data) => lane.message(data),
      close: () => lane.close(last),
    },
  })
  const line = stand.open()
  const lane = new Lane(line.connection, handler, width)
  return { stand, line, lane }
}

interface LaneStand {
  readonly stand: Stand
  readonly line: Line
  readonly lane: Lane
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))

/** Promises that are settled by hand, in the order in which they were asked for. */
class Gate {
  readonly waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] =
    []

  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
  }

  async open(): Promise<void> {
    this.waiting.shift()!.resolve()
    await settled()
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('handlers that return at once run at once, and nothing is kept', () => {
  const seen: unknown[] = []
  const { line } = laned((_, message) => void seen.push(message))
  line.text('a', 'b')
  line.receiveOnly(wireFrame(1, 'c'))
  assert.deepEqual(seen, ['a', 'b', 'c'])
})

test('a handler runs when the one before it has ended, in the order of the messages', async () => {
  const gate = new Gate()
  const log: string[] = []
  const { line } = laned(async (_, message) => {
    log.push(`begin ${String(message)}`)
    if (message !== 'quick') await gate.wait()
    log.push(`end ${String(message)}`)
  })
  line.text('a', 'quick', 'b')
  assert.deepEqual(log, ['begin a'])
  await gate.open()
  assert.deepEqual(log, ['begin a', 'end a', 'begin quick', 'end quick', 'begin b'])
  await gate.open()
  line.text('c')
  assert.deepEqual(log.slice(-2), ['end b', 'begin c'])
})

test('messages that wait are copies', async () => {
  const gate = new Gate()
  const seen: Buffer[] = []
  const { line } = laned((_, message) => {
    seen.push(Buffer.from(message as Uint8Array))
    return gate.wait()
  })
  line.receive(wireFrame(2, Uint8Array.of(1)), wireFrame(2, Uint8Array.of(2, 3)))
  await gate.open()
  assert.deepEqual(seen, [Buffer.of(1), Buffer.of(2, 3)])
})

test('past a number of messages or bytes that wait, the line is paused until they have run', async () => {
  for (const [bytes, most] of [
    [1, 17],
    [10_000, 8],
  ] as const) {
    const gate = new Gate()
    let begun = 0
    const { stand, line } = laned(() => {
      begun++
      return gate.wait()
    })
    line.receive(...Array.from({ length: 40 }, () => wireFrame(2, new Uint8Array(bytes))))
    assert.ok(line.transport.isPaused)
    assert.equal(stand.context.counters.messagesReceived, most)
    while (begun < most) {
      await gate.open()
      if (begun < most) assert.ok(line.transport.isPaused)
    }
    stand.clock.runTurns()
    assert.equal(stand.context.counters.messagesReceived, Math.min(40, 2 * most - 1))
    while (gate.waiting.length > 0) {
      await gate.open()
      stand.clock.runTurns()
    }
    assert.equal(begun, 40)
    assert.ok(!line.transport.isPaused)
  }
})

test('a thousand messages behind one slow handler need no stack', async () => {
  const gate = new Gate()
  let count = 0
  const { lane } = laned(() => (count++ === 0 ? gate.wait() : undefined))
  for (let i = 0; i < 20_000; i++) lane.message('x')
  await gate.open()
  assert.equal(count, 20_000)
})

test('a rejection closes with 1011; the messages behind it are not run, close is', async () => {
  const gate = new Gate()
  const seen: unknown[] = []
  const { stand, line } = laned(
    (_, message) => {
      seen.push(message)
      return gate.wait()
    },
    () => seen.push('closed'),
  )
  line.text('a', 'b', 'c')
  const error = new Error('rejected')
  gate.waiting[0]!.reject(error)
  await settled()
  stand.clock.runTurns()
  assert.deepEqual(line.shown(), ['8 1011 ERR_HANDLER'])
  assert.deepEqual(stand.failures, [['ERR_HANDLER', error]])
  line.text('d')
  line.connection.transportClosed()
  await settled()
  assert.deepEqual(seen, ['a', 'closed'])
})

test('a throw while running what waited is a failure like a rejection', async () => {
  const gate = new Gate()
  const error = new Error('thrown')
  const { stand, line } = laned((_, message) => {
    if (message === 'b') throw error
    return gate.wait()
  })
  line.text('a', 'b', 'c')
  await gate.open()
  stand.clock.runTurns()
  assert.deepEqual(line.shown(), ['8 1011 ERR_HANDLER'])
  assert.deepEqual(stand.failures, [['ERR_HANDLER', error]])
})

test('close comes last, behind the messages that wait; nothing comes after it', async () => {
  const gate = new Gate()
  const seen: unknown[] = []
  const { line, lane } = laned(
    (_, message) => {
      seen.push(message)
      return gate.wait()
    },
    () => seen.push('closed'),
  )
  line.text('a', 'b')
  line.connection.transportClosed()
  lane.message('late')
  assert.deepEqual(seen, ['a'])
  await gate.open()
  assert.deepEqual(seen, ['a', 'b'])
  await gate.open()
  assert.deepEqual(seen, ['a', 'b', 'closed'])
})

test('a step runs at once when nothing does, and in its turn otherwise', async () => {
  const gate = new Gate()
  const seen: string[] = []
  const { lane } = laned((_, message) => {
    seen.push(String(message))
    return gate.wait()
  })
  lane.step(() => void seen.push('first'))
  lane.message('a')
  lane.step(() => {
    seen.push('step')
    return gate.wait()
  })
  lane.message('b')
  assert.deepEqual(seen, ['first', 'a'])
  await gate.open()
  assert.deepEqual(seen, ['first', 'a', 'step'])
  await gate.open()
  assert.deepEqual(seen, ['first', 'a', 'step', 'b'])
})

test('a wider lane runs so many at once, begins them in order, and the next when a place is free', async () => {
  const gate = new Gate()
  const log: string[] = []
  const { line } = laned(
    async (_, message) => {
      log.push(`begin ${String(message)}`)
      if (message !== 'quick') await gate.wait()
      log.push(`end ${String(message)}`)
    },
    () => {},
    2,
  )
  line.text('a', 'b', 'c', 'd')
  assert.deepEqual(log, ['begin a', 'begin b'])
  gate.waiting.splice(1, 1)[0]!.resolve()
  await settled()
  assert.deepEqual(log.slice(2), ['end b', 'begin c'])
  await gate.open()
  assert.deepEqual(log.slice(4), ['end a', 'begin d'])
  line.text('quick')
  assert.deepEqual(log.slice(6), [])
  await gate.open()
  assert.deepEqual(log.slice(6), ['end c', 'begin quick', 'end quick'])
})

test('a wider lane pauses the line past its places and the bound of what waits', async () => {
  const gate = new Gate()
  const { stand, line } = laned(
    () => gate.wait(),
    () => {},
    3,
  )
  line.text(...numbers(40))
  assert.ok(line.transport.isPaused)
  assert.equal(stand.context.counters.messagesReceived, 3 + 16)
  for (let left = 40; left > 0; left--) {
    await gate.open()
    stand.clock.runTurns()
  }
  assert.equal(stand.context.counters.messagesReceived, 40)
  assert.ok(!line.transport.isPaused)
})

test('in a wider lane a step waits for all before it, and nothing runs beside it', async () => {
  const gate = new Gate()
  const seen: string[] = []
  const { lane } = laned(
    (_, message) => {
      seen.push(String(message))
      return gate.wait()
    },
    () => {},
    3,
  )
  lane.message('a')
  lane.message('b')
  lane.step(() => {
    seen.push('step')
    return gate.wait()
  })
  lane.message('c')
  lane.message('d')
  await gate.open()
  assert.deepEqual(seen, ['a', 'b'])
  await gate.open()
  assert.deepEqual(seen, ['a', 'b', 'step'])
  await gate.open()
  assert.deepEqual(seen, ['a', 'b', 'step', 'c', 'd'])
})

test('in a wider lane close comes last, when every handler has ended', async () => {
  const gate = new Gate()
  const seen: string[] = []
  const { line } = laned(
    (_, message) => {
      seen.push(String(message))
      return gate.wait()
    },
    () => seen.push('closed'),
    2,
  )
  line.text('a', 'b', 'c')
  line.connection.transportClosed()
  for (const expected of [
    ['a', 'b'],
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ]) {
    assert.deepEqual(seen, expected)
    await gate.open()
  }
  assert.deepEqual(seen, ['a', 'b', 'c', 'closed'])
})

test('a handler keeps its place from `enter` to `leave`, without a promise', () => {
  const seen: string[] = []
  const { line, lane } = laned((_, message) => {
    seen.push(String(message))
    lane.enter()
  })
  line.text('a', 'b', 'c')
  assert.deepEqual(seen, ['a'])
  lane.leave()
  assert.deepEqual(seen, ['a', 'b'])
  lane.leave()
  lane.leave()
  assert.deepEqual(seen, ['a', 'b', 'c'])
  assert.ok(!line.transport.isPaused)
})

test('the signal is aborted when the connection closes, and ending by it is no failure', async () => {
  const seen: string[] = []
  const { stand, line, lane } = laned(
    () => {
      const { signal } = lane
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    },
    () => seen.push('closed'),
  )
  line.text('a')
  assert.equal(lane.signal.aborted, false)
  line.connection.transportClosed()
  assert.equal(lane.signal.aborted, true)
  await settled()
  assert.deepEqual(seen, ['closed'])
  assert.deepEqual(stand.failures, [])
})

test('a failure after the connection has gone is reported all the same', async () => {
  const gate = new Gate()
  const { stand, line } = laned(() => gate.wait())
  line.text('a')
  line.connection.transportClosed()
  const error = new Error('late')
  gate.waiting[0]!.reject(error)
  await settled()
  assert.deepEqual(stand.failures, [['ERR_HANDLER', error]])
})

test('what a handler may return to be waited for', () => {
  const thenable = new (class {
    // oxlint-disable-next-line unicorn/no-thenable -- anything with `then` is waited for
    then(): void {}
  })()
  for (const value of [Promise.resolve(), thenable]) assert.ok(isPromise(value))
  // oxlint-disable-next-line unicorn/no-thenable
  for (const value of [undefined, null, 5, 'then', {}, { then: 5 }, () => {}]) {
    assert.ok(!isPromise(value))
  }
})

type Kind = 'sync' | 'async' | 'twice' | 'throws' | 'rejects'

test('whatever settles when, order holds, one runs at a time, and close comes last', async () => {
  const kinds = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<Kind>('sync', 'async', 'twice') },
    { weight: 1, arbitrary: fc.constantFrom<Kind>('throws', 'rejects') },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(kinds, { minLength: 1, maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 }),
      async (scheduler, script, chunks) => {
        const begun: number[] = []
        let running = 0
        let isClosed = false
        const handler: LaneHandler = (_, message) => {
          const index = Number(message)
          assert.equal(running, 0)
          assert.ok(!isClosed)
          begun.push(index)
          const kind = script[index]!
          if (kind === 'throws') throw new Error('thrown')
          if (kind === 'sync') return undefined
          running++
          return (async () => {
            await scheduler.schedule(Promise.resolve(), kind)
            if (kind === 'twice') await scheduler.schedule(Promise.resolve(), 'again')
            running--
            if (kind === 'rejects') throw new Error('rejected')
          })()
        }
        const { stand, line } = laned(handler, () => (isClosed = true))
        const left = numbers(script.length)
        const deliver = async (): Promise<void> => {
          for (const count of chunks) {
            await scheduler.schedule(Promise.resolve(), 'chunk')
            line.text(...left.splice(0, count))
          }
          line.text(...left.splice(0))
        }
        const delivered = deliver()
        await scheduler.waitFor(delivered)
        for (let i = 0; i < 10; i++) {
          await scheduler.waitIdle()
          stand.clock.runTurns()
          await settled()
        }
        const failsAt = script.findIndex((kind) => kind === 'throws' || kind === 'rejects')
        const expected = failsAt < 0 ? script.length : failsAt + 1
        assert.deepEqual(begun.map(String), numbers(expected))
        assert.equal(stand.failures.length, failsAt < 0 ? 0 : 1)
        line.connection.transportClosed()
        await scheduler.waitIdle()
        await settled()
        assert.ok(isClosed)
      },
    ),
    { numRuns: 60 },
  )
})
