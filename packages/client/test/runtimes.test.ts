// The same program in Node, Bun and Chromium, with a server that ends the line every few publications.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundle } from './bundle.ts'
import { openPage } from './chromium.ts'
import { lineServer } from './line-server.ts'
import type { Outcome } from './runtime-page.ts'

const bun = fileURLToPath(new URL('../../../node_modules/.bin/bun', import.meta.url))
const html =
  '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'

async function served(
  context: TestContext,
  page: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { url, script, sockets } = await lineServer(context, page)
  let count = 0
  const hear = script.hear.bind(script)
  for (const name of ['news.json', 'news.msgpack']) script.topic(name)
  script.hear = (line, envelope) => {
    hear(line, envelope)
    if (envelope.type === 'publish' && (count += 1) % 7 === 0) {
      for (const socket of sockets) socket.terminate()
    }
  }
  return url
}

function check(outcomes: readonly Outcome[], runtime: string): void {
  assert.equal(outcomes.length, 2)
  for (const outcome of outcomes) {
    assert.equal(outcome.runtime, runtime)
    assert.deepEqual(
      outcome.read,
      Array.from({ length: 50 }, (_, n) => (n % 10 === 9 ? [n] : n)),
    )
    assert.deepEqual(
      outcome.offsets,
      Array.from({ length: 50 }, (_, n) => n + 1),
    )
    assert.ok(outcome.reconnects >= 3, `${outcome.reconnects} reconnects`)
  }
}

for (const [runtime, command] of [
  ['node', process.execPath],
  ['bun', bun],
] as const) {
  test(`${runtime}: each publication is taken once and read once, in order`, async (context) => {
    const url = await served(context)
    const folder = mkdtempSync(join(tmpdir(), 'holdline-client-'))
    context.after(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'program.mjs')
    writeFileSync(file, await bundle('./runtime-page.ts'))
    const { stdout } = await promisify(execFile)(command, [file, url], { timeout: 20_000 })
    check(JSON.parse(stdout) as Outcome[], runtime)
  })
}

test('chromium: each publication is taken once and read once, in order', async (context) => {
  const url = await served(context, { '/': html, '/page.js': await bundle('./runtime-page.ts') })
  const complaints: string[] = []
  const page = await openPage(url.replace('ws', 'http').replace('live', ''), complaints)
  await page.waitForFunction(() => 'outcome' in globalThis)
  const outcome = await page.evaluate(
    () => (globalThis as unknown as { outcome: Promise<Outcome[]> }).outcome,
  )
  check(outcome, 'browser')
  assert.deepEqual(complaints, [])
})
