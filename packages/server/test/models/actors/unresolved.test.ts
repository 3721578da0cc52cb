// What waits for an actor that is being looked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actor } from 'holdline/actors'
import type { AnyRef, Ref } from 'holdline/actors'
import { Monitor, unwatch, watch } from '../../../src/models/actors/links-and-monitors.ts'
import { Unresolved } from '../../../src/models/actors/unresolved.ts'
import { standOf } from './stand.ts'

class Room extends Actor {
  seen: unknown[] = []

  note(value: unknown): void {
    this.seen.push(value)
  }

  all(): unknown[] {
    return this.seen
  }

  bind(ref: AnyRef): void {
    this.link(ref)
  }

  loosen(ref: AnyRef): void {
    this.unlink(ref)
  }
}

function looking() {
  const stand = standOf('remote')
  const { system } = stand
  system.know(Room)
  const errors: unknown[] = []
  const unresolved = new Unresolved('Room', 'lobby', (error) => void errors.push(error))
  const ref = system.newRef('Room') as Ref<Room>
  ref.away = unresolved
  const found = (): void => {
    system.start(Room, [], { ref })
    unresolved.resolved(null)
  }
  const lost = (): void => {
    ref.away = null
    unresolved.resolved('noconnection')
  }
  return { ...stand, ref, errors, found, lost }
}

test('all of it goes on in order, as it was when it was sent', async () => {
  const { ref, found } = looking()
  const value = { n: 1 }
  ref.tell.note(value)
  value.n = 2
  const asked = ref.ask.all()
  ref.tell.note(value)
  found()
  assert.deepEqual(await asked, [{ n: 1 }, { n: 2 }])
})

test('an ask that was given up meanwhile is not made', async () => {
  const { clock, ref, found } = looking()
  const asked = assert.rejects(ref.ask({ timeoutMs: 5 }).note('late'), {
    code: 'ERR_ACTOR_TIMEOUT',
  })
  await clock.pass(5)
  await asked
  found()
  await clock.settle()
  assert.deepEqual(await ref.ask.all(), [])
})

test('no more than 1,024 wait', async () => {
  const { ref } = looking()
  for (let i = 0; i < 1_024; i++) ref.tell.note(i)
  assert.throws(() => ref.tell.note(0), { code: 'ERR_ACTOR_MAILBOX_FULL', message: /Room/ })
  await assert.rejects(ref.ask.all(), { code: 'ERR_ACTOR_MAILBOX_FULL' })
})

test('where none is found, asks fail with the reason, and monitors and links are told noproc', async () => {
  const { system, clock, ref, lost } = looking()
  const asked = assert.rejects(ref.ask.all(), { code: 'ERR_ACTOR_DOWN', reason: 'noconnection' })
  const down = system.whenDown(ref)
  const linked = system.spawn(Room)
  linked.tell.bind(ref)
  await clock.settle()
  lost()
  await asked
  assert.equal((await down).reason, 'noproc')
  assert.equal(linked.isDead, true)
})

test('links, their undoing, exit signals and monitors that were taken back wait too', async () => {
  const { system, clock, ref, found } = looking()
  const [linked, loosened] = [system.spawn(Room), system.spawn(Room)]
  for (const each of [linked, loosened]) each.tell.bind(ref)
  loosened.tell.loosen(ref)
  await clock.settle()
  let told = 0
  const monitor = new Monitor(ref, { down: () => void told++ })
  watch(monitor)
  unwatch(monitor)
  system.exit(ref, 'later')
  found()
  await clock.settle()
  assert.deepEqual([ref.isDead, linked.isDead, loosened.isDead, told], [true, true, false, 0])
})

test('a monitor that was taken back meanwhile leaves nothing with the actor', () => {
  const { ref, found } = looking()
  const monitor = new Monitor(ref, { down: () => {} })
  watch(monitor)
  unwatch(monitor)
  found()
  assert.equal(ref.cell!.relations, null)
})

test('what fails when it goes on is reported, and the rest goes on', async () => {
  const { system, clock, ref, errors } = looking()
  class Small extends Room {
    static readonly mailbox = { limit: 1, onFull: 'refuse' } as const
  }
  for (const n of [1, 2]) ref.tell.note(n)
  const asked = assert.rejects(ref.ask.all(), { code: 'ERR_ACTOR_MAILBOX_FULL' })
  const unresolved = ref.away as Unresolved
  system.start(Small, [], { ref })
  unresolved.resolved(null)
  await asked
  await clock.settle()
  assert.deepEqual(await ref.ask.all(), [1])
  assert.deepEqual(
    errors.map((error) => (error as { code: string }).code),
    ['ERR_ACTOR_MAILBOX_FULL'],
  )
})
