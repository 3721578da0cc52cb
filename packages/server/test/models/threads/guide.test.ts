// The page of threads is true: the routes in it are talked to. A sample may be two files, named after their samples.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveThreadOptions } from '../../../src/models/threads/options.ts'
import { GuideClient } from '../../guide/guide-client.ts'
import { GuidePage } from '../../guide/guide-page.ts'
import { testCodes, testSamples } from '../../guide/page-tests.ts'

const page = new GuidePage('threads.md')

testSamples(page, {
  'echo-session': null,
  echo: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/echo`)
    await client.exchange('x', 'x')
    await client.close()
  },
  'room-session': null,
  room: async ({ at }) => {
    const ann = new GuideClient(`ws://${at}/room?name=ann`)
    assert.equal(await ann.next(), '1 here')
    const bob = new GuideClient(`ws://${at}/room?name=bob`)
    assert.equal(await bob.next(), '2 here')
    await ann.send('hello')
    assert.equal(await bob.next(), 'ann: hello')
    await ann.close()
    assert.equal(await bob.next(), 'ann left')
    await bob.close()
  },
  'sum-session': null,
  sum: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/sum`)
    await client.exchange('{"add":[1,2,3]}', '{"sum":6}')
    await client.send('{"add":"x"}')
    assert.match(await client.next(), /ERR_MESSAGE_INVALID/)
    await client.close()
  },
})

testCodes(page, 'anywhere', ['ERR_THREAD'])

test('the table of options has each with its default', () => {
  const rows = [...page.text.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)]
  const { clock: _, resourceLimits: __, publish: ___, ...defaults } = resolveThreadOptions({})
  assert.deepEqual(Object.fromEntries(rows.map(([, name, value]) => [name, Number(value)])), {
    ...defaults,
    stackSizeMb: 4,
  })
})
