// The main job: people chat on real pages through the started command.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { Page } from 'playwright-core'
import { complaints, enter, openPage, picture, say } from './browser.ts'
import { startCommand, workersOf } from './command.ts'

const desk = { viewport: { width: 1280, height: 800 }, colorScheme: 'light' as const }
const phone = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  colorScheme: 'dark' as const,
  hasTouch: true,
  isMobile: true,
}

const people = (page: Page): Promise<string[]> =>
  page.locator('#people li > span').allTextContents()
const words = (page: Page, text: string) => page.locator('#turns .words', { hasText: text })

/** Waits until the roster of the page is this, whatever its order. */
async function seesPeople(page: Page, ...names: string[]): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll('#people li > span')]
        .map((element) => element.textContent)
        .sort()
        .join() === wanted,
    names.toSorted().join(),
  )
}

afterEach(() => assert.deepEqual(complaints.splice(0), []))

test('two pages chat: names, messages, who is here, comings and goings', async (context) => {
  const { url } = await startCommand(context, [])
  const ada = await openPage(url, desk)
  await picture(ada, 'door-light')
  await enter(ada, 'Ada', 'Weavers')
  assert.equal(new URL(ada.url()).hash, '#Weavers')
  assert.equal(await ada.locator('#room-title').textContent(), 'weavers')

  const bo = await openPage(ada.url(), phone)
  await picture(bo, 'door-phone-dark')
  await enter(bo, 'Bo')
  await seesPeople(ada, 'Ada', 'Bo')
  await seesPeople(bo, 'Ada', 'Bo')

  await say(ada, 'Is anyone on the line?')
  await words(bo, 'Is anyone on the line?').waitFor()
  await say(bo, 'I am.')
  await say(bo, '<img src=x onerror="document.title=\'broken\'">')
  await words(ada, '<img src=x').waitFor()
  assert.equal(await ada.locator('#turns img').count(), 0)
  // Two messages of one person are one turn; one's own are marked.
  assert.equal(await ada.locator('.turn').count(), 2)
  assert.equal(await ada.locator('.turn[data-own]').count(), 1)
  assert.equal(await ada.locator('.words[data-pending]').count(), 0)
  await picture(ada, 'chat-light')
  await picture(bo, 'chat-phone-dark')

  await bo.close()
  await seesPeople(ada, 'Ada')
  await ada.locator('.notice', { hasText: 'Bo left' }).waitFor()
})

test('a name that is taken gets a number; one that cannot be is explained at the door', async (context) => {
  const { url } = await startCommand(context, [])
  const [one, two] = [await openPage(`${url}/#lobby`), await openPage(`${url}/#lobby`)]
  await enter(one, 'Ada')
  await enter(two, 'ada')
  await seesPeople(one, 'Ada', 'ada 2')
  const three = await openPage(url)
  await three.locator('#name').fill('Eve\u202E')
  await three.locator('#name').press('Enter')
  await three.locator('#door-problem', { hasText: 'invisible' }).waitFor()
  assert.equal(await three.locator('#name').getAttribute('aria-invalid'), 'true')
  assert.equal(await three.evaluate(() => document.activeElement?.id), 'name')
  await three.locator('#name').fill('Eve')
  await three.locator('#room').fill('a room!')
  await three.locator('#room').press('Enter')
  await three.locator('#door-problem', { hasText: 'A room is named with' }).waitFor()
  assert.equal(await three.evaluate(() => document.activeElement?.id), 'room')
})

test('by keyboard alone: in, write, read, look who is here, out', async (context) => {
  const { url } = await startCommand(context, [])
  const page = await openPage(url, { ...phone, hasTouch: false, isMobile: false })
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '')
  const { keyboard } = page
  assert.equal(await focused(), 'name')
  await keyboard.type('Ada')
  await keyboard.press('Enter')
  await page.locator('body[data-line=open]').waitFor()
  assert.equal(await focused(), 'text')
  await keyboard.type('one')
  await keyboard.press('Shift+Enter')
  await keyboard.type('two')
  await keyboard.press('Enter')
  await words(page, 'one\ntwo').waitFor()
  assert.equal(await page.locator('#text').inputValue(), '')
  await keyboard.press('Escape')
  assert.equal(await focused(), 'log')
  await keyboard.press('Enter')
  assert.equal(await focused(), 'text')
  await page.locator('#open-side').focus()
  await keyboard.press('Enter')
  assert.equal(await focused(), 'close-side')
  assert.equal(await page.locator('main').evaluate((main) => (main as HTMLElement).inert), true)
  await page.waitForTimeout(250)
  await picture(page, 'people-phone-dark')
  await keyboard.press('Escape')
  assert.equal(await focused(), 'open-side')
  await page.locator('#leave').focus()
  await keyboard.press('Enter')
  assert.equal(await page.locator('#door').isVisible(), true)
  // The name is remembered, so only the room is asked for.
  assert.equal(await focused(), 'room')
  // The first stop of the page leads past its header.
  await enter(page, 'Ada')
  await page.locator('.skip').focus()
  assert.ok(await page.locator('.skip').evaluate((skip) => skip.getBoundingClientRect().top >= 0))
  await keyboard.press('Enter')
  assert.equal(await focused(), 'text')
})

test('the server is killed and comes back: it is shown, nothing written is lost, nothing moves', async (context) => {
  const first = await startCommand(context, [])
  const { port } = new URL(first.url)
  const [ada, bo] = [
    await openPage(`${first.url}/#lobby`, desk),
    await openPage(`${first.url}/#lobby`, phone),
  ]
  await enter(ada, 'Ada')
  await enter(bo, 'Bo')
  await say(ada, 'before')
  await words(bo, 'before').waitFor()
  const top = (): Promise<number> =>
    words(ada, 'before').evaluate((element) => element.getBoundingClientRect().top)
  const topBefore = await top()

  first.process.kill('SIGKILL')
  await ada.locator('body[data-line=reconnecting]').waitFor()
  await bo.locator('body[data-line=reconnecting]').waitFor()
  assert.match((await ada.locator('#banner').textContent()) ?? '', /The line was lost.*is kept/s)
  assert.equal(await ada.locator('#status-text').textContent(), 'Line lost')
  assert.equal(await top(), topBefore)
  await say(ada, 'meanwhile')
  await say(bo, 'here too')
  assert.equal(await ada.locator('.words[data-pending]').count(), 1)
  await picture(ada, 'lost-light')
  await picture(bo, 'lost-phone-dark')

  const second = await startCommand(context, ['--port', port])
  for (const page of [ada, bo]) {
    await page.locator('body[data-line=open]').waitFor({ timeout: 40_000 })
    assert.equal(await page.locator('#banner').isVisible(), false)
  }
  for (const page of [ada, bo]) {
    await words(page, 'meanwhile').waitFor()
    await words(page, 'here too').waitFor()
    await page.locator('.words[data-pending]').waitFor({ state: 'detached' })
    await seesPeople(page, 'Ada', 'Bo')
    for (const text of ['before', 'meanwhile', 'here too']) {
      assert.equal(await words(page, text).count(), 1, text)
    }
  }
  await picture(ada, 'back-light')
  assert.equal(second.process.exitCode, null)
})

test('the worker of a page is killed: it comes back, is told what it missed, and nothing is lost or shown twice', async (context) => {
  const { url, process: supervisor } = await startCommand(context, ['--processes', '2'])
  const [ada, bo] = [await openPage(`${url}/#lobby`, desk), await openPage(`${url}/#lobby`, phone)]
  // So that there is time to talk before she is back.
  await ada.evaluate(() => {
    window.WebSocket = class extends WebSocket {
      constructor(address: string | URL, protocols: string | string[] = []) {
        super(document.body.dataset['held'] ? '/nowhere' : address, protocols)
      }
    }
  })
  await enter(ada, 'Ada')
  await enter(bo, 'Bo')
  await seesPeople(bo, 'Ada', 'Bo')
  await say(bo, 'before')
  await words(ada, 'before').waitFor()
  await ada.evaluate(() => (document.body.dataset['held'] = 'yes'))

  const lost = ada.locator('body[data-line=reconnecting]')
  for (const worker of workersOf(supervisor.pid as number)) {
    process.kill(worker, 'SIGKILL')
    // She sits on one of the two.
    const isLost = await lost.waitFor({ timeout: 2000 }).then(
      () => true,
      () => false,
    )
    if (isLost) break
  }
  await lost.waitFor()
  await say(ada, 'meanwhile')
  const missed = ['one', 'two', 'three'].map((text) => `missed ${text}`)
  for (const text of missed) {
    await say(bo, text)
    await words(bo, text).and(bo.locator(':not([data-pending])')).waitFor({ timeout: 20_000 })
  }
  assert.equal(await words(ada, 'meanwhile').getAttribute('data-pending'), '')
  assert.equal(await words(ada, 'missed').count(), 0)
  await picture(ada, 'worker-lost-light')

  await ada.evaluate(() => delete document.body.dataset['held'])
  // Between two attempts there is one under way, and nothing to press.
  await ada
    .locator('#banner-action')
    .click({ timeout: 1000 })
    .catch(() => {})
  await ada.locator('body[data-line=open]').waitFor({ timeout: 40_000 })
  await ada.locator('.notice', { hasText: 'The line is back: 3 messages caught up' }).waitFor()
  for (const page of [ada, bo]) {
    await words(page, 'meanwhile').and(page.locator(':not([data-pending])')).waitFor()
    for (const text of ['before', 'meanwhile', ...missed]) {
      assert.equal(await words(page, text).count(), 1, text)
    }
    await seesPeople(page, 'Ada', 'Bo')
  }
  await picture(ada, 'worker-back-light')
  await picture(bo, 'worker-back-phone-dark')
})

test('the room is in the address: another room is another conversation', async (context) => {
  const { url } = await startCommand(context, [])
  const page = await openPage(`${url}/#one`, { ...desk, colorScheme: 'dark' })
  await enter(page, 'Ada')
  await say(page, 'in one')
  await words(page, 'in one').waitFor()
  await picture(page, 'chat-dark')
  await page.evaluate(() => (location.hash = '#two'))
  await page.locator('#room-title', { hasText: 'two' }).waitFor()
  await page.locator('body[data-line=open]').waitFor()
  assert.equal(await words(page, 'in one').count(), 0)
  // Who opens the page again, in this browser, is in the room at once and sees what was said.
  await page.goto(`${url}/?#one`)
  await words(page, 'in one').waitFor()
  assert.deepEqual(await people(page), ['Ada'])
  await page.reload()
  await words(page, 'in one').waitFor()
  await seesPeople(page, 'Ada')
})
