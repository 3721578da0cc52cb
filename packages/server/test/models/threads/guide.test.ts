// The page of this model is true: every sample in it compiles, and the routes in it are talked to. A sample may be two
// files, which are named after their samples.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Server } from 'holdline'
import { errorCatalogue } from 'holdline/protocol'
import { WebSocket } from 'ws'
import { resolveThreadOptions } from '../../../src/models/threads/options.ts'

const root = dirname(dirname(dirname(dirname(dirname(import.meta.dirname)))))
const page = readFileSync(join(root, 'docs', 'guide', 'threads.md'), 'utf8')

mkdirSync(join(root, '.artifacts'), { recursive: true })
const folder = mkdtempSync(join(root, '.artifacts', 'guide-threads-'))
after(() => rmSync(folder, { recursive: true }))

const samples = new Map<string, string>()
for (const [, name, code] of page.matchAll(/^```ts(?: (\S+))?\n([\s\S]*?)^```$/gm)) {
  assert.ok(name !== undefined && !samples.has(name), 'each sample has a name of its own')
  samples.set(name, code!)
}
for (const [name, code] of samples) {
  const exported = code.includes('const server =') ? '\nexport { server }\n' : ''
  writeFileSync(join(folder, `${name}.ts`), code.replace('port: 8080', 'port: 0') + exported)
}

class Client {
  readonly #line: WebSocket
  readonly #messages: string[] = []

  constructor(url: string) {
    this.#line = new WebSocket(url)
    this.#line.on('message', (data: Buffer) => this.#messages.push(data.toString()))
  }

  async send(text: string): Promise<void> {
    if (this.#line.readyState === WebSocket.CONNECTING) await once(this.#line, 'open')
    this.#line.send(text)
  }

  async next(): Promise<string> {
    while (this.#messages.length === 0) await once(this.#line, 'message')
    return this.#messages.shift()!
  }

  async leave(): Promise<void> {
    this.#line.close()
    await once(this.#line, 'close')
  }
}

const talks: Record<string, (at: string) => Promise<void>> = {
  echo: async (at) => {
    const client = new Client(`${at}/echo`)
    await client.send('x')
    assert.equal(await client.next(), 'x')
    await client.leave()
  },
  room: async (at) => {
    const ann = new Client(`${at}/room?name=ann`)
    assert.equal(await ann.next(), '1 here')
    const bob = new Client(`${at}/room?name=bob`)
    assert.equal(await bob.next(), '2 here')
    await ann.send('hello')
    assert.equal(await bob.next(), 'ann: hello')
    await ann.leave()
    assert.equal(await bob.next(), 'ann left')
    await bob.leave()
  },
  sum: async (at) => {
    const client = new Client(`${at}/sum`)
    await client.send('{"add":[1,2,3]}')
    assert.equal(await client.next(), '{"sum":6}')
    await client.send('{"add":"x"}')
    assert.match(await client.next(), /ERR_MESSAGE_INVALID/)
    await client.leave()
  },
}

test('each route of the page has a test, and each test a route', () => {
  const routes = [...samples].filter(([, code]) => code.includes('port: 8080'))
  assert.deepEqual(
    routes.map(([name]) => name),
    Object.keys(talks),
  )
})

for (const [name, talk] of Object.entries(talks)) {
  test(`the sample ${name}`, async () => {
    const url = pathToFileURL(join(folder, `${name}.ts`)).href
    const { server } = (await import(url)) as { server: Server }
    await talk(`ws://localhost:${server.port}`)
    await server.close({ graceMs: 500 })
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
      files: [...samples.keys()].map((name) => join(folder, `${name}.ts`)),
    }),
  )
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', config]).catch(
    (error: Error & { stdout: string }) => assert.fail(error.stdout),
  )
})

test('the table of options has each with its default', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)]
  const { clock: _, resourceLimits: __, publish: ___, ...defaults } = resolveThreadOptions({})
  assert.deepEqual(Object.fromEntries(rows.map(([, name, value]) => [name, Number(value)])), {
    ...defaults,
    stackSizeMb: 4,
  })
})

test('every code of the model stands on the page, and every code on the page exists', () => {
  const named = new Set([...page.matchAll(/`(ERR_\w+)`/g)].map(([, code]) => code!))
  for (const code of Object.keys(errorCatalogue)) {
    if (code.startsWith('ERR_THREAD')) assert.ok(named.has(code), code)
  }
  for (const code of named) {
    assert.ok(code in errorCatalogue || code === 'ERR_WORKER_OUT_OF_MEMORY', code)
  }
})
