// One string for a name that comes again, and never another name's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentName } from '../../../src/brokers/process/recent-name.ts'

test('each name is read as it is, whichever came before', () => {
  const recent = new RecentName()
  for (const name of ['', 'a', 'ab', 'ac', 'a', 'ü', 'ü', 'ö', '', 'a'.repeat(255)]) {
    const bytes = Buffer.from(`<${name}>`)
    assert.equal(recent.read(bytes, 1, bytes.length - 1), name)
  }
})

test('bytes that change after they were read change nothing', () => {
  const recent = new RecentName()
  const bytes = Buffer.from('news')
  assert.equal(recent.read(bytes, 0, 4), 'news')
  bytes.write('olds')
  assert.equal(recent.read(bytes, 0, 4), 'olds')
})
