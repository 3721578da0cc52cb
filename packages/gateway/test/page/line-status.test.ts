import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf, pageInRoom } from './page-test.ts'

test('a line that the server closes for good is said with its reason, and can be joined again', async () => {
  const page = await pageInRoom('Ada', 'closed')
  assert.equal(await page.locator('#status-text').textContent(), 'On the line')
  assert.equal(await page.locator('#banner').isVisible(), false)
  let isRefused = true
  await page.routeWebSocket(/\/chat$/, (line) => {
    if (isRefused) void line.close({ code: 4003, reason: 'Not today' })
    else line.connectToServer()
  })
  await page.goto(addressOf('closed').replace('/#', '/?again#'))
  await page.locator('body[data-line=closed]').waitFor()
  assert.match((await page.locator('#banner').textContent()) ?? '', /Not today \(4003\)/)
  isRefused = false
  await page.locator('#banner-action', { hasText: 'Join again' }).click()
  await page.locator('body[data-line=open]').waitFor()
  assert.equal(await page.locator('#banner').isVisible(), false)
})

test('a server that does not answer is said, with a countdown and a way to try now', async () => {
  const page = await pageInRoom('Ada', 'nobody')
  let attempts = 0
  await page.routeWebSocket(/\/chat$/, (line) => {
    attempts += 1
    void line.close({ code: 1013, reason: 'retry-after=60' })
  })
  await page.goto(addressOf('nobody').replace('/#', '/?again#'))
  await page.locator('body[data-line=reconnecting]').waitFor()
  await page.locator('#banner-countdown', { hasText: /in (60|59|61) s/ }).waitFor()
  const before = attempts
  await page.locator('#banner-action', { hasText: 'Try now' }).click()
  await page.waitForFunction(() => document.body.dataset['line'] === 'reconnecting')
  assert.ok(attempts > before)
})
