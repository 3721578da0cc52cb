import assert from 'node:assert/strict'
import { test } from 'node:test'
import { say } from '../browser.ts'
import { pageInRoom } from './page-test.ts'

const viewport = { viewport: { width: 900, height: 500 } }

test('the view stays at the end; who reads further up is told of new messages instead', async () => {
  const [ada, bo] = [await pageInRoom('Ada', 'scroll', viewport), await pageInRoom('Bo', 'scroll')]
  for (let line = 0; line < 30; line += 1) await say(bo, `line ${line}`)
  const last = ada.locator('.words', { hasText: 'line 29' })
  await last.waitFor()
  const fromEnd = (): Promise<number> =>
    ada.locator('#log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight)
  assert.ok((await fromEnd()) < 2)

  await ada.locator('#log').evaluate((log) => log.scrollTo(0, 0))
  await ada.waitForFunction(() => document.querySelector('#log')?.scrollTop === 0)
  await say(bo, 'one more')
  await ada.locator('#newer', { hasText: '1 new message' }).waitFor()
  await say(bo, 'and another')
  await ada.locator('#newer', { hasText: '2 new messages' }).waitFor()
  assert.equal(await ada.locator('#log').evaluate((log) => log.scrollTop), 0)

  await ada.locator('#newer').click()
  await ada.locator('#newer').waitFor({ state: 'hidden' })
  assert.ok((await fromEnd()) < 2)
})

test('each turn says who and when, for eyes and for screen readers', async () => {
  const page = await pageInRoom('Ada', 'spoken')
  await say(page, 'first')
  await say(page, 'second')
  const turn = page.locator('.turn')
  await page.locator('.words:not([data-pending])').nth(1).waitFor()
  assert.equal(await turn.count(), 1)
  assert.match((await turn.locator('.who').textContent()) ?? '', /^Ada \(you\)$/)
  assert.match((await turn.locator('time').getAttribute('datetime')) ?? '', /^\d{4}-\d\d-\d\dT/)
  assert.equal(await turn.locator('.words').nth(1).textContent(), 'Ada: second')
  assert.equal(await page.locator('#log').getAttribute('role'), 'log')
})

test('a message that stays is the same element: nothing is read aloud twice', async () => {
  const page = await pageInRoom('Ada', 'stays')
  await say(page, 'first')
  const first = page.locator('.words').first()
  await first.evaluate((element) => element.setAttribute('data-mark', 'same'))
  await say(page, 'second')
  await page.locator('.words').nth(1).waitFor()
  assert.equal(await first.getAttribute('data-mark'), 'same')
})
