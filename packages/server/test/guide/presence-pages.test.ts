// The pages of presence and of deploys: their samples run and do what the pages say, their tables are complete.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCatalogue } from 'holdline/protocol'
import { resolvePresence } from '../../src/topics/presence-options.ts'
import { GuideClient } from './guide-client.ts'
import { GuidePage } from './guide-page.ts'
import { testSamples } from './page-tests.ts'

const presence = new GuidePage('presence.md')

testSamples(presence, {
  room: async ({ at, server }) => {
    const ann = new GuideClient(`ws://${at}/room/1?as=ann`)
    await ann.send('who')
    assert.equal(await ann.next(), '[{"member":"ann","identity":null,"state":{"mood":"fine"}}]')
    const left = new Promise((resolve) => {
      server!.topic('room').watch(({ left: gone }) => {
        if (gone.length > 0) resolve(gone[0]!.member)
      })
    })
    await ann.close()
    assert.equal(await left, 'ann')
  },
  options: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/`)
    await client.send('hello')
    await client.close()
  },
})

testSamples(new GuidePage('deploys.md'), {
  deploy: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/`)
    await client.exchange('still here', 'still here')
    client.terminate()
  },
  shed: ['0 connections go elsewhere'],
})

test('the table of presence has each of its codes', () => {
  const codes = Object.keys(errorCatalogue).filter((code) => /^ERR_PRESENCE_(?!OFF)/.test(code))
  assert.deepEqual(
    presence.explainedCodes.filter((code) => code.startsWith('ERR_PRESENCE')).toSorted(),
    codes.toSorted(),
  )
})

test('the defaults on the page are those of the code', () => {
  const { leaseMs, stateBytes, entries } = resolvePresence()
  assert.match(presence.text, new RegExp(`${entries.toLocaleString('en')} by default`))
  assert.equal(leaseMs, 10_000)
  assert.match(presence.text, /ten seconds by default/)
  assert.equal(stateBytes, 1_024)
  assert.match(presence.text, /1 KiB by default/)
})
