import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameHue } from '../../src/page/name-hue.ts'

test('a name has one hue, whatever its case, within the circle', () => {
  assert.equal(nameHue('Ada'), nameHue('ADA'))
  for (const name of ['', 'Ada', '李雷', 'x'.repeat(100)]) {
    const hue = nameHue(name)
    assert.ok(Number.isInteger(hue) && hue >= 0 && hue < 360, `${name}: ${hue}`)
  }
})

test('names spread over the circle', () => {
  const sectors = new Set(
    Array.from({ length: 300 }, (_, index) => Math.floor(nameHue(`Guest ${index}`) / 30)),
  )
  assert.equal(sectors.size, 12)
})
