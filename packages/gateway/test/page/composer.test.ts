import assert from 'node:assert/strict'
import { test } from 'node:test'
import { say } from '../browser.ts'
import { pageInRoom } from './page-test.ts'

test('only what has something in it is sent, trimmed, and the box keeps the focus', async () => {
  const page = await pageInRoom('Ada', 'trim')
  await say(page, '   ')
  await say(page, '  a word  ')
  await page.locator('.words', { hasText: 'a word' }).waitFor()
  assert.deepEqual(await page.locator('.words').allTextContents(), ['a word'])
  await page.locator('#text').fill('by the button')
  await page.locator('#send').click()
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'text')
  assert.equal(await page.locator('#text').inputValue(), '')
})

test('Enter that chooses a word of an input method does not send', async () => {
  const page = await pageInRoom('Ada', 'ime')
  await page.locator('#text').fill('にほん')
  await page.locator('#text').evaluate((text) => {
    const options = { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }
    text.dispatchEvent(new KeyboardEvent('keydown', options))
  })
  assert.equal(await page.locator('#text').inputValue(), 'にほん')
})

test('near the bound it says how much is left, and takes no more', async () => {
  const page = await pageInRoom('Ada', 'bound')
  await page.locator('#text').fill('x'.repeat(1900))
  assert.equal(await page.locator('#left-over').textContent(), '100 left')
  await page.locator('#text').press('End')
  await page.keyboard.type('y'.repeat(110))
  assert.equal((await page.locator('#text').inputValue()).length, 2000)
  await page.locator('#text').press('Enter')
  await page.locator('.words:not([data-pending])').waitFor()
})

test('the box grows with its text, up to a bound', async () => {
  const page = await pageInRoom('Ada', 'grow')
  const height = (): Promise<number> =>
    page.locator('#text').evaluate((text) => text.getBoundingClientRect().height)
  const before = await height()
  await page.locator('#text').fill('1\n2\n3')
  assert.ok((await height()) > before)
  await page.locator('#text').fill('1\n'.repeat(60))
  assert.ok((await height()) <= 160)
})
