// The page of testing is true: every sample does what it says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultKinds } from 'holdline/testing'
import { GuidePage } from '../guide/guide-page.ts'
import { testSamples } from '../guide/page-tests.ts'

const page = new GuidePage('testing.md')

testSamples(page, {
  echo: ['hello!'],
  chaos: ['true true'],
  socket: ['hello!'],
  checker: [{ acknowledged: 4, received: 2, gaps: 1 }],
  broker: [true],
})

test('the table of faults has each kind', () => {
  const rows = [...page.section('Chaos').matchAll(/^\| `(\w+)`/gm)].map(([, kind]) => kind)
  assert.deepEqual(rows, faultKinds)
})
