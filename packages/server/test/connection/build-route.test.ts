// A route out of a model's options: what is set is passed on, what is not set stays unset.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildRoute } from '../../src/connection/build-route.ts'
import type { Behavior } from '../../src/connection/connection.ts'
import type { RouteOptions } from '../../src/connection/route.ts'

const behavior = (): Behavior<never> => ({ message: () => {}, close: () => {} })

test('a route without options has its behavior and the name of its model, and nothing else', () => {
  const route = buildRoute('test', {}, behavior())
  assert.deepEqual(Object.keys(route).toSorted(), ['behavior', 'model'])
  assert.equal(route.model, 'test')
})

test('every option of a route is passed on, even where it says no', () => {
  const options: Required<Omit<RouteOptions, 'upgrade'>> = {
    limits: { messageBytes: 1 },
    origins: 'any',
    subprotocols: ['a'],
    deflate: false,
    keepalive: false,
  }
  const { model: _, behavior: __, ...passed } = buildRoute('test', options, behavior())
  assert.deepEqual(passed, options)
})

test("what is the model's own stays with the model", () => {
  const route = buildRoute('test', { limits: {}, message: () => {} } as RouteOptions, behavior())
  assert.deepEqual(Object.keys(route).toSorted(), ['behavior', 'limits', 'model'])
})

test('`upgrade` is called on the object that it was written in', () => {
  const options = {
    user: 'ann',
    upgrade(): { data: string } {
      return { data: this.user }
    },
  }
  const { upgrade } = buildRoute<string>('test', options, behavior())
  assert.deepEqual(upgrade!(undefined as never), { data: 'ann' })
})

test('a model that talks with other workers says how it joins and leaves them', () => {
  const join = (): void => {}
  const leave = (): Promise<void> => Promise.resolve()
  const route = buildRoute('test', {}, behavior(), join, leave)
  assert.deepEqual([route.join, route.leave], [join, leave])
})

test('neither the route nor its behavior changes any more', () => {
  const route = buildRoute('test', {}, behavior())
  assert.ok(Object.isFrozen(route))
  assert.ok(Object.isFrozen(route.behavior))
})
