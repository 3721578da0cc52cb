// The example is started as its reader would, and used.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { next, open, withExample } from './run-example.ts'

test('threads: a long query of one connection does not hold up another', () =>
  withExample('threads', async (url) => {
    const [busy, quick] = [await open(`${url}/sum`), await open(`${url}/sum`)]
    let isBusy = true
    // Both threads run.
    for (const line of [busy, quick]) {
      line.send('3')
      assert.equal(await next(line), '6')
    }
    const long = next(busy).then((sum) => {
      isBusy = false
      return sum
    })
    busy.send('3000000')
    quick.send('10')
    assert.equal(await next(quick), '27')
    assert.ok(isBusy)
    assert.equal(await long, '8999997')
    quick.send('many')
    const [code] = (await once(quick, 'close')) as [number]
    assert.equal(code, 4000)
    busy.close()
  }))
