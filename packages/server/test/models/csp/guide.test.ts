// The page of the CSP model is true: every sample does what it says, every property it claims is a test.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { GuideClient } from '../../guide/guide-client.ts'
import { GuidePage } from '../../guide/guide-page.ts'
import { testCodes, testSamples } from '../../guide/page-tests.ts'

const page = new GuidePage('csp.md')

testSamples(page, {
  conversation: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/greeter`)
    assert.equal(await client.next(), 'What is your name?')
    await client.send('Ann')
    assert.equal(await client.next(), 'Hello Ann. I repeat what you say.')
    await client.exchange('x', 'x')
    client.terminate()
  },
  contract: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/count`)
    await client.exchange('{"add":2}', '{"total":2}')
    await client.send('{"add":"2"}')
    assert.match(await client.next(), /ERR_MESSAGE_INVALID/)
    await client.exchange('{"add":3}', '{"total":5}')
    client.terminate()
  },
  channels: [338_350],
  select: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/quiz`)
    assert.equal(await client.next(), 'What is 6 × 7?')
    await client.exchange('41', 'No. one')
    await client.exchange('42', 'Yes!')
    assert.equal(await client.closed(), 1000)
  },
  contexts: ['ERR_CONTEXT_CANCELLED', 'the user left ann true'],
  group: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/upper`)
    await client.exchange('one two', 'ONE')
    assert.equal(await client.next(), 'TWO')
    await client.send('bye')
    assert.equal(await client.closed(), 1000)
  },
})

testCodes(page, 'in order', ['ERR_CHANNEL_', 'ERR_SELECT_', 'ERR_CONTEXT_', 'ERR_GROUP_ENDED'])

test('the table of properties names only properties that are tests', () => {
  const names = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(
        /test\('Go(?: [\d.]+)?: (.*)',/g,
      ),
    ])
    .map(([, name]) => name!)
  const rows = page.section('What it keeps').matchAll(/^\| (.*?) +\| kept/gm)
  const claimed = [...rows].map(([, property]) => property!)
  assert.equal(claimed.length, 12)
  // Each row's leading words are those of a test.
  for (const property of claimed) {
    const words = property
      .split(' ')
      .slice(0, 3)
      .join(' ')
      .replace(/^waiting senders.*/, 'waiting senders')
    assert.ok(
      names.some((name) => name.startsWith(words)),
      `no test is called ${words} …`,
    )
  }
})
