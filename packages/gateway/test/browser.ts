// Real pages of the started command in Chromium: a new, empty browser for each test file.

import { mkdirSync } from 'node:fs'
import { after, afterEach } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const artifacts = fileURLToPath(new URL('../../../.artifacts/', import.meta.url))

let browser: Promise<Browser> | undefined
const contexts: BrowserContext[] = []

// Of the file that imports this.
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
})
after(async () => (await browser)?.close())

/** What any page reported that it should not have: errors, refused scripts, failed requests. */
export const complaints: string[] = []

/** Opens a page with its own storage. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= chromium.launch({ executablePath: '/usr/bin/chromium', args: flags })
  const context = await (await browser).newContext({ reducedMotion: 'reduce', ...options })
  contexts.push(context)
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // While the server is down, the browser itself says so.
    const isExpected = /WebSocket connection .* failed|ERR_CONNECTION/.test(message.text())
    if (message.type() === 'error' && !isExpected) complaints.push(message.text())
  })
  await page.goto(url)
  return page
}

/** Enters a room through the door, by keyboard, and waits for the welcome. */
export async function enter(page: Page, name: string, room?: string): Promise<void> {
  await page.locator('#name').fill(name)
  if (room !== undefined) await page.locator('#room').fill(room)
  await page.locator('#name').press('Enter')
  await page.locator('body[data-line=open]').waitFor()
}

/** Writes a message and sends it with Enter. */
export async function say(page: Page, text: string): Promise<void> {
  await page.locator('#text').fill(text)
  await page.locator('#text').press('Enter')
}

/** Keeps a picture as a build artefact. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(artifacts, { recursive: true })
  await page.screenshot({ path: `${artifacts}${name}.png` })
}
