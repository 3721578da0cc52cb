// Chromium: the WebSocket of a page, and which pages get one.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { echoServer, engines } from './echo-server.ts'

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

let browser: Browser
before(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags })
})
after(() => browser?.close())

interface Seen {
  readonly protocol: string
  readonly extensions: string
  readonly answers: (string | number[])[]
  readonly close: { readonly code: number; readonly reason: string; readonly wasClean: boolean }
}

/** Opens a WebSocket in the page, sends each message after the answer to the last, and closes with 4000. */
function talk(
  page: Page,
  url: string,
  messages: (string | number[])[],
  protocols: string[] = [],
): Promise<Seen> {
  return page.evaluate(
    ([address, toSend, wanted]) =>
      new Promise<Seen>((resolve) => {
        const socket = new WebSocket(address, wanted)
        socket.binaryType = 'arraybuffer'
        const answers: (string | number[])[] = []
        const next = (): void => {
          const message = toSend[answers.length]
          if (message === undefined) socket.close(4000, 'page is done')
          else socket.send(typeof message === 'string' ? message : Uint8Array.from(message))
        }
        socket.onopen = next
        socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
          answers.push(typeof data === 'string' ? data : [...new Uint8Array(data)])
          next()
        }
        socket.onclose = ({ code, reason, wasClean }) => {
          const { protocol, extensions } = socket
          resolve({ protocol, extensions, answers, close: { code, reason, wasClean } })
        }
      }),
    [url, messages, protocols] as const,
  )
}

/** Sends so many bytes and compares what comes back, in the page: they are too many to hand over. */
function echoLarge(page: Page, url: string, bytes: number): Promise<boolean> {
  return page.evaluate(
    ([address, count]) =>
      new Promise<boolean>((resolve) => {
        const socket = new WebSocket(address)
        socket.binaryType = 'arraybuffer'
        const sent = new Uint8Array(count)
        for (let i = 0; i < count; i++) sent[i] = (i * 7919) >> 3
        socket.onopen = () => socket.send(sent)
        socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
          const got = new Uint8Array(data)
          resolve(got.length === count && got.every((octet, i) => octet === sent[i]))
          socket.close()
        }
        socket.onclose = () => resolve(false)
      }),
    [url, bytes] as const,
  )
}

for (const engine of engines) {
  describe(`Chromium and the ${engine} engine`, () => {
    test('text, binary, a subprotocol and close codes, from a page of the same host', async () => {
      await using echo = await echoServer(engine)
      const page = await browser.newPage()
      await page.goto(`http://${echo.host}/`)
      const messages = ['', 'grüße 👋', 'x'.repeat(70_000), [], [0, 255, 128]]
      const seen = await talk(page, `ws://${echo.host}/chat`, messages, ['chat.v1', 'chat.v2'])
      assert.deepEqual(seen.answers, messages)
      assert.equal(seen.protocol, 'chat.v2')
      assert.equal(seen.extensions, '')
      assert.deepEqual([seen.close.code, seen.close.wasClean], [4000, true])
      const closed = await talk(page, `ws://${echo.host}/echo`, ['close 4001 because'])
      assert.deepEqual(closed.close, { code: 4001, reason: 'because', wasClean: true })
      await page.close()
      await echo.server.close()
      assert.deepEqual(echo.heard.closes[0], { code: 4000, reason: 'page is done' })
    })

    test('large messages', async () => {
      await using echo = await echoServer(engine)
      const page = await browser.newPage()
      await page.goto(`http://${echo.host}/`)
      assert.equal(await echoLarge(page, `ws://${echo.host}/echo`, 8 * 1_048_576), true)
      await page.close()
    })

    test('compression', async () => {
      await using echo = await echoServer(engine)
      const page = await browser.newPage()
      await page.goto(`http://${echo.host}/`)
      const messages = [
        'a',
        'the same words '.repeat(1_000),
        'the same words '.repeat(1_000),
        [1, 2],
      ]
      const seen = await talk(page, `ws://${echo.host}/deflate`, messages)
      assert.match(seen.extensions, /^permessage-deflate/)
      assert.deepEqual(seen.answers, messages)
      assert.equal(await echoLarge(page, `ws://${echo.host}/deflate`, 2 * 1_048_576), true)
      const [route] = (await echo.server.stats()).routes.filter(({ path }) => path === '/deflate')
      assert.ok(route!.bytesSent < 1_048_576, `${route!.bytesSent} bytes were sent`)
      await page.close()
    })

    test('a page of another host, or of another port, is refused', async () => {
      await using echo = await echoServer(engine)
      await using other = await echoServer(engine)
      const page = await browser.newPage()
      for (const elsewhere of [`localhost:${echo.server.port}`, other.host]) {
        await page.goto(`http://${elsewhere}/`)
        const { close, answers } = await talk(page, `ws://${echo.host}/echo`, ['let me in'])
        assert.deepEqual(answers, [])
        assert.deepEqual(close, { code: 1006, reason: '', wasClean: false })
      }
      assert.deepEqual((await echo.server.stats()).refusals, { ERR_UPGRADE_ORIGIN: 2 })
      await page.close()
    })
  })
}
