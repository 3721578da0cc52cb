// The properties of OTP's processes that actors keep, named as OTP would: signals, exits, asks, names, fairness. Links
// and monitors, selective receive, supervisors and other workers have files of their own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actor, ActorSystem, defaultSystem, Refusal, self } from 'holdline/actors'
import type { Down, ExitReason, Ref } from 'holdline/actors'
import { bothWays, gate, plain, standOf } from './stand.ts'

/** What actors of these tests have done; in order. */
let log: unknown[] = []

class Recorder extends Actor {
  seen: unknown[] = []

  note(value: unknown): void {
    this.seen.push(value)
  }

  all(): unknown[] {
    return this.seen
  }

  boom(message: string): void {
    throw new Error(message)
  }

  refuse(): number {
    throw new Refusal(new RangeError('not that'))
  }

  quit(reason: ExitReason): void {
    this.stop(reason)
  }
}

class Slow extends Actor {
  async work(name: string, step: number): Promise<string> {
    log.push(`${name} begins`)
    for (let i = 0; i < step; i++) await Promise.resolve()
    log.push(`${name} ends`)
    return name
  }

  async never(): Promise<void> {
    await new Promise(() => {})
  }

  async fail(): Promise<void> {
    await Promise.resolve()
    throw new Error('later')
  }
}

class Partner extends Actor {
  other: Ref<Partner> | null = null

  know(other: Ref<Partner>): void {
    this.other = other
  }

  ping(): string {
    return 'pong'
  }

  async askOther(): Promise<string> {
    return this.other!.ask({ timeoutMs: 100 }).ping()
  }

  async askBack(): Promise<string> {
    return this.other!.ask({ timeoutMs: 50 }).askOther()
  }
}

class Lively extends Actor {
  constructor(name = 'lively') {
    super()
    log.push(`new ${name}`)
  }

  override started(): void {
    log.push('started')
  }

  override stopped(reason: ExitReason): void {
    log.push(`stopped ${plain(reason)}`)
  }

  work(): void {
    log.push('work')
  }
}

bothWays('actors', (stand) => {
  test('messages from one actor to another keep their order', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Recorder)
    for (let i = 0; i < 5_000; i++) ref.tell.note(i)
    await clock.settle()
    assert.deepEqual(
      await ref.ask.all(),
      Array.from({ length: 5_000 }, (_, i) => i),
    )
  })

  test('a tell returns nothing, runs nothing before it returns, and is silent for a dead actor', async () => {
    const { system, clock, reports } = stand()
    const ref = system.spawn(Lively)
    log = []
    assert.equal(ref.tell.work(), undefined)
    assert.deepEqual(log, [])
    await clock.settle()
    assert.deepEqual(log, ['started', 'work'])
    system.exit(ref, 'kill')
    assert.equal(ref.isDead, true)
    assert.equal(ref.tell.work(), undefined)
    await clock.settle()
    assert.deepEqual(log, ['started', 'work'])
    assert.deepEqual(
      reports.map(({ reason }) => reason),
      ['killed'],
    )
  })

  test('one message at a time, the promise it returns included', async () => {
    const { system, clock } = stand()
    log = []
    const ref = system.spawn(Slow)
    ref.tell.work('one', 20)
    ref.tell.work('two', 1)
    const third = ref.ask.work('three', 3)
    await clock.settle()
    assert.equal(await third, 'three')
    assert.deepEqual(log, [
      'one begins',
      'one ends',
      'two begins',
      'two ends',
      'three begins',
      'three ends',
    ])
  })

  test('actors do not wait for one another', async () => {
    const { system, clock } = stand()
    const stuck = system.spawn(Slow)
    stuck.tell.never()
    const ref = system.spawn(Recorder)
    ref.tell.note(1)
    await clock.settle()
    assert.deepEqual(await ref.ask.all(), [1])
  })

  test('call: an answer, also of a promise', async () => {
    const { system } = stand()
    assert.equal(await system.spawn(Slow).ask.work('x', 2), 'x')
    assert.equal(await system.spawn(Slow).ask({ timeoutMs: 9 }).work('y', 0), 'y')
  })

  test('call: 5 s unless said otherwise, and the error says who was asked what', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Slow)
    let failure: unknown = null
    ref.ask.never().catch((error: unknown) => (failure = error))
    await clock.pass(4_999)
    assert.equal(failure, null)
    await clock.pass(1)
    const { code, message } = failure as unknown as { code: string; message: string }
    assert.equal(code, 'ERR_ACTOR_TIMEOUT')
    assert.match(message, /Slow<\d+\.\d+>\.never, 5000 ms/)
    await assert.rejects(
      () => {
        const asked = ref.ask({ timeoutMs: 7 }).work('z', 0)
        void clock.pass(7)
        return asked
      },
      { code: 'ERR_ACTOR_TIMEOUT' },
    )
  })

  test('call: asks of one timeout share a timer, and none is left behind', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Slow)
    await Promise.all(Array.from({ length: 50 }, () => ref.ask.work('', 0)))
    assert.equal(clock.timerCount, 1)
    await clock.pass(5_000)
    assert.equal(clock.timerCount, 0)
  })

  test('call: late replies are dropped', async () => {
    const { system, clock } = stand()
    const door = gate()
    class Late extends Actor {
      async answer(): Promise<string> {
        await door.passed
        return 'late'
      }
    }
    const ref = system.spawn(Late)
    const asked = ref.ask({ timeoutMs: 10 }).answer()
    const expired = assert.rejects(asked, { code: 'ERR_ACTOR_TIMEOUT' })
    await clock.pass(10)
    await expired
    door.open()
    await clock.settle()
    assert.equal(ref.isDead, false)
    assert.equal(await ref.ask.answer(), 'late')
  })

  test('call: the death of who was asked fails the caller at once, running, waiting or not begun', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Slow)
    const asked = [ref.ask.never(), ref.ask.work('waits', 0)]
    const failures = Promise.all(
      asked.map((each) => assert.rejects(each, { code: 'ERR_ACTOR_DOWN', reason: 'killed' })),
    )
    await clock.settle()
    system.exit(ref, 'kill')
    await failures
    await assert.rejects(ref.ask.work('dead', 0), { code: 'ERR_ACTOR_DOWN', reason: 'noproc' })
    assert.equal(clock.now(), 1_000)
  })

  test('a throw ends the actor; whoever asked is told why, and it is reported once', async () => {
    const { system, clock, reports } = stand()
    const ref = system.spawn(Recorder)
    const asked = ref.ask.boom('crashed')
    await assert.rejects(asked, (error: Error) => {
      assert.equal((error as Error & { code: string }).code, 'ERR_ACTOR_DOWN')
      assert.equal((error.cause as Error).message, 'crashed')
      return true
    })
    await clock.settle()
    assert.equal(ref.isDead, true)
    assert.deepEqual(
      reports.map(({ ref: whom, reason }) => [whom?.id, plain(reason)]),
      [[ref.id, 'crashed']],
    )
  })

  test('a rejection ends the actor as a throw does', async () => {
    const { system, reports } = stand()
    const ref = system.spawn(Slow)
    await assert.rejects(ref.ask.fail(), { code: 'ERR_ACTOR_DOWN' })
    assert.deepEqual(
      reports.map(({ reason }) => plain(reason)),
      ['later'],
    )
  })

  test('a refusal answers an ask with an error, and the actor goes on', async () => {
    const { system, reports } = stand()
    const ref = system.spawn(Recorder)
    await assert.rejects(ref.ask.refuse(), { name: 'RangeError', message: 'not that' })
    ref.tell.note(1)
    assert.deepEqual(await ref.ask.all(), [1])
    assert.deepEqual(reports, [])
  })

  test('started is first, stopped last and once, with the reason', async () => {
    const { system, clock } = stand()
    log = []
    const ref = system.spawn(Lively, 'ann')
    ref.tell.work()
    await clock.settle()
    system.exit(ref, 'shutdown')
    system.exit(ref, 'shutdown')
    await clock.settle()
    assert.deepEqual(log, ['new ann', 'started', 'work', 'stopped shutdown'])
    assert.equal(ref.isDead, true)
  })

  test('killed: stopped is not called, and others are told killed', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Lively)
    await clock.settle()
    log = []
    const down = system.whenDown(ref)
    system.exit(ref, 'kill')
    assert.equal((await down).reason, 'killed')
    assert.deepEqual(log, [])
  })

  test('stop: after the message it is at, whose answer is still given; the rest is not handled', async () => {
    const { system, clock } = stand()
    class Quits extends Actor {
      async last(): Promise<string> {
        this.stop('shutdown')
        await Promise.resolve()
        return 'done'
      }
      more(): void {
        log.push('more')
      }
    }
    log = []
    const ref = system.spawn(Quits)
    const down = system.whenDown(ref)
    const answer = ref.ask.last()
    ref.tell.more()
    const refused = assert.rejects(ref.ask.more(), { code: 'ERR_ACTOR_DOWN', reason: 'shutdown' })
    await clock.settle()
    assert.equal(await answer, 'done')
    await refused
    assert.equal((await down).reason, 'shutdown')
    assert.deepEqual(log, [])
  })

  test('an asynchronous stopped has its time before the end is told; a kill does not wait for it', async () => {
    const { system, clock } = stand()
    const door = gate()
    class Careful extends Actor {
      override stopped(): Promise<void> {
        return door.passed
      }
    }
    for (const isKilled of [false, true]) {
      const ref = system.spawn(Careful)
      const told: Down[] = []
      void system.whenDown(ref).then((down) => told.push(down))
      system.exit(ref, 'shutdown')
      await clock.settle()
      assert.deepEqual(told, [])
      if (isKilled) system.exit(ref, 'kill')
      else door.open()
      await clock.settle()
      assert.deepEqual(
        told.map(({ reason }) => reason),
        [isKilled ? 'killed' : 'shutdown'],
      )
      if (!isKilled) Object.assign(door, gate())
    }
  })

  test('A asks B asks A: it ends by timeout with an error that says so', async () => {
    const { system, clock } = stand()
    const a = system.spawn(Partner)
    const b = system.spawn(Partner)
    a.tell.know(b)
    b.tell.know(a)
    const asked = assert.rejects(a.ask({ timeoutMs: 1_000 }).askBack(), (error: Error) => {
      const { cause } = error as { cause?: Error & { code?: string } }
      assert.equal(cause?.code, 'ERR_ACTOR_TIMEOUT')
      assert.match(cause?.message ?? '', /ask each other wait for ever/)
      return true
    })
    await clock.pass(1_000)
    await asked
  })

  test('what its constructor throws is thrown where it is spawned, and there is no actor', async () => {
    const { system, reports } = stand()
    class Unborn extends Actor {
      constructor() {
        super()
        self<Unborn>(this).tell.hear()
        throw new TypeError('no')
      }
      hear(): void {}
    }
    assert.throws(() => system.spawn(Unborn), { message: 'no' })
    assert.equal(system.actorCount, 0)
    assert.deepEqual(reports, [])
  })

  test('an actor is not made with new', () => {
    assert.throws(() => new Recorder(), { code: 'ERR_ACTOR_CREATION' })
  })

  test('names: taken once, found, free when the actor ends; to a missing name: throws', async () => {
    const { system } = stand()
    const one = system.spawn(Recorder)
    const two = system.spawn(Recorder)
    system.register('desk', one)
    system.register('desk', one)
    assert.equal(system.whereis('desk'), one)
    assert.throws(() => system.register('desk', two), { code: 'ERR_ACTOR_NAME_TAKEN' })
    assert.equal(system.whereis('none'), null)
    assert.throws(() => system.named('none'), { code: 'ERR_ACTOR_NAME_UNKNOWN' })
    system.exit(one, 'kill')
    assert.equal(system.whereis('desk'), null)
    system.register('desk', two)
    assert.equal(system.named<Recorder>('desk'), two)
    system.unregister('desk')
    assert.equal(system.whereis('desk'), null)
    assert.throws(() => system.register('desk', one), { code: 'ERR_ACTOR_NAME_UNKNOWN' })
  })

  test('timers: sendAfter comes when it is time, and not when it was cancelled', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Recorder)
    const first = system.sendAfter(100, ref, 'note', 'first')
    const second = system.sendAfter(200, ref, 'note', 'second')
    await clock.pass(99)
    assert.deepEqual(await ref.ask.all(), [])
    await clock.pass(1)
    assert.deepEqual(await ref.ask.all(), ['first'])
    assert.equal(second.cancel(), true)
    assert.equal(second.cancel(), false)
    assert.equal(first.cancel(), false)
    await clock.pass(1_000)
    assert.deepEqual(await ref.ask.all(), ['first'])
  })

  test('a hot actor yields: I/O goes on, and the others have their turns', async () => {
    const { system, clock } = stand()
    class Hot extends Actor {
      count = 0
      again(): void {
        this.count++
        self<Hot>(this).tell.again()
      }
      read(): number {
        return this.count
      }
    }
    const hot = system.spawn(Hot)
    hot.tell.again()
    const ref = system.spawn(Recorder)
    ref.tell.note('mine')
    const asked = ref.ask.all()
    // Reached at all: microtasks that never end would not let an immediate run.
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(await asked, ['mine'])
    clock.runTurn()
    await new Promise((resolve) => setImmediate(resolve))
    system.exit(hot, 'kill')
    await clock.settle()
  })

  test("onFull 'refuse': who tells has the error, who asks is rejected, and the actor goes on", async () => {
    const { system, clock, reports } = stand()
    class Small extends Recorder {
      static readonly mailbox = { limit: 2, onFull: 'refuse' } as const
    }
    const ref = system.spawn(Small)
    ref.tell.note(1)
    ref.tell.note(2)
    assert.throws(() => ref.tell.note(3), { code: 'ERR_ACTOR_MAILBOX_FULL' })
    await assert.rejects(ref.ask.all(), { code: 'ERR_ACTOR_MAILBOX_FULL' })
    await clock.settle()
    ref.tell.note(4)
    assert.deepEqual(await ref.ask.all(), [1, 2, 4])
    assert.deepEqual(reports, [])
  })

  test('hot actors take turns of 64 messages, and a turn of all of them ends after 8,192', async () => {
    const { system, clock } = stand()
    const order: number[] = []
    class Hot extends Actor {
      take(n: number): void {
        order.push(n)
      }
    }
    const refs = Array.from({ length: 3 }, () => system.spawn(Hot))
    for (const [i, ref] of refs.entries()) {
      for (let n = 0; n < 3_000; n++) ref.tell.take(i)
    }
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(order.length, 8_192)
    for (let slice = 0; slice < 128; slice++) {
      const who = new Set(order.slice(slice * 64, slice * 64 + 64))
      assert.deepEqual([...who], [slice % 3])
    }
    await clock.settle()
    assert.equal(order.length, 9_000)
  })

  test('stop: children are their parents’ business, all are gone, nothing can be spawned any more', async () => {
    const { system, clock } = stand()
    log = []
    for (let i = 0; i < 3; i++) system.spawn(Lively)
    await clock.settle()
    log = []
    await system.stop()
    assert.deepEqual(log, ['stopped shutdown', 'stopped shutdown', 'stopped shutdown'])
    assert.equal(system.actorCount, 0)
    assert.equal(clock.timerCount, 0)
    assert.throws(() => system.spawn(Lively), { code: 'ERR_ACTOR_SYSTEM' })
  })

  test('stop: whoever does not stop in time is killed', async () => {
    const { system, clock } = stand()
    class Stubborn extends Actor {
      override stopped(): Promise<void> {
        return new Promise(() => {})
      }
    }
    const down = system.whenDown(system.spawn(Stubborn))
    let stoppedCount = 0
    const stopped = [system.stop({ timeoutMs: 300 }), system.stop()]
    for (const each of stopped) void each.then(() => stoppedCount++)
    await clock.pass(299)
    assert.equal(stoppedCount, 0)
    await clock.pass(1)
    await Promise.all(stopped)
    assert.equal((await down).reason, 'killed')
  })

  test('an idle actor holds no mailbox', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Recorder)
    ref.tell.note(1)
    await clock.settle()
    const cell = ref.cell!
    assert.equal(cell.mailbox, null)
    assert.equal(cell.relations, null)
    assert.equal(cell.rare, null)
    assert.equal(cell.bits, 0)
  })
})

test('where every message is serialised, none is shared', async () => {
  const value = { list: [1] }
  const direct = standOf('remote').system.spawn(Recorder)
  direct.tell.note(value)
  assert.equal((await direct.ask.all())[0], value)
  const serialised = standOf('always').system.spawn(Recorder)
  serialised.tell.note(value)
  const [heard] = await serialised.ask.all()
  assert.notEqual(heard, value)
  assert.deepEqual(heard, value)
})

test('a message that cannot travel is the error of its sender; so is an answer, of whoever asked', async () => {
  const { system, reports } = standOf('always')
  const ref = system.spawn(Recorder)
  assert.throws(() => ref.tell.note(() => {}), { code: 'ERR_ACTOR_MESSAGE' })
  await assert.rejects(ref.ask.boom(Symbol('x') as never), { code: 'ERR_ACTOR_MESSAGE' })
  class Bad extends Actor {
    give(): unknown {
      return { f: () => {} }
    }
    fine(): number {
      return 1
    }
  }
  const bad = system.spawn(Bad)
  await assert.rejects(bad.ask.give(), { code: 'ERR_ACTOR_MESSAGE' })
  assert.equal(await bad.ask.fine(), 1)
  assert.deepEqual(reports, [])
})

test('a system without a clock or a mesh runs by itself; there is one for the process', async () => {
  const system = new ActorSystem()
  const ref = system.spawn(Recorder)
  ref.tell.note('x')
  assert.deepEqual(await ref.ask.all(), ['x'])
  assert.equal(system.workerId, 0)
  await system.stop()
  assert.equal(defaultSystem(), defaultSystem())
})

test('a report that throws takes nothing with it: both go to the error output', async (t) => {
  const printed = t.mock.method(console, 'error', () => {})
  const system = new ActorSystem({
    report: () => {
      throw new Error('of the report')
    },
  })
  const ref = system.spawn(Recorder)
  const down = system.whenDown(ref)
  ref.tell.boom('of the actor')
  assert.equal(plain((await down).reason), 'of the actor')
  const lines = printed.mock.calls.map(({ arguments: [line] }) => String(line))
  assert.match(lines[0]!, /^holdline: Recorder<0\.1>: Error: of the actor/)
  assert.match(lines[1]!, /^holdline: actors: Error: of the report/)
})
