// Actors of several workers: what one process keeps is kept between them, and what is lost with a worker is told. The
// workers are in this process; their mesh delivers at the end of a turn, or by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Actor, ActorSystem, self } from 'holdline/actors'
import type { ActorReport, AnyRef, Down, Exit, ExitReason, Ref } from 'holdline/actors'
import { FakeClock } from 'holdline/testing'
import { MemoryMesh } from '../../../src/testing/memory-mesh.ts'
import { plain } from './stand.ts'

class Room extends Actor {
  readonly key: string
  seen: unknown[] = []

  constructor(key: string) {
    super()
    this.key = key
  }

  note(value: unknown): void {
    this.seen.push(value)
  }

  all(): unknown[] {
    return this.seen
  }

  where(): number {
    return this.system.workerId
  }

  me(): Ref<Room> {
    return self<Room>(this)
  }

  watch(ref: AnyRef): void {
    this.monitor(ref)
  }

  linkTo(ref: AnyRef): void {
    this.link(ref)
  }

  trap(): void {
    this.trapExit = true
  }

  override down({ reason }: Down): void {
    this.seen.push(`down ${plain(reason)}`)
  }

  override exit({ reason }: Exit): void {
    this.seen.push(`exit ${plain(reason)}`)
  }

  quit(reason: ExitReason): void {
    this.stop(reason)
  }

  crash(): void {
    throw new RangeError('meant')
  }

  give(): unknown {
    return () => {}
  }

  async never(): Promise<void> {
    await new Promise(() => {})
  }
}

class Small extends Room {
  static readonly mailbox = { limit: 2, onFull: 'refuse' } as const
}

interface Workers {
  readonly mesh: MemoryMesh
  readonly clock: FakeClock
  readonly reports: ActorReport[]
  system(id: number): ActorSystem
}

function workers(count: number): Workers {
  const mesh = new MemoryMesh()
  const clock = new FakeClock()
  const reports: ActorReport[] = []
  const report = (told: ActorReport): void => void reports.push(told)
  const systems = Array.from({ length: count }, (_, i) => {
    const system = new ActorSystem({ clock, report, mesh: mesh.worker(i + 1) })
    system.know(Room, Small)
    return system
  })
  return { mesh, clock, reports, system: (id) => systems[id - 1]! }
}

/** Rooms that worker 1 owns, as worker 2 refers to them. */
async function roomOf(all: Workers, key: string, owner = 1, from = 2): Promise<Ref<Room>> {
  const there = all.system(owner).whereis(Room, key)
  assert.equal(await there.ask.where(), owner)
  const here = all.system(from).whereis(Room, key)
  assert.equal(await here.ask.where(), owner)
  return here
}

const settled = ({ mesh }: Workers): Promise<void> => mesh.settle()

test('a named actor has one owner on the machine, whoever asks', async () => {
  const all = workers(3)
  const refs = [1, 2, 3].map((id) => all.system(id).whereis(Room, 'lobby'))
  const owners = await Promise.all(refs.map((ref) => ref.ask.where()))
  assert.equal(new Set(owners).size, 1)
  assert.equal(all.system(2).whereis(Room, 'lobby'), refs[1])
})

test('a reference may be used at once: what is sent before it is resolved arrives, in order', async () => {
  const all = workers(2)
  await roomOf(all, 'other')
  all.system(1).whereis(Room, 'lobby')
  await settled(all)
  const ref = all.system(2).whereis(Room, 'lobby')
  for (let i = 0; i < 500; i++) ref.tell.note(i)
  const asked = ref.ask.all()
  for (let i = 500; i < 600; i++) ref.tell.note(i)
  assert.deepEqual(
    await asked,
    Array.from({ length: 500 }, (_, i) => i),
  )
  ref.tell.note('then')
  const all600 = await ref.ask.all()
  assert.deepEqual(all600, [...Array.from({ length: 600 }, (_, i) => i), 'then'])
})

test('before it is resolved it holds no more than a bound: ERR_ACTOR_MAILBOX_FULL', async () => {
  const all = workers(1)
  const ref = all.system(1).whereis(Room, 'lobby')
  for (let i = 0; i < 1_024; i++) ref.tell.note(i)
  assert.throws(() => ref.tell.note('more'), { code: 'ERR_ACTOR_MAILBOX_FULL' })
  await assert.rejects(ref.ask.all(), { code: 'ERR_ACTOR_MAILBOX_FULL' })
  await settled(all)
  assert.equal((await ref.ask.all()).length, 1_024)
})

test('messages that cannot travel are the error of their sender, resolved or not', async () => {
  const all = workers(2)
  const unresolved = all.system(2).whereis(Room, 'x')
  assert.throws(() => unresolved.tell.note(() => {}), { code: 'ERR_ACTOR_MESSAGE' })
  const ref = await roomOf(all, 'lobby')
  assert.throws(() => ref.tell.note(Symbol('x')), { code: 'ERR_ACTOR_MESSAGE' })
  await assert.rejects(ref.ask.give(), { code: 'ERR_ACTOR_MESSAGE' })
  assert.equal(await ref.ask.where(), 1)
})

test('references travel, and stand for one actor by one reference in each worker', async () => {
  const all = workers(2)
  const ref = await roomOf(all, 'lobby')
  const me = await ref.ask.me()
  assert.ok(me.equals(ref))
  assert.equal(me, await ref.ask.me())
  const local = all.system(2).spawn(Room, 'local')
  ref.tell.note(local)
  const [back] = (await ref.ask.all()) as [AnyRef]
  assert.equal(back, local)
  const keyed = all.system(2).whereis(Room, 'third')
  ref.tell.note(keyed)
  const [, third] = (await ref.ask.all()) as [AnyRef, AnyRef]
  assert.ok(third.equals(keyed))
})

test('call: the end of who was asked fails the caller at once, with its reason', async () => {
  const all = workers(2)
  const ref = await roomOf(all, 'lobby')
  await assert.rejects(ref.ask.crash(), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'ERR_ACTOR_DOWN')
    assert.equal((error.cause as Error).name, 'RangeError')
    assert.equal((error.cause as Error).message, 'meant')
    return true
  })
  await assert.rejects(ref.ask.where(), { code: 'ERR_ACTOR_DOWN', reason: 'noproc' })
})

test('call: a timeout, and late replies are dropped', async () => {
  const all = workers(2)
  const ref = await roomOf(all, 'lobby')
  const asked = assert.rejects(ref.ask({ timeoutMs: 10 }).where(), { code: 'ERR_ACTOR_TIMEOUT' })
  all.clock.advance(10)
  await asked
  await settled(all)
  assert.equal(await ref.ask.where(), 1)
})

test('a method that the class there does not have: ERR_ACTOR_METHOD to who asks, a report for a tell', async () => {
  const all = workers(2)
  const ref = await roomOf(all, 'lobby')
  class Newer extends Room {
    static readonly actorName = 'Newer'
    later(): void {}
  }
  const newer = all.system(2).spawn(Newer, 'x')
  const { methods } = newer.cell!.kind.protocol
  await assert.rejects(ref.request(methods.get('later')!, [], 1_000), { code: 'ERR_ACTOR_METHOD' })
  ref.send(methods.get('later')!, [])
  await settled(all)
  assert.deepEqual(
    all.reports.map(({ reason }) => (reason as { code?: string }).code),
    ['ERR_ACTOR_METHOD'],
  )
})

test('links and monitors reach over workers: end, normal end, noproc, taken back', async () => {
  const all = workers(2)
  const ref = await roomOf(all, 'lobby')
  const here = all.system(2).spawn(Room, 'here')
  const linked = all.system(2).spawn(Room, 'linked')
  here.tell.trap()
  here.tell.watch(ref)
  here.tell.watch(ref)
  here.tell.linkTo(ref)
  linked.tell.linkTo(ref)
  await settled(all)
  const down = all.system(2).whenDown(linked)
  ref.tell.crash()
  await settled(all)
  assert.deepEqual(((await here.ask.all()) as string[]).toSorted(), [
    'down meant',
    'down meant',
    'exit meant',
  ])
  assert.equal(plain((await down).reason), 'meant')
  here.tell.watch(await ref.ask.me().catch(() => ref))
  await settled(all)
  assert.equal(((await here.ask.all()) as string[]).at(-1), 'down noproc')
})

test('a link ends the other side too, and one to a dead actor is noproc', async () => {
  const all = workers(2)
  const ref = await roomOf(all, 'lobby')
  const here = all.system(2).spawn(Room, 'here')
  here.tell.linkTo(ref)
  await settled(all)
  const down = all.system(2).whenDown(ref)
  all.system(2).exit(here, 'boom')
  assert.equal((await down).reason, 'boom')
  const late = all.system(2).spawn(Room, 'late')
  const known = await roomOf(all, 'second')
  const alias = await known.ask.me()
  known.tell.quit('normal')
  late.tell.trap()
  late.tell.linkTo(alias)
  await settled(all)
  assert.deepEqual(await late.ask.all(), ['exit noproc'])
})

test('a dead worker: monitors fire exactly one DOWN noconnection, links get it, asks reject at once', async () => {
  const all = workers(2)
  const ref = await roomOf(all, 'lobby')
  const here = all.system(2).spawn(Room, 'here')
  const linked = all.system(2).spawn(Room, 'linked')
  here.tell.watch(ref)
  linked.tell.linkTo(ref)
  const down = all.system(2).whenDown(linked)
  await settled(all)
  const asked = assert.rejects(ref.ask.never(), { code: 'ERR_ACTOR_DOWN', reason: 'noconnection' })
  all.mesh.kill(1, 0)
  await settled(all)
  await asked
  assert.deepEqual(await here.ask.all(), ['down noconnection'])
  assert.equal((await down).reason, 'noconnection')
  await assert.rejects(ref.ask.where(), { code: 'ERR_ACTOR_DOWN' })
  ref.tell.note('silent')
})

test('a dead worker: the next whereis starts the actor here', async () => {
  const all = workers(3)
  const ref = await roomOf(all, 'lobby')
  all.mesh.kill(1)
  await settled(all)
  const next = all.system(2).whereis(Room, 'lobby')
  assert.notEqual(next, ref)
  assert.equal(await next.ask.where(), 2)
  assert.equal(await all.system(3).whereis(Room, 'lobby').ask.where(), 2)
})

test('an actor that ended: the next whereis starts it, wherever it is asked for', async () => {
  const all = workers(2)
  const ref = await roomOf(all, 'lobby')
  ref.tell.quit('normal')
  await settled(all)
  assert.equal(await all.system(2).whereis(Room, 'lobby').ask.where(), 2)
})

test('a full mailbox of another worker refuses the ask; a tell is reported there', async () => {
  const all = workers(2)
  const there = all.system(1).whereis(Small, 'x')
  await there.ask.where()
  const ref = all.system(2).whereis(Small, 'x')
  await ref.ask.where()
  ref.tell.never()
  await settled(all)
  for (let i = 0; i < 2; i++) ref.tell.note(i)
  const asked = ref.ask.where()
  ref.tell.note('more')
  await assert.rejects(asked, { code: 'ERR_ACTOR_MAILBOX_FULL' })
  await settled(all)
  assert.equal((all.reports[0]!.reason as { code?: string }).code, 'ERR_ACTOR_MAILBOX_FULL')
})

test('bytes that nobody of this version writes are reported, and nothing more', async () => {
  const all = workers(2)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
      all.mesh.worker(2).send(1, bytes)
      await settled(all)
    }),
    { numRuns: 300 },
  )
  assert.equal(await (await roomOf(all, 'lobby')).ask.where(), 1)
})

test('what was started before the mesh was joined is claimed; where that is too late, it ends', async () => {
  const mesh = new MemoryMesh()
  const reports: ActorReport[] = []
  const report = (told: ActorReport): void => void reports.push(told)
  const systems = [1, 2].map(() => new ActorSystem({ report }))
  const refs = systems.map((system) => system.whereis(Room, 'lobby'))
  for (const [i, system] of systems.entries()) await system.join(mesh.worker(i + 1))
  await mesh.settle()
  assert.deepEqual(
    refs.map(({ isDead }) => isDead),
    [false, true],
  )
  assert.equal((reports[0]!.reason as { code?: string }).code, 'ERR_ACTOR_NAME_TAKEN')
  await systems[0]!.join(mesh.worker(1))
  await assert.rejects(systems[0]!.join(mesh.worker(3)), { code: 'ERR_ACTOR_SYSTEM' })
  for (const system of systems) await system.stop()
})

test('any order of deliveries between three workers: order from one to another, one owner, one DOWN for a death', async () => {
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), fc.nat({ max: 30 }), async (choices, killAt) => {
      const mesh = new MemoryMesh({ delivery: 'by-hand' })
      const clock = new FakeClock()
      const systems = [1, 2, 3].map((id) => {
        const system = new ActorSystem({ clock, report: () => {}, mesh: mesh.worker(id) })
        system.know(Room)
        return system
      })
      const refs = systems.map((system) => system.whereis(Room, 'lobby'))
      const watchers = systems.map((system) => system.spawn(Room, 'watcher'))
      for (const [i, ref] of refs.entries()) {
        watchers[i]!.tell.watch(ref)
        for (let n = 0; n < 5; n++) ref.tell.note([i, n])
      }
      let isKilled = false
      for (let step = 0; step < 400; step++) {
        await clock.settle()
        const { waiting } = mesh
        if (step === killAt) {
          isKilled = true
          mesh.kill(1, choices.next().value! % 4)
          continue
        }
        if (waiting.length === 0) {
          if (isKilled || step > killAt) break
          continue
        }
        mesh.deliver(waiting[choices.next().value! % waiting.length])
      }
      await clock.settle()
      while (mesh.deliver()) await clock.settle()
      const living = [1, 2].map((i) => systems[i]!)
      const next = living.map((system) => system.whereis(Room, 'lobby'))
      const asked = Promise.all(next.map((ref) => ref.ask.where()))
      for (let turns = 0; turns < 50; turns++) {
        await clock.settle()
        mesh.deliver()
      }
      const [one, two] = await asked
      assert.equal(one, two)
      assert.notEqual(one, 1)
      const owner = next[one! - 2]!
      const seen = (owner.cell!.actor as unknown as Room).seen as [number, number][]
      for (const i of [0, 1, 2]) {
        const numbers = seen.filter(([from]) => from === i).map(([, n]) => n)
        assert.deepEqual(
          numbers,
          numbers.toSorted((a, b) => a - b),
        )
        assert.equal(new Set(numbers).size, numbers.length)
      }
      for (const i of [1, 2]) {
        const { seen: downs } = watchers[i]!.cell!.actor as unknown as Room
        assert.ok(downs.length <= 1, `${String(downs)}`)
        assert.equal(downs.length === 1, refs[i]!.isDead || refs[i]!.workerId === 1)
      }
    }),
    { numRuns: 200 },
  )
})
