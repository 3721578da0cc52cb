import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enter, openPage } from '../browser.ts'
import { addressOf } from './page-test.ts'

test('the room of the address is filled in; without one it is the lobby', async () => {
  const shared = await openPage(addressOf('caf%C3%A9'))
  assert.equal(await shared.locator('#room').inputValue(), 'café')
  assert.equal(await (await openPage(addressOf(''))).locator('#room').inputValue(), 'lobby')
  // A broken address is no reason to break.
  assert.equal(await (await openPage(addressOf('%'))).locator('#room').inputValue(), 'lobby')
})

test('a missing name is asked for without asking the server', async () => {
  const page = await openPage(addressOf('lobby'))
  await page.locator('#name').press('Enter')
  assert.equal(await page.locator('#door-problem').textContent(), 'Choose a name')
  assert.equal(await page.locator('#name').getAttribute('aria-invalid'), 'true')
  await enter(page, 'Ada')
  await page.locator('#leave').click()
  assert.equal(await page.locator('#door-problem').textContent(), '')
  assert.equal(await page.locator('#name').getAttribute('aria-invalid'), null)
})

test('a name of thirty-two characters is the longest that can be typed', async () => {
  const page = await openPage(addressOf('lobby'))
  await page.locator('#name').focus()
  await page.keyboard.type('x'.repeat(40))
  assert.equal((await page.locator('#name').inputValue()).length, 32)
})
