// The properties of OTP's supervisors, and a model of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Actor, child, Supervisor } from 'holdline/actors'
import type { AnyRef, ChildSpec, ExitReason, Ref, Restart, Strategy } from 'holdline/actors'
import { bothWays, plain, standOf } from './stand.ts'
import type { Stand } from './stand.ts'

let log: string[] = []
/** Children that fail to start, by their id. */
const failing = new Set<string>()

class Child extends Actor {
  readonly #id: string

  constructor(id: string, traps = false) {
    super()
    this.#id = id
    this.trapExit = traps
    if (failing.has(id)) throw new Error(`${id} cannot start`)
  }

  override async started(): Promise<void> {
    await Promise.resolve()
    log.push(`+${this.#id}`)
  }

  override stopped(reason: ExitReason): void {
    log.push(`-${this.#id} ${plain(reason)}`)
  }

  async busy(): Promise<void> {
    await new Promise(() => {})
  }
}

const spec = (
  id: string,
  restart: Restart = 'permanent',
  more: Partial<ChildSpec> = {},
): ChildSpec => ({ id, Class: Child, args: [id], restart, ...more })

async function refOf(supervisor: Ref<Supervisor>, id: string): Promise<AnyRef> {
  const states = await supervisor.ask.whichChildren()
  return states.find((state) => state.id === id)!.ref!
}

async function ids({ clock }: Stand, supervisor: Ref<Supervisor>): Promise<string[]> {
  await clock.settle()
  const states = await supervisor.ask.whichChildren()
  return states.map(({ id, ref }) => (ref === null ? `(${id})` : id))
}

bothWays('supervisors', (stand) => {
  test('start in order, one after the other; stop in reverse', async () => {
    const { system, clock } = stand()
    log = []
    const supervisor = system.spawn(Supervisor, { children: [spec('a'), spec('b'), spec('c')] })
    await clock.settle()
    assert.deepEqual(log, ['+a', '+b', '+c'])
    log = []
    const down = system.whenDown(supervisor)
    system.exit(supervisor, 'shutdown')
    await clock.settle()
    assert.deepEqual(log, ['-c shutdown', '-b shutdown', '-a shutdown'])
    assert.equal((await down).reason, 'shutdown')
    assert.equal(system.actorCount, 0)
  })

  test('a child that does not start: those before it are stopped in reverse, and the supervisor fails', async () => {
    const { system, clock } = stand()
    log = []
    failing.add('c')
    const supervisor = system.spawn(Supervisor, { children: [spec('a'), spec('b'), spec('c')] })
    const down = system.whenDown(supervisor)
    await clock.settle()
    failing.clear()
    assert.deepEqual(log, ['+a', '+b', '-b shutdown', '-a shutdown'])
    assert.match(plain((await down).reason), /A child of a supervisor did not start: c/)
    assert.equal(system.actorCount, 0)
  })

  for (const [strategy, expected] of [
    ['one_for_one', ['-b boom', '+b']],
    ['one_for_all', ['-b boom', '-c shutdown', '-a shutdown', '+a', '+b', '+c']],
    ['rest_for_one', ['-b boom', '-c shutdown', '+b', '+c']],
  ] as const) {
    test(`${strategy}: who is started again with the one that failed`, async () => {
      const each = stand()
      const children = [spec('a'), spec('b'), spec('c')]
      const supervisor = each.system.spawn(Supervisor, { strategy, children })
      await each.clock.settle()
      log = []
      each.system.exit(await refOf(supervisor, 'b'), 'boom')
      assert.deepEqual(await ids(each, supervisor), ['a', 'b', 'c'])
      assert.deepEqual(log, expected)
    })
  }

  test('transient restarts only abnormal exits, temporary never, permanent always', async () => {
    const each = stand()
    const children = [spec('p'), spec('t', 'transient'), spec('n', 'temporary')]
    const supervisor = each.system.spawn(Supervisor, { children, intensity: 9 })
    await each.clock.settle()
    for (const id of ['p', 't']) each.system.exit(await refOf(supervisor, id), 'boom')
    assert.deepEqual(await ids(each, supervisor), ['p', 't', 'n'])
    for (const id of ['p', 't', 'n']) each.system.exit(await refOf(supervisor, id), 'shutdown')
    assert.deepEqual(await ids(each, supervisor), ['p', '(t)'])
  })

  test('temporary is not started again, even under one_for_all', async () => {
    const each = stand()
    const children = [spec('a'), spec('n', 'temporary'), spec('c')]
    const supervisor = each.system.spawn(Supervisor, { strategy: 'one_for_all', children })
    await each.clock.settle()
    log = []
    each.system.exit(await refOf(supervisor, 'a'), 'boom')
    assert.deepEqual(await ids(each, supervisor), ['a', 'c'])
    assert.deepEqual(log, ['-a boom', '-c shutdown', '-n shutdown', '+a', '+c'])
  })

  test('more than intensity restarts within the period: all children stop, then itself with shutdown', async () => {
    const { system, clock, reports } = stand()
    const supervisor = system.spawn(Supervisor, { children: [spec('a'), spec('b')] })
    const down = system.whenDown(supervisor)
    await clock.settle()
    system.exit(await refOf(supervisor, 'a'), 'one')
    await clock.pass(4_999)
    assert.equal(supervisor.isDead, false)
    system.exit(await refOf(supervisor, 'a'), 'two')
    await clock.settle()
    assert.equal((await down).reason, 'shutdown')
    assert.equal(system.actorCount, 0)
    const codes = reports.map(({ reason }) => (reason as { code?: string }).code ?? reason)
    assert.deepEqual(codes, ['one', 'two', 'ERR_ACTOR_RESTARTS'])
  })

  test('restarts that are further apart than the period are none too many', async () => {
    const { system, clock } = stand()
    const supervisor = system.spawn(Supervisor, { children: [spec('a')] })
    await clock.settle()
    for (let i = 0; i < 5; i++) {
      system.exit(await refOf(supervisor, 'a'), 'boom')
      await clock.pass(5_001)
    }
    assert.equal(supervisor.isDead, false)
  })

  test('shutdown is polite, then a timeout, then kill', async () => {
    const { system, clock } = stand()
    const stubborn = child({ id: 's', Class: Child, args: ['s', true], shutdownMs: 100 })
    const supervisor = system.spawn(Supervisor, { children: [stubborn] })
    await clock.settle()
    const ref = (await refOf(supervisor, 's')) as Ref<Child>
    const down = system.whenDown(ref)
    ref.tell.busy()
    await clock.settle()
    system.exit(supervisor, 'shutdown')
    await clock.pass(99)
    assert.equal(ref.isDead, false)
    await clock.pass(1)
    assert.equal((await down).reason, 'killed')
    assert.equal(supervisor.isDead, true)
  })

  test('shutdownMs 0 kills at once', async () => {
    const { system, clock } = stand()
    const supervisor = system.spawn(Supervisor, {
      children: [spec('a', 'permanent', { shutdownMs: 0 })],
    })
    await clock.settle()
    const down = system.whenDown(await refOf(supervisor, 'a'))
    system.exit(supervisor, 'shutdown')
    assert.equal((await down).reason, 'killed')
  })

  test('a start that fails again is tried again, and counts as a restart', async () => {
    const { system, clock, reports } = stand()
    const supervisor = system.spawn(Supervisor, { children: [spec('a')], intensity: 3 })
    await clock.settle()
    const ref = await refOf(supervisor, 'a')
    failing.add('a')
    const down = system.whenDown(supervisor)
    system.exit(ref, 'boom')
    await clock.settle()
    failing.clear()
    assert.equal((await down).reason, 'shutdown')
    const codes = reports.map(({ reason }) => (reason as { code?: string }).code ?? reason)
    assert.deepEqual(codes, ['boom', ...Array(3).fill('ERR_ACTOR_START'), 'ERR_ACTOR_RESTARTS'])
  })

  test('a name of a child belongs to whichever runs', async () => {
    const { system, clock } = stand()
    const supervisor = system.spawn(Supervisor, {
      children: [spec('a', 'permanent', { name: 'desk' })],
    })
    await clock.settle()
    const first = system.named('desk')
    system.exit(first, 'boom')
    await clock.settle()
    assert.notEqual(system.named('desk'), first)
    assert.ok(system.named('desk').equals(await refOf(supervisor, 'a')))
  })

  test('children can be added, stopped, started again and deleted; what cannot be done is refused', async () => {
    const { system, clock } = stand()
    const supervisor = system.spawn(Supervisor, {})
    const ref = await supervisor.ask.startChild(spec('a'))
    assert.equal(ref.isDead, false)
    await assert.rejects(supervisor.ask.startChild(spec('a')), { code: 'ERR_ACTOR_CHILD' })
    await assert.rejects(supervisor.ask.deleteChild('a'), { code: 'ERR_ACTOR_CHILD' })
    await assert.rejects(supervisor.ask.restartChild('a'), { code: 'ERR_ACTOR_CHILD' })
    await supervisor.ask.terminateChild('a')
    assert.equal(ref.isDead, true)
    await clock.settle()
    assert.deepEqual(await supervisor.ask.whichChildren(), [
      { id: 'a', ref: null, restart: 'permanent' },
    ])
    await supervisor.ask.restartChild('a')
    await supervisor.ask.terminateChild('a')
    await supervisor.ask.deleteChild('a')
    await assert.rejects(supervisor.ask.terminateChild('a'), { code: 'ERR_ACTOR_CHILD' })
    failing.add('bad')
    await assert.rejects(supervisor.ask.startChild(spec('bad')), { code: 'ERR_ACTOR_CHILD' })
    failing.clear()
    assert.equal(system.actorCount, 1)
  })

  test('a signal of a stranger does not stop it', async () => {
    const { system, clock } = stand()
    class Stranger extends Actor {
      disturb(ref: AnyRef): void {
        this.sendExit(ref, 'shutdown')
      }
    }
    const supervisor = system.spawn(Supervisor, {})
    system.spawn(Stranger).tell.disturb(supervisor)
    await clock.settle()
    assert.equal(supervisor.isDead, false)
  })

  test('options that cannot be: ERR_OPTION_INVALID, and an id twice', async () => {
    const { system, clock } = stand()
    for (const options of [
      { strategy: 'all' as Strategy },
      { intensity: -1 },
      { intensity: 0.5 },
      { periodMs: 0 },
    ]) {
      assert.throws(() => system.spawn(Supervisor, options), { code: 'ERR_OPTION_INVALID' })
    }
    const twice = system.whenDown(system.spawn(Supervisor, { children: [spec('a'), spec('a')] }))
    await clock.settle()
    assert.match(plain((await twice).reason), /a twice/)
  })
})

test('supervisors against a model: any strategy, any restarts, any ends', async () => {
  const restarts = fc.constantFrom<Restart>('permanent', 'transient', 'temporary')
  const end = fc.tuple(
    fc.nat({ max: 4 }),
    fc.constantFrom('normal', 'boom'),
    fc.nat({ max: 3_000 }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one'),
      fc.array(restarts, { minLength: 1, maxLength: 5 }),
      fc.nat({ max: 3 }),
      fc.array(end, { maxLength: 12 }),
      fc.constantFrom('remote' as const, 'always' as const),
      async (strategy, kinds, intensity, ends, serialize) => {
        const each = standOf(serialize)
        const { system, clock } = each
        const children = kinds.map((kind, i) => spec(String(i), kind))
        const supervisor = system.spawn(Supervisor, { strategy, intensity, children })
        await clock.settle()
        let model = kinds.map((kind, i) => ({ id: String(i), kind, runs: true }))
        let times: number[] = []
        let isUp = true
        for (const [number, reason, ms] of ends) {
          await clock.pass(ms)
          const at = model.findIndex(({ id, runs }) => id === String(number) && runs)
          if (!isUp || at < 0) continue
          const hit = model[at]!
          const ref = await refOf(supervisor, hit.id)
          if (reason === 'boom') system.exit(ref, 'boom')
          else ref.cell!.stop('normal')
          await clock.settle()
          hit.runs = false
          const again = hit.kind === 'permanent' || (hit.kind === 'transient' && reason === 'boom')
          if (!again) {
            if (hit.kind === 'temporary') model = model.filter((other) => other !== hit)
            continue
          }
          times = [...times.filter((time) => time >= clock.now() - 5_000), clock.now()]
          if (times.length > intensity) {
            isUp = false
            continue
          }
          const from = strategy === 'one_for_one' ? at : strategy === 'one_for_all' ? 0 : at
          const to = strategy === 'one_for_one' ? at + 1 : model.length
          model = model.filter((other, i) => i < from || i >= to || other.kind !== 'temporary')
          for (const [i, other] of model.entries()) {
            if (strategy === 'one_for_one' ? other === hit : i >= from) other.runs = true
          }
        }
        assert.equal(supervisor.isDead, !isUp)
        if (!isUp) return assert.equal(system.actorCount, 0)
        const expected = model.map(({ id, runs }) => (runs ? id : `(${id})`))
        assert.deepEqual(await ids(each, supervisor), expected)
        return assert.equal(system.actorCount, 1 + model.filter(({ runs }) => runs).length)
      },
    ),
    { numRuns: 200 },
  )
})
