// The guide page of the servlet model is true: its samples compile, start and are talked to; its codes are all there are.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Server } from 'holdline'
import { WebSocket } from 'ws'
import { errorCatalogue } from '../../../src/protocol/errors.ts'

const root = dirname(dirname(dirname(dirname(dirname(import.meta.dirname)))))
const page = readFileSync(join(root, 'docs', 'guide', 'servlet.md'), 'utf8')
mkdirSync(join(root, '.artifacts'), { recursive: true })
const folder = mkdtempSync(join(root, '.artifacts', 'guide-servlet-'))
process.chdir(folder)
after(() => {
  process.chdir(root)
  rmSync(folder, { recursive: true })
})

/** Opens a line, sends the texts, and gives so many answers. */
async function answers(
  url: string,
  texts: readonly string[],
  count = texts.length,
  headers: Record<string, string> = {},
): Promise<string[]> {
  const line = new WebSocket(url, { headers })
  await once(line, 'open')
  const heard: string[] = []
  const all = new Promise<void>((resolve) => {
    line.on('message', (data: Buffer) => {
      heard.push(data.toString())
      if (heard.length === count) resolve()
    })
  })
  for (const text of texts) line.send(text)
  await all
  line.close()
  return heard
}

const talks: Readonly<Record<string, (at: string) => Promise<void>>> = {
  echo: async (at) => {
    assert.deepEqual(await answers(`${at}/shout`, ['a', 'b']), ['A', 'B'])
  },
  upgrade: async (at) => {
    const heard = await answers(`${at}/me`, ['x', 'y'], 2, { cookie: 'session=s3cret' })
    assert.deepEqual(heard, ['ann, request 1', 'ann, request 2'])
    const stranger = new WebSocket(`${at}/me`)
    const [error] = (await once(stranger, 'error')) as [Error]
    assert.match(error.message, /401/)
  },
  ids: async (at) => {
    const heard = await answers(`${at}/wait`, [
      '{"id":"slow","data":{"ms":100}}',
      '{"id":"wrong","data":{}}',
      '{"id":"quick","data":{"ms":1}}',
    ])
    assert.match(heard[0]!, /^\{"id":"wrong","error":\{"code":"ERR_MESSAGE_INVALID"/)
    assert.deepEqual(heard.slice(1), [
      '{"id":"quick","data":{"waitedMs":1}}',
      '{"id":"slow","data":{"waitedMs":100}}',
    ])
  },
  rows: async (at) => {
    const heard = await answers(`${at}/rows`, ['2', '1'], 5)
    assert.deepEqual(heard, ['row 1', 'row 2', 'end', 'row 1', 'end'])
  },
  errors: async (at) => {
    const heard = await answers(`${at}/seats`, ['cocoa', 'tea'])
    assert.equal(heard[1], '3')
    const quoted = /reads `(\{.*\})`/.exec(page)![1]
    assert.deepEqual(JSON.parse(heard[0]!), JSON.parse(quoted!))
  },
}

const samples = [...page.matchAll(/^```ts(?: (\S+))?\n([\s\S]*?)^```$/gm)]
const files = samples.map(([, name, code]) => {
  const file = join(folder, `${name}.ts`)
  writeFileSync(file, `${code!.replace('port: 8080', 'port: 0')}\nexport { server }\n`)
  return file
})

test('each sample has a test, and each test a sample', () => {
  assert.deepEqual(
    samples.map(([, name]) => name),
    Object.keys(talks),
  )
})

for (const [index, [name, talk]] of Object.entries(talks).entries()) {
  test(`the sample ${name}`, async (t) => {
    // What the sample prints is not the business of who runs the tests.
    for (const method of ['log', 'info'] as const) t.mock.method(console, method, () => {})
    const { server } = (await import(pathToFileURL(files[index]!).href)) as { server: Server }
    await talk(`ws://localhost:${server.port}`)
    await server.close({ graceMs: 500 })
  })
}

test('all samples compile, as strictly as the repository itself', async () => {
  const config = join(folder, 'tsconfig.json')
  const compilerOptions = { noUnusedLocals: false }
  writeFileSync(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: [], files }),
  )
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', config]).catch(
    (error: Error & { stdout: string }) => assert.fail(error.stdout),
  )
})

test('the table of errors has each code of requests', () => {
  const told = [...page.matchAll(/^\| `(ERR_REQUEST_\w*)`/gm)].map(([, code]) => code)
  const known = Object.keys(errorCatalogue).filter((code) => code.startsWith('ERR_REQUEST_'))
  assert.deepEqual(told, known)
})
