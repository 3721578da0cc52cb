// The hooks in Chromium, under StrictMode: components that share a topic, come and go, and lose their line.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { bundle } from './bundle.ts'
import { openPage } from './chromium.ts'
import { lineServer } from './line-server.ts'

const html =
  '<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/page.js"></script>'

async function shows(page: Page, id: string, text: string): Promise<void> {
  try {
    await page.waitForFunction(
      ([name, wanted]) => document.getElementById(name)?.textContent === wanted,
      [id, text] as const,
      { timeout: 5000 },
    )
  } catch {
    assert.equal(await page.locator(`#${id}`).textContent(), text)
  }
}

const steer = (page: Page, name: string, value?: unknown): Promise<void> =>
  page.evaluate(
    ([method, argument]) =>
      (globalThis as unknown as { page: Record<string, (given: unknown) => void> }).page[method]?.(
        argument,
      ),
    [name, value] as const,
  )

test('messages, gaps, presence and the state of the line, as components see them', async (context) => {
  const { url, script, sockets } = await lineServer(context, {
    '/': html,
    '/page.js': await bundle('./react-page.ts'),
  })
  script.publish('news', 'a')
  script.publish('news', 'b')
  const complaints: string[] = []
  const page = await openPage(url.replace('ws', 'http').replace('live', ''), complaints)
  await shows(page, 'first', 'subscribed [a b] -')
  await shows(page, 'second', 'subscribed [a b] -')
  await shows(page, 'light', 'open')
  await shows(page, 'gone', 'ended ERR_TOPIC_UNKNOWN')
  const asked = (type: string): unknown[] =>
    script.heard.filter((one) => one.type === type && one['topic'] === 'news')
  assert.equal(asked('subscribe').length, 1, 'three components, one subscription')
  script.publish('news', 'c')
  script.publish('news', 'd')
  await shows(page, 'second', 'subscribed [b c d] -')
  await steer(page, 'setSecond', false)
  script.publish('news', 'e')
  await shows(page, 'first', 'subscribed [c d e] -')
  assert.equal(asked('unsubscribe').length, 0)

  const present = { type: 'presence', topic: 'news', left: [], changed: [] }
  for (const line of script.lines) line.say({ ...present, joined: [{ member: 'ann', state: 1 }] })
  await shows(page, 'people', 'ann')
  await steer(page, 'setName', 'bob')
  await page.waitForFunction(() => true)
  for (const socket of sockets) socket.terminate()
  script.publish('news', 'f')
  await shows(page, 'first', 'subscribed [d e f] -')
  script.forget('news')
  for (const socket of sockets) socket.terminate()
  await shows(page, 'first', 'subscribed [d e f] epoch')

  await steer(page, 'setShown', false)
  await page.waitForFunction(() => document.getElementById('first') === null)
  script.publish('news', 'unseen')
  await steer(page, 'setShown', true)
  await shows(page, 'first', 'subscribed [unseen] -')
  assert.equal(asked('unsubscribe').length, 1)
  const states = asked('present').map((one) => (one as { state: unknown }).state)
  assert.deepEqual(states.at(-1), { name: 'bob' })
  assert.ok(states.includes(null))
  await steer(page, 'close')
  await shows(page, 'light', 'closed')
  await shows(page, 'first', 'ended [unseen] ERR_LINE_CLOSED')
  assert.deepEqual(complaints, [])
})
