// What is said without a system is said to that of the process.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actor, defaultSystem, named, register, spawn, whereis } from 'holdline/actors'

class Desk extends Actor {
  readonly key: string

  constructor(key: string) {
    super()
    this.key = key
  }

  tellKey(): string {
    return this.key
  }
}

test('spawn, register, named and whereis are those of the default system', async () => {
  const ref = spawn(Desk, 'a')
  assert.equal(ref.host, defaultSystem())
  assert.equal(whereis('desk'), null)
  assert.throws(() => named('desk'), { code: 'ERR_ACTOR_NAME_UNKNOWN' })
  register('desk', ref)
  assert.equal(whereis('desk'), ref)
  assert.equal(named('desk'), ref)
  assert.equal(defaultSystem().named('desk'), ref)
  const keyed = whereis(Desk, 'b')
  assert.equal(await keyed.ask.tellKey(), 'b')
  assert.equal(defaultSystem().whereis(Desk, 'b'), keyed)
})
