// Selective receive, as OTP's: the oldest message that fits; the rest keep their order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Actor } from 'holdline/actors'
import type { AnyRef } from 'holdline/actors'
import { bothWays, gate, standOf } from './stand.ts'

class Reader extends Actor {
  seen: unknown[] = []

  note(value: unknown): void {
    this.seen.push(value)
  }

  other(value: unknown): string {
    this.seen.push(`other ${String(value)}`)
    return 'handled'
  }

  all(): unknown[] {
    return this.seen
  }

  async take(method: string, timeoutMs = Infinity): Promise<void> {
    const got = await this.receive((message) => message.method === method, { timeoutMs })
    this.seen.push(got === null ? 'nothing' : ['took', got.args[0]])
    if (got?.isAsk === true) got.reply('taken')
  }

  async twice(): Promise<void> {
    const first = this.receive(() => false, { timeoutMs: 10 })
    await this.receive(() => true).catch((error: Error & { code?: string }) => {
      this.seen.push(error.code)
    })
    await first
  }

  async bad(): Promise<void> {
    await this.receive(() => {
      throw new Error('of the matcher')
    })
  }

  async awaitDown(ref: AnyRef): Promise<void> {
    const monitor = this.monitor(ref)
    const down = await this.receive(
      ({ method, args }) =>
        method === 'down' && (args[0] as { monitor: unknown }).monitor === monitor,
    )
    this.seen.push(`down by receive: ${String((down!.args[0] as { reason: unknown }).reason)}`)
  }

  async holds(): Promise<void> {
    await this.receive(({ method }) => method === 'never')
  }
}

bothWays('receive', (stand) => {
  test('takes the oldest match of what waits, and the rest keep order', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Reader)
    ref.tell.take('other')
    ref.tell.note(1)
    ref.tell.other('a')
    ref.tell.note(2)
    ref.tell.other('b')
    await clock.settle()
    assert.deepEqual(await ref.ask.all(), [['took', 'a'], 1, 2, 'other b'])
  })

  test('waits for a match that comes later, and handles nothing meanwhile', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Reader)
    ref.tell.take('other')
    for (let i = 0; i < 20; i++) ref.tell.note(i)
    await clock.settle()
    assert.equal(ref.cell!.mailbox!.length, 20)
    const asked = ref.ask.other('late')
    await clock.settle()
    assert.equal(await asked, 'taken')
    assert.deepEqual(await ref.ask.all(), [
      ['took', 'late'],
      ...Array.from({ length: 20 }, (_, i) => i),
    ])
  })

  test('null after the timeout; at once with 0', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Reader)
    ref.tell.take('other', 50)
    ref.tell.note('x')
    await clock.pass(49)
    assert.equal(ref.cell!.mailbox!.length, 1)
    await clock.pass(1)
    assert.deepEqual(await ref.ask.all(), ['nothing', 'x'])
    ref.tell.take('other', 0)
    await clock.settle()
    assert.deepEqual(await ref.ask.all(), ['nothing', 'x', 'nothing'])
    assert.equal(clock.timerCount, 1)
  })

  test('a timer that is not needed any more is cancelled', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Reader)
    ref.tell.take('other', 50)
    ref.tell.other('x')
    await clock.settle()
    assert.equal(clock.timerCount, 0)
  })

  test('two at a time: ERR_ACTOR_RECEIVE', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Reader)
    ref.tell.twice()
    await clock.pass(10)
    assert.deepEqual(await ref.ask.all(), ['ERR_ACTOR_RECEIVE'])
  })

  test('a matcher that throws ends the actor as its handler would', async () => {
    const { system, clock, reports } = stand()
    const ref = system.spawn(Reader)
    ref.tell.bad()
    ref.tell.note(1)
    await clock.settle()
    assert.equal(ref.isDead, true)
    assert.equal((reports[0]!.reason as Error).message, 'of the matcher')
  })

  test('signals can be received, before those that wait for their handlers', async () => {
    const { system, clock } = stand()
    const victim = system.spawn(Reader)
    const ref = system.spawn(Reader)
    ref.tell.awaitDown(victim)
    ref.tell.note('after')
    await clock.settle()
    system.exit(victim, 'gone')
    await clock.settle()
    assert.deepEqual(await ref.ask.all(), ['down by receive: gone', 'after'])
  })

  test('an ask that was received and not answered fails with the actor', async () => {
    const { system, clock } = stand()
    const door = gate()
    class Taker extends Actor {
      async take(): Promise<void> {
        await this.receive(({ method }) => method === 'question')
        await door.passed
      }
      question(): void {}
    }
    const ref = system.spawn(Taker)
    ref.tell.take()
    const asked = assert.rejects(ref.ask.question(), { code: 'ERR_ACTOR_DOWN', reason: 'killed' })
    await clock.settle()
    system.exit(ref, 'kill')
    await asked
    door.open()
    await clock.settle()
  })

  test('an actor that waits can be ended; its receive ends with it', async () => {
    const { system, clock } = stand()
    const ref = system.spawn(Reader)
    ref.tell.holds()
    await clock.settle()
    const down = system.whenDown(ref)
    system.exit(ref, 'shutdown')
    assert.equal((await down).reason, 'shutdown')
    await clock.settle()
  })
})

test('any mix of messages and receives: each takes the oldest match, all are handled once, the rest in order', async () => {
  const step = fc.oneof(
    fc.record({ say: fc.constantFrom('note', 'other'), value: fc.nat() }),
    fc.constant('turn' as const),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, isAlways) => {
      const { system, clock } = standOf(isAlways ? 'always' : 'remote')
      const ref = system.spawn(Reader)
      const said: { say: string; value: number }[] = []
      ref.tell.take('other')
      for (const each of steps) {
        if (each === 'turn') await clock.settle()
        else {
          said.push(each)
          if (each.say === 'note') ref.tell.note(each.value)
          else ref.tell.other(each.value)
        }
      }
      const at = said.findIndex(({ say }) => say === 'other')
      if (at < 0) ref.tell.other('last')
      await clock.settle()
      const rest = said
        .filter((_, i) => i !== at)
        .map(({ say, value }) => (say === 'note' ? value : `other ${value}`))
      const first = ['took', at < 0 ? 'last' : said[at]!.value]
      assert.deepEqual(await ref.ask.all(), [first, ...rest])
    }),
  )
})
