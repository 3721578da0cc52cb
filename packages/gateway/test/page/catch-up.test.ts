import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CatchUp } from '../../src/page/catch-up.ts'

test('what arrives up to the head was missed, what comes behind it is news', () => {
  const catchUp = new CatchUp()
  for (const offset of [4, 5, 7]) catchUp.arrived(offset)
  assert.equal(catchUp.countAt(7), undefined)
  catchUp.head(6)
  assert.equal(catchUp.countAt(7), 2)
})

test('the count waits until the page is as far as the topic was', () => {
  const catchUp = new CatchUp()
  catchUp.head(3)
  catchUp.arrived(2)
  assert.equal(catchUp.countAt(2), undefined)
  catchUp.arrived(3)
  assert.equal(catchUp.countAt(3), 2)
})

test('nothing was missed', () => {
  const catchUp = new CatchUp()
  catchUp.head(5)
  assert.equal(catchUp.countAt(5), 0)
})
