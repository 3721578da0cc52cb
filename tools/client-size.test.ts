import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizes, weigh } from './client-size.ts'

test('each part of the client weighs something, and no more than its limit', async () => {
  for (const { imports, limitBytes } of sizes) {
    const bytes = await weigh(imports)
    assert.ok(bytes > 1_000 && bytes <= limitBytes, `${imports}: ${bytes} of ${limitBytes} bytes`)
  }
})
