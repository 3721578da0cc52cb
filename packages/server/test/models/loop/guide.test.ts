// The page of the loop is true: every sample in it runs and is talked to; its properties are tests.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { GuidePage } from '../../guide/guide-page.ts'
import { testCodes, testSamples } from '../../guide/page-tests.ts'
import type { Running } from '../../guide/page-tests.ts'

const page = new GuidePage('loop.md')

/** What comes back until the end, which this side begins or not. */
async function answer(
  running: Running,
  sent: string,
  ends: boolean,
  length = Infinity,
): Promise<string> {
  const socket = connect({ port: running.listener!.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.setEncoding('utf8').write(sent)
  if (ends) socket.end()
  let text = ''
  for await (const part of socket) {
    text += part as string
    if (text.length >= length) break
  }
  socket.destroy()
  return text
}

testSamples(page, {
  echo: async (running) => {
    assert.equal(await answer(running, 'hello', false, 5), 'hello')
  },
  deadline: async (running) => {
    assert.equal(await answer(running, 'hello', true), '5 bytes\n')
    assert.equal(await answer(running, 'silent', false), '6 bytes\n')
  },
  lines: async (running) => {
    assert.equal(await answer(running, 'a\nbcd\r\nrest', true), '1\n3\n')
    assert.equal(await answer(running, 'x'.repeat(1_024), false).catch(() => ''), '')
  },
  simulated: async (running) => {
    assert.equal(running.text, 'in pieces, as the seed has it')
  },
})

testCodes(page, 'in tables', ['ERR_LOOP_'])

test('the table of properties names only properties that are tests', () => {
  const names = ['event-loop.test.ts', 'buffer-event.test.ts']
    .flatMap((file) => [
      ...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(
        /onEach\(\s*['"](.*)['"],/g,
      ),
    ])
    .map(([, name]) => name!)
  const table = page.section('What it keeps')
  const rows = [
    ...table.matchAll(/^\| (?:select, epoll|epoll|libevent) +\| (.*?) +\| (.*?) +\|$/gm),
  ]
  assert.ok(rows.length > 12)
  for (const [, property, here] of rows) {
    if (here!.startsWith('dropped')) continue
    // Up to a colon, or all of it where the name of the test has none.
    const start = property!.startsWith('bufferevent') ? property! : property!.split(':')[0]!
    assert.ok(
      names.some((name) => name.startsWith(start)),
      property!,
    )
  }
})
