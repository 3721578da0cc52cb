// docs/guide/client.md is true: its samples run, and its tables have every code of this client.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { GuidePage } from '../../server/test/guide/guide-page.ts'
import { testSamples } from '../../server/test/guide/page-tests.ts'

const page = new GuidePage('client.md')

testSamples(page, {
  topics: [{ title: 'Two to one' }, 1],
  schemas: [],
  react: [],
})

test('the page explains every code of the client, and names no other', () => {
  const source = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8')
  const codes = [...source.matchAll(/\| '(ERR_\w+)'/g)].map(([, code]) => code as string)
  assert.ok(codes.length > 8)
  assert.deepEqual(page.codes.toSorted(), codes.toSorted())
})
