import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

test('a program that waits for a timer alone is not over before it', () => {
  const code = `
    import { after } from 'holdline/csp'
    await after(5).receive()
    console.log('came')
  `
  const root = new URL('../../../../../', import.meta.url)
  const args = ['-C', 'source', '--input-type=module', '--eval', code]
  assert.equal(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }), 'came\n')
})
