import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ring } from '../../../src/models/csp/ring.ts'

test('whatever is put in comes out, in order, through any number of turns and growths', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -30, max: 30 }), { maxLength: 60 }), (steps) => {
      const ring = new Ring<number>()
      const expected: number[] = []
      let next = 0
      for (const step of steps) {
        for (let i = 0; i < step; i++) {
          ring.push(next)
          expected.push(next++)
        }
        for (let i = 0; i < -step && expected.length > 0; i++) {
          assert.equal(ring.shift(), expected.shift())
        }
        assert.equal(ring.length, expected.length)
      }
    }),
  )
})

test('what was taken out is not kept alive', async () => {
  const ring = new Ring<object>()
  ring.push({})
  const taken = new WeakRef(ring.shift())
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  await new Promise((resolve) => setImmediate(resolve))
  ;(runInNewContext('gc') as () => void)()
  assert.equal(taken.deref(), undefined)
  assert.equal(ring.length, 0)
})
