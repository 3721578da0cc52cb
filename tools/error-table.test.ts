import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorPage, isCurrent } from './error-table.ts'

test('docs/guide/errors.md is made from the catalogue as it is now', () => {
  assert.equal(isCurrent(), true, 'run npm run docs:errors')
})

test('a refusal shows its code, what happened, what to do, and how it appears', () => {
  const page = errorPage({
    ERR_A: { message: 'A frame_name is <odd>', fix: 'Send `b`', closeCode: 1002 },
    ERR_C: { message: 'A request is late', fix: 'Come sooner', status: 408, closeCode: 1008 },
    ERR_D: { message: 'A call failed', fix: 'Call again' },
  })
  const [, a, c, d] = page.split('\n## ')
  assert.equal(
    a,
    'ERR_A\n\nA frame\\_name is \\<odd\\> (closes with 1002).\n\n**What to do:** Send \\`b\\`.\n',
  )
  assert.match(c!, /\(closes with 1008, answers with HTTP 408\)\./)
  assert.match(d!, /A call failed\.\n/)
})
