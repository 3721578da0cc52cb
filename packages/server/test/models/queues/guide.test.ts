// The guide page of the queues is true: its samples compile, start and are talked to; its codes are all there are.
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
const page = readFileSync(join(root, 'docs', 'guide', 'queues.md'), 'utf8')
mkdirSync(join(root, '.artifacts'), { recursive: true })
const folder = mkdtempSync(join(root, '.artifacts', 'guide-queues-'))
process.chdir(folder)
after(() => {
  process.chdir(root)
  rmSync(folder, { recursive: true })
})

/** Opens a line, sends the texts, and gives as many answers. */
async function answers(url: string, ...texts: readonly string[]): Promise<string[]> {
  const line = new WebSocket(url)
  await once(line, 'open')
  const heard: string[] = []
  const all = new Promise<void>((resolve) => {
    line.on('message', (data: Buffer) => {
      heard.push(data.toString())
      if (heard.length === texts.length) resolve()
    })
  })
  for (const text of texts) line.send(text)
  await all
  line.close()
  return heard
}

const talks: Readonly<Record<string, (at: string) => Promise<void>>> = {
  rooms: async (at) => {
    const both = await Promise.all([1, 2].map(() => answers(`${at}/room/tea`, 'a', 'b', 'c')))
    assert.deepEqual(both.flat().toSorted(), ['1', '2', '3', '4', '5', '6'])
    assert.deepEqual(await answers(`${at}/room/coffee`, 'a'), ['1'])
  },
  world: async (at) => {
    const heard = await answers(`${at}/move`, '{"dx":1,"dy":2}', '{"dx":1}', '{"dx":1,"dy":0}')
    assert.equal(heard[0], '{"x":1,"y":2}')
    assert.match(heard[1]!, /ERR_MESSAGE_INVALID/)
    assert.equal(heard[2], '{"x":2,"y":2}')
  },
  queues: async (at) => {
    const heard = await answers(`${at}/rows`, 'three', 'four')
    assert.deepEqual(heard, ['ONE THREE TWO', 'FOUR ONE THREE TWO'])
  },
  threads: async (at) => {
    assert.deepEqual(await answers(`${at}/sum`, '1 2 3', '100 1'), ['6', '101'])
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
    t.mock.method(console, 'log', () => {})
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

test('the table of errors has each code of queues, groups and pools', () => {
  const told = [...page.matchAll(/^\| `(ERR_(?:QUEUE_|GROUP_LEAVE|POOL_)\w*)`/gm)].map(
    ([, code]) => code,
  )
  const known = Object.keys(errorCatalogue).filter((code) =>
    /^ERR_(QUEUE_|GROUP_LEAVE|POOL_)/.test(code),
  )
  assert.deepEqual(told, known)
})
