// What travels beyond plain data: references and classes; and a writer that is lent while it is lent.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actor, ActorSystem } from 'holdline/actors'
import type { AnyRef } from 'holdline/actors'
import { MemoryMesh } from '../../../src/testing/memory-mesh.ts'
import { ValueReader } from '../../../src/models/actors/value-reader.ts'
import { Travel } from '../../../src/models/actors/travel.ts'
import { ActorClasses } from '../../../src/models/actors/actor-classes.ts'
import { Registry } from '../../../src/models/actors/registry.ts'
import { standOf } from './stand.ts'

class Room extends Actor {
  constructor(_key = '') {
    super()
  }
}

test('what needs no copy is not copied; all else is', () => {
  const { system } = standOf('always')
  for (const value of ['x', 7, undefined]) assert.equal(system.copy(value), value)
  const list = [1]
  assert.notEqual(system.copy(list), list)
  assert.deepEqual(system.copy(list), list)
})

test('a reference stays itself, living or dead; a class too', () => {
  const { system } = standOf('remote')
  const ref = system.spawn(Room)
  assert.equal(system.copy([ref])[0], ref)
  system.exit(ref, 'shutdown')
  assert.equal(system.copy([ref])[0], ref)
  assert.equal(system.copy([Room])[0], Room)
})

test("another system's reference: ERR_ACTOR_MESSAGE", () => {
  const ref = standOf('remote').system.spawn(Room)
  assert.throws(() => standOf('remote').system.copy([ref]), { code: 'ERR_ACTOR_MESSAGE' })
})

test('a getter that sends while its object is written disturbs neither', () => {
  const { system } = standOf('remote')
  // From the second one on the writer is there already.
  system.copy([1])
  let inner: unknown = null
  const value = {
    before: 'a',
    get during(): string {
      inner = system.copy({ of: ['the', 'getter'] })
      return 'b'
    },
    after: 'c',
  }
  assert.deepEqual(system.copy(value), { before: 'a', during: 'b', after: 'c' })
  assert.deepEqual(inner, { of: ['the', 'getter'] })
})

test('a value that cannot travel leaves the writer as good as new', () => {
  const { system } = standOf('remote')
  assert.throws(() => system.copy(['long before it', () => {}]), { code: 'ERR_ACTOR_MESSAGE' })
  assert.deepEqual(system.copy(['x']), ['x'])
})

test('a class that is not known here: ERR_ACTOR_CLASS_NAME', () => {
  const { system } = standOf('remote')
  const travel = new Travel(system, new ActorClasses(), new Registry(system))
  assert.throws(() => travel.actorClass('Room'), { code: 'ERR_ACTOR_CLASS_NAME', message: /Room/ })
})

test('a reference to another worker’s actor is one, however often it comes', async () => {
  const mesh = new MemoryMesh()
  const system = new ActorSystem({ mesh: mesh.worker(1) })
  const classes = new ActorClasses()
  const registry = new Registry(system)
  const travel = new Travel(system, classes, registry)
  await travel.join(mesh.worker(2))
  const ref = travel.ref(5, 9, 'Elsewhere')
  assert.equal(travel.ref(5, 9, 'Elsewhere'), ref)
  assert.equal(ref.workerId, 5)
  assert.notEqual(travel.ref(6, 9, 'Elsewhere'), ref)
  // One that was there before its actor was known stands for the same.
  const early = system.newRef('Elsewhere')
  travel.bind(early, 5, 9)
  assert.ok(early.equals(ref))
  let back: unknown
  travel.write(
    (writer) => writer.value([early]),
    (bytes) => {
      back = new ValueReader(bytes, travel).value()
    },
  )
  assert.equal((back as AnyRef[])[0], ref)
  await travel.stop()
})
