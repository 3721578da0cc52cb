// Every code that a page of the guide names is in the catalogue.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCatalogue } from 'holdline/protocol'
import { guidePages } from './guide-page.ts'

/** Codes of Node. */
const others: readonly string[] = ['ERR_WORKER_OUT_OF_MEMORY']

/** Pages about what has a catalogue of its own, and the test that compares them. */
const excused: Readonly<Record<string, string>> = {
  'client.md': 'client-page.test.ts',
}

for (const { name, codes } of guidePages()) {
  if (name in excused) continue
  test(`the codes that ${name} names exist`, () => {
    const unknown = codes.filter((code) => !(code in errorCatalogue) && !others.includes(code))
    assert.deepEqual(unknown, [])
  })
}
