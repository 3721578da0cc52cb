// The page of the guide is true: every sample compiles, runs, and does what it says; every property it claims is a test.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Server } from 'holdline'
import { WebSocket } from 'ws'

const root = join(import.meta.dirname, '..', '..', '..', '..', '..')
const page = readFileSync(join(root, 'docs', 'guide', 'csp.md'), 'utf8')
mkdirSync(join(root, '.artifacts'), { recursive: true })
const folder = mkdtempSync(join(root, '.artifacts', 'guide-csp-'))
after(() => rmSync(folder, { recursive: true }))

class Client {
  readonly #line: WebSocket
  readonly #heard: string[] = []
  readonly closed: Promise<unknown[]>
  #arrived = (): void => {}

  constructor(url: string) {
    this.#line = new WebSocket(url)
    this.closed = once(this.#line, 'close')
    this.#line.on('message', (data: Buffer) => {
      this.#heard.push(data.toString())
      this.#arrived()
    })
  }

  async send(text: string): Promise<void> {
    if (this.#line.readyState === WebSocket.CONNECTING) await once(this.#line, 'open')
    this.#line.send(text)
  }

  async hears(): Promise<string> {
    while (this.#heard.length === 0) {
      await new Promise<void>((resolve) => (this.#arrived = resolve))
    }
    return this.#heard.shift()!
  }

  leave(): void {
    this.#line.terminate()
  }
}

/** By sample: what is said to it and what it answers, or what it prints. */
const samples: Record<string, ((at: string) => Promise<void>) | readonly string[]> = {
  conversation: async (at) => {
    const client = new Client(`${at}/greeter`)
    assert.equal(await client.hears(), 'What is your name?')
    await client.send('Ann')
    assert.equal(await client.hears(), 'Hello Ann. I repeat what you say.')
    await client.send('x')
    assert.equal(await client.hears(), 'x')
    client.leave()
  },
  contract: async (at) => {
    const client = new Client(`${at}/count`)
    await client.send('{"add":2}')
    assert.equal(await client.hears(), '{"total":2}')
    await client.send('{"add":"2"}')
    assert.match(await client.hears(), /ERR_MESSAGE_INVALID/)
    await client.send('{"add":3}')
    assert.equal(await client.hears(), '{"total":5}')
    client.leave()
  },
  channels: ['338350'],
  select: async (at) => {
    const client = new Client(`${at}/quiz`)
    assert.equal(await client.hears(), 'What is 6 × 7?')
    await client.send('41')
    assert.equal(await client.hears(), 'No. one')
    await client.send('42')
    assert.equal(await client.hears(), 'Yes!')
    assert.equal((await client.closed)[0], 1000)
  },
  contexts: ['ERR_CONTEXT_CANCELLED', 'the user left ann true'],
  group: async (at) => {
    const client = new Client(`${at}/upper`)
    await client.send('one two')
    assert.equal(await client.hears(), 'ONE')
    assert.equal(await client.hears(), 'TWO')
    await client.send('bye')
    assert.equal((await client.closed)[0], 1000)
  },
}

const files = new Map<string, string>()
for (const [, name, code] of page.matchAll(/^```ts(?: (\S+))?\n([\s\S]*?)^```$/gm)) {
  assert.ok(name !== undefined && !files.has(name), `a sample has no name of its own: ${name}`)
  const file = join(folder, `${name}.ts`)
  const exported = code!.includes('const server =') ? 'export { server }' : 'export {}'
  writeFileSync(file, `${code!.replace('port: 8080', 'port: 0')}\n${exported}\n`)
  files.set(name, file)
}

describe('csp.md', () => {
  test('each sample has a test, and each test a sample', () => {
    assert.deepEqual([...files.keys()], Object.keys(samples))
  })

  for (const [name, file] of files) {
    test(`the sample ${name}`, async (t) => {
      const printed: string[] = []
      t.mock.method(console, 'log', (...words: unknown[]) => void printed.push(words.join(' ')))
      t.mock.method(console, 'error', () => {})
      const { server } = (await import(pathToFileURL(file).href)) as { readonly server?: Server }
      const expected = samples[name]!
      if (typeof expected !== 'function') {
        assert.deepEqual(printed, expected)
        return
      }
      await expected(`ws://localhost:${server!.port}`)
      await server!.close({ graceMs: 500 })
    })
  }

  test('all samples compile, as strictly as the repository itself', async () => {
    const config = join(folder, 'tsconfig.json')
    const compilerOptions = { noUnusedLocals: false }
    const extended = join(root, 'tsconfig.json')
    writeFileSync(
      config,
      JSON.stringify({
        extends: extended,
        compilerOptions,
        include: [],
        files: [...files.values()],
      }),
    )
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    await promisify(execFile)(process.execPath, [tsc, '-p', config]).catch(
      (error: Error & { stdout: string }) => assert.fail(error.stdout),
    )
  })

  test('every code of its table is in the catalogue, and says so in its own page', () => {
    const errors = readFileSync(
      join(dirname(join(root, 'docs', 'guide', 'x')), 'errors.md'),
      'utf8',
    )
    const codes = [...page.split('## Errors')[1]!.matchAll(/`(ERR_[A-Z_]+)`/g)].map(
      ([, code]) => code!,
    )
    assert.ok(codes.length > 8)
    for (const code of codes) assert.match(errors, new RegExp(`^## ${code}$`, 'm'))
  })

  test('the table of properties names only properties that are tests', () => {
    const names = readdirSync(import.meta.dirname)
      .filter((file) => file.endsWith('.test.ts'))
      .flatMap((file) => [
        ...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(
          /test\('Go(?: [\d.]+)?: (.*)',/g,
        ),
      ])
      .map(([, name]) => name!)
    const rows = page.split('## What it keeps')[1]!.matchAll(/^\| (.*?) +\| kept/gm)
    const claimed = [...rows].map(([, property]) => property!)
    assert.equal(claimed.length, 12)
    // Each row's leading words are those of a test.
    for (const property of claimed) {
      const words = property
        .split(' ')
        .slice(0, 3)
        .join(' ')
        .replace(/^waiting senders.*/, 'waiting senders')
      assert.ok(
        names.some((name) => name.startsWith(words)),
        `no test is called ${words} …`,
      )
    }
  })
})
