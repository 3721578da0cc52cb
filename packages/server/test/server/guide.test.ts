// The guide is true: every sample in it compiles, starts, and is talked to; the table of limits is that of the code.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { defaultLimits } from 'holdline'
import type { Server } from 'holdline'
import { WebSocket } from 'ws'
import { selfSignedCertificate } from '../../../../conformance/certificate.ts'

const root = dirname(dirname(dirname(dirname(import.meta.dirname))))
const read = (page: string): string => readFileSync(join(root, 'docs', 'guide', page), 'utf8')

mkdirSync(join(root, '.artifacts'), { recursive: true })
const folder = mkdtempSync(join(root, '.artifacts', 'guide-'))
const { key, cert } = selfSignedCertificate()
writeFileSync(join(folder, 'key.pem'), key)
writeFileSync(join(folder, 'cert.pem'), cert)
process.chdir(folder)
after(() => {
  process.chdir(root)
  rmSync(folder, { recursive: true })
})

/** What a sample exports, once it is a module of its own. */
interface Running {
  readonly server: Server
  readonly http?: HttpServer
}

class Client {
  readonly #socket: WebSocket
  readonly #messages: string[] = []
  readonly #closed: Promise<number>
  #arrived: (() => void) | null = null

  constructor(url: string, options?: WebSocket.ClientOptions, protocols: string[] = []) {
    this.#socket = new WebSocket(url, protocols, options)
    this.#socket.on('message', (data: Buffer) => {
      this.#messages.push(data.toString())
      this.#arrived?.()
    })
    this.#closed = new Promise((resolve) => this.#socket.on('close', resolve))
    this.#socket.on('error', () => {})
  }

  /** Sends, once the line is open. */
  async send(...texts: string[]): Promise<void> {
    if (this.#socket.readyState === WebSocket.CONNECTING) await once(this.#socket, 'open')
    for (const text of texts) this.#socket.send(text)
  }

  async next(): Promise<string> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => (this.#arrived = resolve))
    }
    return this.#messages.shift()!
  }

  get waiting(): number {
    return this.#messages.length
  }

  closed(): Promise<number> {
    return this.#closed
  }

  async refused(): Promise<number> {
    const [, response] = (await once(this.#socket, 'unexpected-response')) as [
      unknown,
      { statusCode: number; resume(): void },
    ]
    response.resume()
    this.#socket.terminate()
    return response.statusCode
  }

  leave(): void {
    this.#socket.terminate()
  }
}

type Talk = (at: string, running: Running) => Promise<void>

async function exchange(client: Client, sent: string, expected: string): Promise<void> {
  await client.send(sent)
  assert.equal(await client.next(), expected)
}

const echoes: Talk = async (at) => {
  const client = new Client(`ws://${at}/echo`)
  await exchange(client, 'x', 'x')
  client.leave()
}

const echoesBesideAPage: Talk = async (at, running) => {
  await echoes(at, running)
  assert.equal(await (await fetch(`http://${at}/`)).text(), 'a page')
}

const pages: Record<string, Record<string, Talk>> = {
  'callbacks.md': {
    echo: async (at) => {
      const client = new Client(`ws://${at}/echo`)
      assert.equal(await client.next(), 'hello')
      await exchange(client, 'x', 'x')
      client.leave()
    },
    data: async (at) => {
      const client = new Client(`ws://${at}/hello?user=ann`)
      assert.equal(await client.next(), 'hello ann')
      client.leave()
      assert.equal(await new Client(`ws://${at}/hello`).refused(), 401)
    },
    order: async (at) => {
      const client = new Client(`ws://${at}/slow`)
      const sent = Array.from({ length: 20 }, (_, i) => String(i))
      await client.send(...sent)
      for (const expected of sent) assert.equal(await client.next(), expected)
      client.leave()
    },
    flood: async (at) => {
      const client = new Client(`ws://${at}/rows`)
      for (let row = 0; row < 1_000; row++) {
        assert.equal((JSON.parse(await client.next()) as { row: number }).row, row)
      }
      assert.equal(await client.closed(), 1000)
    },
    errors: async (at) => {
      const client = new Client(`ws://${at}/json`)
      await exchange(client, '{"n":41}', '42')
      await client.send('no json')
      assert.equal(await client.closed(), 1011)
    },
    contract: async (at) => {
      const client = new Client(`ws://${at}/chat?user=ann`)
      await exchange(client, '{"text":"hi"}', '{"from":"ann","text":"hi"}')
      await client.send('{"text":1}')
      assert.match(await client.next(), /^\{"error":\{"code":"ERR_MESSAGE_INVALID",/)
      client.leave()
    },
    class: async (at) => {
      const client = new Client(`ws://${at}/count`)
      await exchange(client, '{"text":"four"}', '{"count":4}')
      await exchange(client, '{"text":"ten"}', '{"count":7}')
      client.leave()
    },
  },
  'routes.md': {
    paths: async (at) => {
      for (const [path, expected] of [
        ['lobby', 'the lobby'],
        ['a%20b', 'room a b'],
      ] as const) {
        const client = new Client(`ws://${at}/room/${path}`)
        assert.equal(await client.next(), expected)
        client.leave()
      }
      assert.equal(await new Client(`ws://${at}/room`).refused(), 404)
    },
    upgrade: async (at) => {
      const client = new Client(`ws://${at}/me`, { headers: { cookie: 'session=s3cret' } })
      assert.equal(await client.next(), 'ann')
      client.leave()
      assert.equal(await new Client(`ws://${at}/me`).refused(), 401)
    },
    subprotocols: async (at) => {
      const options = { origin: 'https://example.com' }
      const client = new Client(`ws://${at}/chat`, options, ['chat.v1', 'chat.v2'])
      assert.equal(await client.next(), 'chat.v2')
      client.leave()
      const stranger = new Client(`ws://${at}/chat`, { origin: 'https://example.org' })
      assert.equal(await stranger.refused(), 403)
    },
    express: echoesBesideAPage,
    fastify: echoesBesideAPage,
    hono: echoesBesideAPage,
    attach: echoesBesideAPage,
    tls: async (at) => {
      const client = new Client(`wss://${at}/echo`, { ca: cert })
      await exchange(client, 'x', 'x')
      client.leave()
    },
    proxy: async (at) => {
      const headers = { 'x-forwarded-for': '203.0.113.7' }
      const client = new Client(`ws://${at}/address`, { headers })
      assert.equal(await client.next(), '203.0.113.7')
      client.leave()
    },
    diagnostics: async (at) => {
      assert.equal(await new Client(`ws://${at}/none`).refused(), 404)
    },
  },
  'topics.md': {
    rooms: async (at, { server }) => {
      const [ann, bob, other] = ['1', '1', '2'].map((id) => new Client(`ws://${at}/room/${id}`))
      await other!.send('elsewhere')
      assert.equal(await other!.next(), 'elsewhere')
      await bob!.send('one')
      assert.equal(await bob!.next(), 'one')
      await ann!.send('two')
      assert.equal(await bob!.next(), 'two')
      await server.publish('room/2', 'from the server')
      assert.equal(await other!.next(), 'from the server')
      for (const client of [ann, bob, other]) client!.leave()
    },
  },
}

/** The samples of a page: the word behind `ts` is the name. */
function samplesOf(page: string): Map<string, string> {
  const samples = new Map<string, string>()
  for (const [, name, code] of read(page).matchAll(/^```ts(?: (\S+))?\n([\s\S]*?)^```$/gm)) {
    assert.ok(name !== undefined, `a sample of ${page} has no name`)
    assert.ok(!samples.has(name), `${page} has two samples ${name}`)
    samples.set(name, code!)
  }
  return samples
}

/** Writes the sample as a module that listens on a free port and exports what it started. */
function moduleOf(page: string, name: string, code: string): string {
  const file = join(folder, `${page.replace('.md', '')}-${name}.ts`)
  const exported = ['server', 'http'].filter((word) => code.includes(`const ${word} =`))
  const onFreePort = code.replace('port: 8080', 'port: 0').replace('listen(8080)', 'listen(0)')
  assert.notEqual(onFreePort, code, `${name} listens nowhere`)
  writeFileSync(file, `${onFreePort}\nexport { ${exported.join(', ')} }\n`)
  return file
}

const files: string[] = []
for (const [page, talks] of Object.entries(pages)) {
  const samples = samplesOf(page)
  describe(page, () => {
    test('each sample has a test, and each test a sample', () => {
      assert.deepEqual([...samples.keys()], Object.keys(talks))
    })
    for (const [name, code] of samples) {
      const file = moduleOf(page, name, code)
      files.push(file)
      test(`the sample ${name}`, async (t) => {
        // What the sample prints is not the business of who runs the tests.
        for (const method of ['log', 'error'] as const) t.mock.method(console, method, () => {})
        const running = (await import(pathToFileURL(file).href)) as Running
        const { server, http } = running
        if (http !== undefined && !http.listening) await once(http, 'listening')
        await talks[name]!(`localhost:${server.port}`, running)
        await server.close({ graceMs: 500 })
        http?.closeAllConnections()
        http?.close()
      })
    }
  })
}

test('all samples compile, as strictly as the repository itself', async () => {
  const config = join(folder, 'tsconfig.json')
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noUnusedLocals: false },
      include: [],
      files,
    }),
  )
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', config]).catch(
    (error: Error & { stdout: string }) => assert.fail(error.stdout),
  )
})

test('the table of limits has each limit with its default', () => {
  const rows = [...read('routes.md').matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)]
  assert.deepEqual(
    Object.fromEntries(rows.map(([, name, value]) => [name, Number(value)])),
    defaultLimits,
  )
})

test('the table of properties names only properties that are tests', () => {
  const tests = ['callbacks.test.ts', 'websocket-handler.test.ts']
    .map((file) =>
      readFileSync(join(import.meta.dirname, '..', 'models', 'callbacks', file), 'utf8'),
    )
    .join('\n')
  const table = read('callbacks.md').split('## What it keeps')[1]!
  const counts = { Tornado: 0, Twisted: 0, 'Node/XHR': 0 }
  for (const [, model] of tests.matchAll(/test\(\s*['"](Tornado|Twisted|Node\/XHR): /g)) {
    counts[model as keyof typeof counts]++
  }
  const rowsOf = (model: string): number =>
    [...table.matchAll(/^\| (Tornado|Twisted|the browser)/gm)].filter(([, name]) => name === model)
      .length
  assert.ok(rowsOf('Tornado') > 0 && counts.Tornado >= rowsOf('Tornado'))
  assert.ok(rowsOf('Twisted') > 0 && counts.Twisted >= rowsOf('Twisted'))
  assert.ok(rowsOf('the browser') > 0 && counts['Node/XHR'] >= rowsOf('the browser'))
})

test('the diagnostics channels of the guide are those of the code', () => {
  const source = readFileSync(join(root, 'packages/server/src/server/statistics.ts'), 'utf8')
  const inCode = [...source.matchAll(/channel\('([^']+)'\)/g)].map(([, name]) => name)
  const inGuide = [...read('routes.md').matchAll(/^\| `(holdline:[^`]+)`/gm)].map(
    ([, name]) => name,
  )
  assert.deepEqual(inGuide, inCode)
})
