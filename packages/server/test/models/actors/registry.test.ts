// Names, and keys with one owner; the mesh is what a test says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actor } from 'holdline/actors'
import type { AnyRef } from 'holdline/actors'
import type { WorkerMesh } from '../../../src/connection/worker-mesh.ts'
import { Registry } from '../../../src/models/actors/registry.ts'
import type { Remote } from '../../../src/models/actors/remote.ts'
import { standOf } from './stand.ts'

class Room extends Actor {
  constructor(_key = '') {
    super()
  }
}

interface Claims {
  /** Answers of the mesh, one after the other; the last one again and again. */
  readonly owners: number[]
  /** What the owner says of the actor. */
  readonly ids: number[]
}

function registryOf(claims: Claims | null = null) {
  const { system, clock } = standOf('remote')
  system.know(Room)
  const log: string[] = []
  const failures: unknown[] = []
  let failsToStart = false
  const registry = new Registry({
    startKeyed: (ref, key) => {
      log.push(`start ${key}`)
      if (failsToStart) throw new Error('no start')
      system.start(Room, [key], { ref, key })
    },
    newRef: (name) => system.newRef(name),
    bindRemote: (ref, workerId, id) => {
      log.push(`bind ${workerId}.${id}`)
      ref.id = id
    },
    reportFailure: (error) => void failures.push(error),
  })
  if (claims !== null) {
    const next = (list: number[]): number => (list.length > 1 ? list.shift()! : list[0]!)
    const mesh = {
      workerId: 1,
      claim: (name: string) => {
        log.push(`claim ${name}`)
        return Promise.resolve(next(claims.owners))
      },
      release: (name: string) => void log.push(`release ${name}`),
    } as unknown as WorkerMesh
    const remote = { peer: () => ({ resolve: () => Promise.resolve(next(claims.ids)) }) }
    registry.join(mesh, remote as unknown as Remote, Promise.resolve())
  }
  const settle = (): Promise<void> => clock.settle()
  const failStarts = (): void => void (failsToStart = true)
  return { system, registry, log, failures, settle, failStarts }
}

test('a name is one actor’s; the same again is nothing; given back it is free', () => {
  const { system, registry } = registryOf()
  const [one, two] = [system.spawn(Room), system.spawn(Room)]
  registry.register('desk', one)
  registry.register('desk', one)
  assert.deepEqual(one.cell!.rare!.names, ['desk'])
  assert.throws(() => registry.register('desk', two), { code: 'ERR_ACTOR_NAME_TAKEN' })
  registry.unregister('desk')
  registry.unregister('desk')
  assert.equal(registry.named('desk'), null)
  assert.deepEqual(one.cell!.rare!.names, [])
  registry.register('desk', two)
  assert.equal(registry.named('desk'), two)
  system.exit(one, 'shutdown')
  assert.throws(() => registry.register('other', one), { code: 'ERR_ACTOR_NAME_UNKNOWN' })
})

test('the names of a dead actor are free, all of them and no other’s', () => {
  const { system, registry } = registryOf()
  const [one, two] = [system.spawn(Room), system.spawn(Room)]
  registry.register('a', one)
  registry.register('b', one)
  registry.register('c', two)
  registry.forget(one.cell!)
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => registry.named(name)),
    [null, null, two],
  )
})

test('a key without a mesh: started once, and again when the actor has ended', () => {
  const { system, registry, log } = registryOf()
  const ref = registry.keyed('Room', 'x') as AnyRef
  assert.equal(registry.keyed('Room', 'x'), ref)
  assert.notEqual(registry.keyed('Room', 'y'), ref)
  system.exit(ref, 'shutdown')
  assert.notEqual(registry.keyed('Room', 'x'), ref)
  assert.deepEqual(log, ['start x', 'start y', 'start x'])
})

test('a start that fails leaves no key behind', () => {
  const { registry, log, failStarts } = registryOf()
  failStarts()
  for (let i = 0; i < 2; i++) assert.throws(() => registry.keyed('Room', 'x'), /no start/)
  assert.deepEqual(log, ['start x', 'start x'])
})

test('a key of this worker: claimed, started here, and given back when the actor ends', async () => {
  const { registry, log, settle } = registryOf({ owners: [1], ids: [0] })
  const ref = registry.keyed('Room', 'x') as AnyRef
  assert.equal(ref.workerId, null)
  assert.equal(await registry.owned('Room', 'x'), ref.id)
  assert.notEqual(ref.id, 0)
  registry.forget(ref.cell!)
  await settle()
  assert.deepEqual(log, ['claim actor:Room/x', 'start x', 'release actor:Room/x'])
  assert.equal(await registry.owned('Room', 'x'), 0)
})

test('a key of another worker: bound; where that one has none any more, the owner is asked for again', async () => {
  const { registry, log, settle } = registryOf({ owners: [2, 2, 3], ids: [0, 0, 9] })
  registry.keyed('Room', 'x')
  await settle()
  const claim = 'claim actor:Room/x'
  assert.deepEqual(log, [claim, claim, claim, 'bind 3.9'])
})

test('a key that nobody keeps: ERR_ACTOR_SYSTEM after 100 tries, and the next one tries anew', async () => {
  const { registry, log, failures, settle } = registryOf({ owners: [2], ids: [0] })
  const ref = registry.keyed('Room', 'x') as AnyRef
  await settle()
  assert.equal(log.length, 100)
  assert.equal((failures[0] as { code: string }).code, 'ERR_ACTOR_SYSTEM')
  assert.equal(ref.isDead, true)
  assert.notEqual(registry.keyed('Room', 'x'), ref)
})

test('a start that fails gives the key back to the machine', async () => {
  const { registry, log, failures, settle, failStarts } = registryOf({ owners: [1], ids: [0] })
  failStarts()
  registry.keyed('Room', 'x')
  await settle()
  assert.deepEqual(log, ['claim actor:Room/x', 'start x', 'release actor:Room/x'])
  assert.deepEqual(
    failures.map((error) => (error as Error).message),
    ['no start'],
  )
})
