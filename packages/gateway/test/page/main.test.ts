import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaints } from '../browser.ts'
import { pageInRoom } from './page-test.ts'

test('in and out again: view, title, address and line follow', async () => {
  const page = await pageInRoom('Ada', 'inout')
  assert.equal(await page.title(), '#inout · Holdline')
  assert.equal(await page.locator('#chat').isVisible(), true)
  await page.locator('#leave').click()
  assert.equal(await page.title(), 'Holdline')
  assert.equal(await page.locator('#door').isVisible(), true)
  assert.equal(await page.locator('body').getAttribute('data-line'), 'none')
  assert.deepEqual(complaints, [])
})

test('the link of the room can be copied', async () => {
  const page = await pageInRoom('Ada', 'copy', {
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  await page.locator('#copy-link').click()
  await page.locator('#copy-link', { hasText: 'Copied' }).waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url())
})
