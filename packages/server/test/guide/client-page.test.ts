// docs/guide/client.md is true: its samples run, and its tables have every code of this client.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { GuidePage, root } from './guide-page.ts'
import { testSamples } from './page-tests.ts'

const page = new GuidePage('client.md')

testSamples(page, {
  topics: [{ title: 'Two to one' }, 1],
  schemas: [],
  react: [],
})

test('the page explains every code of the client, and names no other', () => {
  const source = readFileSync(join(root, 'packages/client/src/errors.ts'), 'utf8')
  const codes = [...source.matchAll(/\| '(ERR_\w+)'/g)].map(([, code]) => code as string)
  assert.ok(codes.length > 8)
  assert.deepEqual(page.codes.toSorted(), codes.toSorted())
})
