// The page of actors is true: every sample does what it says, every code it names exists.
import assert from 'node:assert/strict'
import { GuideClient } from '../../guide/guide-client.ts'
import { GuidePage } from '../../guide/guide-page.ts'
import { testCodes, testSamples } from '../../guide/page-tests.ts'

const page = new GuidePage('actors.md')

testSamples(page, {
  room: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/lobby`)
    assert.equal(await client.next(), '1 here')
    await client.exchange('hi', 'hi')
    client.terminate()
  },
  alone: [5, 'not that much', 'Error: cannot go on', 'ERR_ACTOR_DOWN', 1],
})

testCodes(page, 'in tables', ['ERR_ACTOR_'])
