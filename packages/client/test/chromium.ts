// A page in Chromium, for one test file.

import { after } from 'node:test'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'

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

let browser: Promise<Browser> | undefined
after(async () => (await browser)?.close())

/** Opens it; what it reports as an error is gathered in `complaints`. */
export async function openPage(url: string, complaints: string[]): Promise<Page> {
  browser ??= chromium.launch({ executablePath: '/usr/bin/chromium', args: flags })
  const page = await (await browser).newPage()
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const isExpected = /WebSocket connection .* failed|ERR_CONNECTION|favicon|404/.test(
      message.text(),
    )
    if (message.type() === 'error' && !isExpected) complaints.push(message.text())
  })
  await page.goto(url)
  return page
}
