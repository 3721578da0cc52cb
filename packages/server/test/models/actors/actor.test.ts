// What an actor may do itself; what becomes of it, the files of its parts test.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actor, self } from 'holdline/actors'
import type { Ref } from 'holdline/actors'
import { bear } from '../../../src/models/actors/actor.ts'
import { standOf } from './stand.ts'

class Child extends Actor {}

class Parent extends Actor {
  seen: unknown[] = []
  child: Ref<Child> | null = null

  constructor(bearsFirst: boolean) {
    super()
    if (bearsFirst) this.child = this.spawn(Child)
  }

  facts(): unknown[] {
    return [this.self === self<Parent>(this), this.trapExit, this.system.actorCount]
  }

  trap(traps: boolean): void {
    this.trapExit = traps
  }

  name(name: string): void {
    this.register(name)
  }

  bearLinked(): Ref<Child> {
    return this.spawnLink(Child)
  }

  endSelf(): void {
    this.sendExit(this.self, 'normal')
  }

  later(): void {
    this.sendAfter(30, self<Parent>(this), 'note', 'later')
  }

  note(what: string): void {
    this.seen.push(what)
  }

  all(): unknown[] {
    return this.seen
  }
}

test('it knows its reference and its system', async () => {
  const ref = standOf('remote').system.spawn(Parent, false)
  assert.deepEqual(await ref.ask.facts(), [true, false, 1])
  ref.tell.trap(true)
  assert.deepEqual(await ref.ask.facts(), [true, true, 1])
  ref.tell.trap(false)
  assert.deepEqual(await ref.ask.facts(), [true, false, 1])
})

test('an actor that spawns in its constructor is itself, and so is the other', () => {
  const { system } = standOf('remote')
  const ref = system.spawn(Parent, true)
  const parent = ref.cell!.actor as unknown as Parent
  assert.equal(parent.self, ref)
  assert.equal(parent.child!.actorName, 'Child')
  assert.notEqual(parent.child!.id, ref.id)
})

test('made without a place: ERR_ACTOR_CREATION, also after one whose constructor threw', () => {
  const { system } = standOf('remote')
  const cell = system.spawn(Child).cell!
  assert.throws(() => bear(cell, () => assert.fail('the constructor')), {
    message: 'the constructor',
  })
  assert.throws(() => new Child(), { code: 'ERR_ACTOR_CREATION' })
})

test('the names of Actor are no messages', () => {
  const { tell } = standOf('remote').system.spawn(Parent, false)
  for (const name of ['stop', 'spawn', 'link', 'monitor', 'started', 'down', 'exit', 'receive']) {
    assert.equal(name in tell, false, name)
  }
  assert.equal('note' in tell, true)
})

test('spawnLink: the child ends with it', async () => {
  const { system, clock } = standOf('remote')
  const ref = system.spawn(Parent, false)
  const child = await ref.ask.bearLinked()
  system.exit(ref, 'boom')
  await clock.settle()
  assert.equal(child.isDead, true)
})

test('an exit signal normal to itself ends it, from others it does not', async () => {
  const { system, clock } = standOf('remote')
  const ref = system.spawn(Parent, false)
  system.exit(ref, 'normal')
  await clock.settle()
  assert.equal(ref.isDead, false)
  const down = system.whenDown(ref)
  ref.tell.endSelf()
  assert.equal((await down).reason, 'normal')
})

test('it names itself, and sends itself something later', async () => {
  const { system, clock } = standOf('remote')
  const ref = system.spawn(Parent, false)
  ref.tell.name('desk')
  ref.tell.later()
  await clock.pass(29)
  assert.equal(system.named('desk'), ref)
  assert.deepEqual(await ref.ask.all(), [])
  await clock.pass(1)
  assert.deepEqual(await ref.ask.all(), ['later'])
})
