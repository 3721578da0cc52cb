// What a reference does with a message: here, away, or nowhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actor } from 'holdline/actors'
import type { Ref } from 'holdline/actors'
import type { PendingAsk } from '../../../src/models/actors/ask.ts'
import type { Method } from '../../../src/models/actors/actor-class.ts'
import type { AnyRef, Away } from '../../../src/models/actors/ref.ts'
import { standOf } from './stand.ts'

class Room extends Actor {
  seen: unknown[] = []

  note(value: unknown): void {
    this.seen.push(value)
  }

  all(): unknown[] {
    return this.seen
  }
}

class Elsewhere implements Away {
  readonly workerId = 3
  readonly heard: unknown[] = []

  tell(_to: AnyRef, { name }: Method, args: readonly unknown[]): void {
    this.heard.push(['tell', name, args])
  }

  ask(_to: AnyRef, { name }: Method, args: readonly unknown[], ask: PendingAsk): void {
    if (args[0] === 'throw') throw new Error('of the way there')
    this.heard.push(['ask', name, args])
    ask.reply('from there')
  }

  link(): void {}
  unlink(): void {}
  exit(): void {}
  monitor(): void {}
  demonitor(): void {}
}

test('stubs are made once; for a class that is not known yet, when it is', () => {
  const { system } = standOf('remote')
  const ref = system.newRef('Room')
  assert.notEqual(ref.tell, ref.tell)
  assert.equal('note' in ref.tell, false)
  system.know(Room)
  assert.equal('note' in ref.tell, true)
  assert.equal(ref.tell, ref.tell)
  assert.equal(ref.ask, ref.ask)
})

test('what is sent goes to the cell, else away, else nowhere', async () => {
  const { system } = standOf('remote')
  const ref = system.spawn(Room)
  ref.tell.note(1)
  assert.deepEqual(await ref.ask.all(), [1])
  const away = new Elsewhere()
  const there = system.newRef('Room') as Ref<Room>
  there.away = away
  there.tell.note(2)
  assert.equal(await there.ask.note(3), 'from there')
  await assert.rejects(there.ask.note('throw'), { message: 'of the way there' })
  assert.deepEqual(away.heard, [
    ['tell', 'note', [2]],
    ['ask', 'note', [3]],
  ])
  there.away = null
  there.tell.note(4)
  await assert.rejects(there.ask.note(4), { code: 'ERR_ACTOR_DOWN', reason: 'noproc' })
})

test('where every message is serialised, one to the dead is too: a mistake does not wait for a living actor', () => {
  const { system } = standOf('always')
  const ref = system.spawn(Room)
  system.exit(ref, 'shutdown')
  assert.throws(() => ref.tell.note(() => {}), { code: 'ERR_ACTOR_MESSAGE' })
})

test('its worker, its end, its name', () => {
  const { system } = standOf('remote')
  const ref = system.spawn(Room)
  assert.equal(ref.workerId, 0)
  assert.equal(ref.isDead, false)
  assert.equal(ref.toString(), `Room<0.${ref.id}>`)
  system.exit(ref, 'shutdown')
  assert.equal(ref.isDead, true)
  const there = system.newRef('')
  there.away = new Elsewhere()
  assert.equal(there.workerId, 3)
  assert.equal(there.isDead, false)
  assert.equal(there.toString(), 'actor<3.0>')
})

test('two references are equal where one stands for the actor of both', () => {
  const { system } = standOf('remote')
  const [one, two] = [system.spawn(Room), system.spawn(Room)]
  assert.equal(one.equals(two), false)
  assert.equal(one.equals(one), true)
  const other = system.newRef('Room')
  other.canonical = one
  assert.equal(other.equals(one), true)
  assert.equal(one.equals(other), true)
})
