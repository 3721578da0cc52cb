// What Grand Central Dispatch promises of its queues; each property is a test named after it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { FakeClock } from 'holdline/testing'
import { queue, queues } from 'holdline/queues'
import type { Queue } from 'holdline/queues'
import { gate } from '../gate.ts'
import type { Gate } from '../gate.ts'

/** All that can go on without time or I/O has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('Serial', () => {
  test('FIFO: blocks run in the order in which they were added', async () => {
    const serial = queue.serial()
    const ran: number[] = []
    for (let i = 0; i < 100; i++) serial.post(() => ran.push(i))
    assert.deepEqual(ran, [], 'async never runs a block before it returns')
    await serial.async(() => {})
    assert.deepEqual(
      ran,
      Array.from({ length: 100 }, (_, i) => i),
    )
  })

  test('one at a time, including returned promises', async () => {
    const serial = queue.serial()
    const first = gate()
    const events: string[] = []
    serial.post(async () => {
      events.push('first begins')
      await first.passed
      events.push('first ends')
    })
    serial.post(() => events.push('second'))
    await settled()
    assert.deepEqual(events, ['first begins'])
    assert.equal(serial.runningCount, 1)
    assert.equal(serial.waitingCount, 1)
    first.open()
    await serial.async(() => {})
    assert.deepEqual(events, ['first begins', 'first ends', 'second'])
  })

  test('a block that rejects or throws holds the next no longer, and fails alone', async () => {
    const serial = queue.serial()
    const cause = new Error('meant')
    const thrown = serial.async(() => {
      throw cause
    })
    const rejected = serial.async(async () => {
      await settled()
      throw cause
    })
    const after = serial.async(() => 'after')
    await assert.rejects(thrown, cause)
    await assert.rejects(rejected, cause)
    assert.equal(await after, 'after')
  })

  test('a foreign thenable that calls back twice is one block', async () => {
    const serial = queue.serial()
    const twice = {
      // oxlint-disable-next-line unicorn/no-thenable -- that is the case
      then(resolve: (value: string) => void) {
        resolve('one')
        resolve('two')
      },
    } as unknown as PromiseLike<string>
    assert.equal(await serial.async(() => twice), 'one')
    assert.equal(serial.runningCount, 0)
    assert.equal(await serial.async(() => 'on'), 'on')
  })
})

describe('Concurrent', () => {
  test('FIFO start, any finish', async () => {
    const concurrent = queue.concurrent()
    const gates = Array.from({ length: 5 }, gate)
    const started: number[] = []
    const finished: number[] = []
    const all = gates.map(({ passed }, i) =>
      concurrent.async(async () => {
        started.push(i)
        await passed
        finished.push(i)
      }),
    )
    await settled()
    assert.deepEqual(started, [0, 1, 2, 3, 4])
    for (const i of [3, 0, 4, 2, 1]) {
      gates[i]!.open()
      await all[i]
    }
    assert.deepEqual(finished, [3, 0, 4, 2, 1])
  })

  test('no more than its width are under way', async () => {
    const concurrent = queue.concurrent({ width: 2 })
    const gates = Array.from({ length: 4 }, gate)
    const started: number[] = []
    for (const [i, { passed }] of gates.entries()) {
      concurrent.post(async () => {
        started.push(i)
        await passed
      })
    }
    await settled()
    assert.deepEqual(started, [0, 1])
    gates[1]!.open()
    await settled()
    assert.deepEqual(started, [0, 1, 2])
    for (const { open } of gates) open()
    await concurrent.barrier(() => {})
    assert.deepEqual(started, [0, 1, 2, 3])
  })

  test('a width below 1, or none at all, is refused', () => {
    for (const width of [0, -1, 1.5, NaN, '2' as unknown as number]) {
      assert.throws(() => queue.concurrent({ width }), { code: 'ERR_OPTION_INVALID' })
    }
    assert.throws(() => queue.serial({ limit: 0 }), { code: 'ERR_OPTION_INVALID' })
    assert.equal(queue.concurrent({ width: Infinity }).width, Infinity)
  })
})

describe('Barrier', () => {
  test('waits for earlier, runs alone, blocks later ones', async () => {
    const concurrent = queue.concurrent()
    const [before, within] = [gate(), gate()]
    const events: string[] = []
    concurrent.post(async () => {
      events.push('before')
      await before.passed
    })
    const barrier = concurrent.barrier(async () => {
      events.push('barrier')
      await within.passed
      return 'done'
    })
    concurrent.post(() => events.push('behind'))
    await settled()
    assert.deepEqual(events, ['before'])
    before.open()
    await settled()
    assert.deepEqual(events, ['before', 'barrier'])
    assert.equal(concurrent.runningCount, 1)
    within.open()
    assert.equal(await barrier, 'done')
    await settled()
    assert.deepEqual(events, ['before', 'barrier', 'behind'])
  })

  test('of a target: what targets it does not run meanwhile', async () => {
    const target = queue.concurrent()
    const above = queue.serial({ target })
    const within = gate()
    const events: string[] = []
    const barrier = target.barrier(async () => {
      await within.passed
      events.push('barrier')
    })
    above.post(() => events.push('above'))
    await settled()
    assert.deepEqual(events, [])
    within.open()
    await barrier
    await settled()
    assert.deepEqual(events, ['barrier', 'above'])
  })
})

describe('Targets', () => {
  test('serial queues sharing a serial target never overlap', async () => {
    const target = queue.serial()
    const [one, two] = [queue.serial({ target }), queue.serial({ target })]
    let isRunning = false
    const block = async (): Promise<void> => {
      assert.equal(isRunning, false)
      isRunning = true
      await settled()
      isRunning = false
    }
    await Promise.all([1, 2, 3].flatMap(() => [one.async(block), two.async(block)]))
  })

  test('queues that share a target take turns', async () => {
    const target = queue.serial()
    const ran: string[] = []
    const [one, two] = [queue.serial({ target }), queue.serial({ target })]
    for (let i = 0; i < 3; i++) one.post(() => ran.push(`one ${i}`))
    for (let i = 0; i < 2; i++) two.post(() => ran.push(`two ${i}`))
    await one.async(() => {})
    assert.deepEqual(ran, ['one 0', 'two 0', 'one 1', 'two 1', 'one 2'])
  })

  test('priority inherited: a queue without a class has that of its target', () => {
    const target = queue.serial({ qos: 'utility' })
    assert.equal(queue.serial({ target }).qos, 'utility')
    assert.equal(queue.serial({ target: queue.serial({ target }) }).qos, 'utility')
    assert.equal(queue.serial({ target, qos: 'interactive' }).qos, 'interactive')
    assert.equal(queue.serial().qos, 'default')
  })

  test('priority inherited: a target is as urgent as the most urgent that waits in it', async () => {
    const { serial } = bound(queues())
    const slow = serial({ qos: 'background' })
    const between = serial({ target: slow })
    const urgent = serial({ target: between, qos: 'interactive' })
    const other = serial({ qos: 'initiated' })
    const ran: string[] = []
    between.post(() => ran.push('ahead'))
    for (let i = 0; i < 3; i++) other.post(() => ran.push('other'))
    urgent.post(() => ran.push('urgent'))
    assert.equal(slow.qos, 'interactive')
    await settled()
    assert.deepEqual(ran, ['ahead', 'urgent', 'other', 'other', 'other'])
    assert.equal(slow.qos, 'background')
    assert.equal(between.qos, 'background')
  })

  test('retarget only before activation', async () => {
    const target = queue.serial()
    const late = queue.serial({ inactive: true, label: 'late' })
    const ran: string[] = []
    late.post(() => ran.push('late'))
    await settled()
    assert.deepEqual(ran, [])
    late.setTarget(target)
    late.setTarget(null)
    late.setTarget(target)
    target.suspend()
    late.activate()
    late.activate()
    await settled()
    assert.deepEqual(ran, [], 'its target holds it')
    target.resume()
    await settled()
    assert.deepEqual(ran, ['late'])
    assert.throws(() => late.setTarget(null), { code: 'ERR_QUEUE_ACTIVE', detail: 'late' })
    assert.throws(() => queue.serial().setTarget(target), { code: 'ERR_QUEUE_ACTIVE' })
  })

  test('no cycles (we throw)', () => {
    const one = queue.serial({ inactive: true })
    const two = queue.serial({ target: one })
    const three = queue.concurrent({ target: two })
    assert.throws(() => one.setTarget(one), { code: 'ERR_QUEUE_CYCLE' })
    assert.throws(() => one.setTarget(three), { code: 'ERR_QUEUE_CYCLE' })
    one.activate()
  })

  test('a target is a queue, of the same clock', () => {
    const inactive = queue.serial({ inactive: true })
    const stranger = queues().serial()
    assert.throws(() => inactive.setTarget(stranger), { code: 'ERR_OPTION_INVALID' })
    assert.throws(() => inactive.setTarget({} as Queue), { code: 'ERR_OPTION_INVALID' })
    assert.throws(() => queue.serial({ target: 'x' as unknown as Queue }), {
      code: 'ERR_OPTION_INVALID',
    })
  })
})

describe('Sync', () => {
  test('runs at once on an idle queue and returns the value', () => {
    const serial = queue.serial()
    assert.equal(
      serial.sync(() => 42),
      42,
    )
    const cause = new Error('meant')
    assert.throws(
      () =>
        serial.sync(() => {
          throw cause
        }),
      cause,
    )
    assert.equal(serial.runningCount, 0)
  })

  test('what waits before it runs first', () => {
    const target = queue.serial()
    const serial = queue.serial({ target })
    const ran: string[] = []
    target.post(() => ran.push('target'))
    serial.post(() => ran.push('one'))
    serial.post(() => ran.push('two'))
    serial.sync(() => ran.push('sync'))
    assert.deepEqual(ran, ['target', 'one', 'two', 'sync'])
  })

  test('onto the current queue deadlocks (detect, throw)', async () => {
    const serial = queue.serial({ label: 'mine' })
    await serial.async(() => {
      assert.equal(serial.isCurrent, true)
      assert.throws(() => serial.sync(() => {}), {
        code: 'ERR_QUEUE_DEADLOCK',
        detail: 'sync on mine',
      })
    })
    assert.equal(serial.isCurrent, false)
    assert.equal(serial.waitingCount, 0)
    assert.equal(
      serial.sync(() => 1),
      1,
    )
  })

  test('onto a queue of the same serial target, or through another queue, deadlocks too', async () => {
    const target = queue.serial()
    const [one, two] = [queue.serial({ target }), queue.serial({ target })]
    const other = queue.serial()
    const deadlock = { code: 'ERR_QUEUE_DEADLOCK' }
    await one.async(() => {
      assert.throws(() => two.sync(() => {}), deadlock)
      assert.throws(() => target.sync(() => {}), deadlock)
      other.sync(() => {
        assert.equal(one.isCurrent, true)
        assert.equal(two.isCurrent, false)
        assert.throws(() => one.sync(() => {}), deadlock)
      })
    })
  })

  test('onto a concurrent queue from its own block runs, unless a barrier waits for that block', async () => {
    const concurrent = queue.concurrent()
    await concurrent.async(() => {
      assert.equal(
        concurrent.sync(() => 1),
        1,
      )
      void concurrent.barrier(() => {})
      assert.throws(() => concurrent.sync(() => {}), { code: 'ERR_QUEUE_DEADLOCK' })
    })
    await concurrent.barrier(() => {
      assert.throws(() => concurrent.sync(() => {}), { code: 'ERR_QUEUE_DEADLOCK' })
    })
  })

  test('where it would have to wait it throws, and leaves nothing behind', async () => {
    const serial = queue.serial()
    const first = gate()
    const held = serial.async(() => first.passed)
    const busy = { code: 'ERR_QUEUE_BUSY' }
    assert.throws(() => serial.sync(() => assert.fail('ran')), busy)
    assert.throws(() => serial.sync(() => assert.fail('ran')), busy)
    assert.equal(serial.waitingCount, 0)
    first.open()
    await held
    await settled()
    serial.suspend()
    assert.throws(() => serial.sync(() => assert.fail('ran')), busy)
    serial.resume()
    assert.equal(
      serial.sync(() => 'again'),
      'again',
    )
  })

  test('onto its own queue behind an await is an error too, and never hangs', async () => {
    const serial = queue.serial()
    await serial.async(async () => {
      await settled()
      assert.equal(serial.isCurrent, false)
      assert.throws(() => serial.sync(() => {}), { code: 'ERR_QUEUE_BUSY' })
    })
  })

  test('does not run what others of the target add for ever', () => {
    const target = queue.concurrent()
    const held = queue.serial({ target })
    void held.async(() => new Promise(() => {}))
    held.post(() => {})
    let turns = 0
    const again = (): void => {
      if (++turns > 10_000) throw new Error('for ever')
      if (!isOver) target.post(again)
    }
    let isOver = false
    target.post(again)
    assert.throws(() => held.sync(() => {}), { code: 'ERR_QUEUE_BUSY' })
    isOver = true
  })

  test('a promise that it returns holds the queue', async () => {
    const serial = queue.serial()
    const first = gate()
    const promise = serial.sync(() => first.passed)
    let hasRun = false
    serial.post(() => (hasRun = true))
    await settled()
    assert.equal(hasRun, false)
    first.open()
    await promise
    await settled()
    assert.equal(hasRun, true)
  })
})

describe('Suspend', () => {
  test('acts between blocks', async () => {
    const serial = queue.serial()
    const first = gate()
    const ran: string[] = []
    serial.post(async () => {
      ran.push('one begins')
      await first.passed
      ran.push('one ends')
    })
    serial.post(() => ran.push('two'))
    await settled()
    serial.suspend()
    first.open()
    await settled()
    assert.deepEqual(ran, ['one begins', 'one ends'])
    serial.resume()
    await settled()
    assert.deepEqual(ran, ['one begins', 'one ends', 'two'])
  })

  test('counts, and a block may suspend its own queue', async () => {
    const serial = queue.serial()
    const ran: string[] = []
    serial.post(() => {
      ran.push('one')
      serial.suspend()
      serial.suspend()
    })
    serial.post(() => ran.push('two'))
    await settled()
    serial.resume()
    await settled()
    assert.deepEqual(ran, ['one'])
    serial.resume()
    await settled()
    assert.deepEqual(ran, ['one', 'two'])
  })

  test('of a target holds what targets it', async () => {
    const target = queue.serial()
    const above = queue.serial({ target })
    let hasRun = false
    target.suspend()
    above.post(() => (hasRun = true))
    await settled()
    assert.equal(hasRun, false)
    target.resume()
    await settled()
    assert.equal(hasRun, true)
  })

  test('a resume more than suspends throws', () => {
    const serial = queue.serial()
    const over = { code: 'ERR_QUEUE_RESUME' }
    assert.throws(() => serial.resume(), over)
    serial.suspend()
    serial.resume()
    assert.throws(() => serial.resume(), over)
  })
})

describe('Limits and failures', () => {
  test('a full queue refuses with a typed error', async () => {
    const serial = queue.serial({ limit: 2, label: 'small' })
    const first = gate()
    serial.post(() => first.passed)
    await settled()
    serial.post(() => {})
    const last = serial.async(() => 'last')
    const full = { code: 'ERR_QUEUE_FULL', detail: 'small, limit 2' }
    assert.throws(() => serial.post(() => {}), full)
    await assert.rejects(
      serial.async(() => {}),
      full,
    )
    first.open()
    assert.equal(await last, 'last')
    assert.equal(await serial.async(() => 'room again'), 'room again')
  })

  test('what a posted block throws goes to onError', async () => {
    const failures: unknown[] = []
    const serial = queue.serial({ onError: (error) => failures.push(error) })
    const cause = new Error('meant')
    serial.post(() => {
      throw cause
    })
    serial.post(() => Promise.reject(cause))
    await serial.async(() => {})
    assert.deepEqual(failures, [cause, cause])
  })

  test('without onError, or when that throws, it is an unhandled rejection; the queue goes on', async (t) => {
    const lost: unknown[] = []
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (error) => lost.push(error))
    t.after(() => {
      process.removeAllListeners('unhandledRejection')
      for (const listener of others) process.on('unhandledRejection', listener)
    })
    const [one, two] = [new Error('one'), new Error('two')]
    const serial = queue.serial()
    serial.post(() => {
      throw one
    })
    const bad = queue.serial({
      onError: () => {
        throw two
      },
    })
    bad.post(() => {
      throw one
    })
    await settled()
    assert.deepEqual(lost, [one, two])
    assert.equal(await bad.async(() => 'on'), 'on')
    assert.equal(await serial.async(() => 'on'), 'on')
  })

  test('a block that waits is called off by its signal; one that runs is not', async () => {
    const serial = queue.serial()
    const [first, controller] = [gate(), new AbortController()]
    const running = serial.async(
      async () => {
        await first.passed
        return 'ran'
      },
      { signal: controller.signal },
    )
    const waiting = serial.barrier(() => assert.fail('ran'), { signal: controller.signal })
    const behind = serial.async(() => 'behind')
    await settled()
    const reason = new Error('no more')
    controller.abort(reason)
    await assert.rejects(waiting, reason)
    assert.equal(serial.waitingCount, 1)
    first.open()
    assert.equal(await running, 'ran')
    assert.equal(await behind, 'behind')
    await assert.rejects(
      serial.async(() => {}, { signal: controller.signal }),
      reason,
    )
  })

  test('a barrier that is called off holds nobody', async () => {
    const concurrent = queue.concurrent()
    const [first, controller] = [gate(), new AbortController()]
    concurrent.post(() => first.passed)
    const barrier = concurrent.barrier(() => {}, { signal: controller.signal })
    const behind = concurrent.async(() => 'behind')
    await settled()
    controller.abort()
    await assert.rejects(barrier, { name: 'AbortError' })
    assert.equal(await behind, 'behind')
    first.open()
  })
})

describe('After and apply', () => {
  test('after adds a block when its time has come', async () => {
    const clock = new FakeClock()
    const serial = queues({ clock }).serial()
    const ran: string[] = []
    const late = serial.after(100, () => ran.push('late'))
    const later = serial.after(200, () => ran.push('later'))
    await clock.pass(99)
    assert.deepEqual(ran, [])
    await clock.pass(1)
    assert.deepEqual(ran, ['late'])
    await clock.pass(100)
    await Promise.all([late, later])
    assert.deepEqual(ran, ['late', 'later'])
  })

  test('after is called off by its signal, and leaves no timer', async () => {
    const clock = new FakeClock()
    const serial = queues({ clock }).serial()
    const controller = new AbortController()
    const late = serial.after(100, () => assert.fail('ran'), { signal: controller.signal })
    controller.abort()
    await assert.rejects(late, { name: 'AbortError' })
    assert.equal(clock.timerCount, 0)
    await assert.rejects(
      serial.after(1, () => {}, { signal: controller.signal }),
      { name: 'AbortError' },
    )
    for (const ms of [-1, NaN, Infinity]) {
      await assert.rejects(
        serial.after(ms, () => {}),
        { code: 'ERR_OPTION_INVALID' },
      )
    }
  })

  test('apply runs a block for each index, as wide as the queue, results in order', async () => {
    const concurrent = queue.concurrent({ width: 3 })
    let [underWay, most] = [0, 0]
    const results = await concurrent.apply(10, async (i) => {
      most = Math.max(most, ++underWay)
      await settled()
      underWay--
      return i * i
    })
    assert.deepEqual(results, [0, 1, 4, 9, 16, 25, 36, 49, 64, 81])
    assert.equal(most, 3)
    assert.deepEqual(await concurrent.apply(0, () => 1), [])
    await assert.rejects(
      concurrent.apply(-1, () => 1),
      { code: 'ERR_OPTION_INVALID' },
    )
  })

  test('apply awaits all, then rejects with the first failure', async () => {
    const concurrent = queue.concurrent()
    const ran: number[] = []
    const applied = concurrent.apply(4, async (i) => {
      if (i < 2) throw new Error(`meant ${1 - i}`)
      await settled()
      ran.push(i)
    })
    await assert.rejects(applied, { message: 'meant 1' })
    assert.deepEqual(ran, [2, 3])
  })
})

function bound(of: ReturnType<typeof queues>): { serial: typeof of.serial } {
  return { serial: (options) => of.serial(options) }
}

// --- Any tree of queues, any order of events

interface Watched {
  readonly queue: Queue
  readonly target: Watched | null
  suspensions: number
  /** Blocks of this queue: under way, and of it and all above it. */
  own: number
  all: number
  barrierRuns: boolean
  lastStarted: number
  added: number
  ended: number
}

const tree = fc.array(
  fc.record({
    width: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 3 }), fc.constant(Infinity)),
    target: fc.option(fc.nat(10)),
    qos: fc.option(
      fc.constantFrom('interactive', 'initiated', 'default', 'utility', 'background'),
      { nil: undefined },
    ),
  }),
  { minLength: 1, maxLength: 6 },
)
const event = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('post'), fc.nat(10), fc.boolean()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('barrier'), fc.nat(10), fc.boolean()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('sync'), fc.nat(10), fc.boolean()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('suspend'), fc.nat(10), fc.boolean()) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('resume'), fc.nat(10), fc.boolean()) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('settle'), fc.nat(10), fc.boolean()) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('turn'), fc.nat(10), fc.boolean()) },
)

const chainOf = (watched: Watched): Watched[] =>
  watched.target === null ? [watched] : [watched, ...chainOf(watched.target)]

test('any tree of queues: order, width, barriers, suspension, and nothing is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.array(event, { maxLength: 80 }), async (shape, events) => {
      const family = queues({ budget: { blocks: 3 } })
      const all: Watched[] = []
      for (const { width, target, qos } of shape) {
        const below = target === null || all.length === 0 ? null : all[target % all.length]!
        const options = {
          width,
          ...(below !== null && { target: below.queue }),
          ...(qos !== undefined && { qos }),
        }
        const made = width === 1 ? family.serial(options) : family.concurrent(options)
        const none = { suspensions: 0, own: 0, all: 0, barrierRuns: false }
        all.push({ ...none, queue: made, target: below, lastStarted: -1, added: 0, ended: 0 })
      }
      const gates: Gate[] = []
      let unfinished = 0

      const blockOf = (watched: Watched, isBarrier: boolean, waits: boolean) => {
        const number = watched.added++
        unfinished++
        return (): unknown => {
          assert.equal(number, watched.lastStarted + 1, 'FIFO start')
          watched.lastStarted = number
          for (const held of chainOf(watched)) {
            held.all++
            assert.ok(held.all <= held.queue.width, 'width')
            assert.equal(held.suspensions, 0, 'suspended')
            assert.equal(held.barrierRuns, false, 'beside a barrier')
            assert.equal(held.queue.isCurrent, true)
          }
          if (isBarrier) {
            assert.equal(watched.all, 1, 'a barrier runs alone')
            assert.equal(watched.ended, number, 'a barrier waits for all before it')
            watched.barrierRuns = true
          }
          const end = (): void => {
            for (const held of chainOf(watched)) held.all--
            watched.ended++
            if (isBarrier) watched.barrierRuns = false
            unfinished--
          }
          if (!waits) return end()
          const waiting = gate()
          gates.push(waiting)
          return waiting.passed.then(end)
        }
      }
      const failures: unknown[] = []
      const kept = (promise: Promise<unknown>): void => {
        promise.catch((error: unknown) => failures.push(error))
      }

      for (const [kind, index, waits] of events) {
        const watched = all[index % all.length]!
        if (kind === 'post') kept(watched.queue.async(blockOf(watched, false, waits)))
        else if (kind === 'barrier') kept(watched.queue.barrier(blockOf(watched, true, waits)))
        else if (kind === 'sync') {
          const block = blockOf(watched, false, false)
          try {
            watched.queue.sync(block)
          } catch (error) {
            assert.equal((error as { code?: unknown }).code, 'ERR_QUEUE_BUSY')
            watched.added--
            unfinished--
          }
        } else if (kind === 'suspend') {
          watched.suspensions++
          watched.queue.suspend()
        } else if (kind === 'resume') {
          if (watched.suspensions === 0) continue
          watched.suspensions--
          watched.queue.resume()
        } else if (kind === 'settle') gates.splice(index % (gates.length + 1), 1)[0]?.open()
        else await (waits ? settled() : Promise.resolve())
      }
      for (const watched of all) {
        for (; watched.suspensions > 0; watched.suspensions--) watched.queue.resume()
      }
      for (let turns = 0; unfinished > 0; turns++) {
        assert.ok(turns < 1_000, 'a block was forgotten')
        for (const { open } of gates.splice(0)) open()
        await settled()
      }
      await settled()
      assert.deepEqual(failures, [])
      for (const { queue: made } of all) {
        assert.deepEqual([made.waitingCount, made.runningCount], [0, 0])
      }
    }),
    { numRuns: 300 },
  )
})
