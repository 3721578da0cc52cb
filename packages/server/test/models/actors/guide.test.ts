// The page of the guide is true: every sample compiles, runs, and does what it says; every code it names exists.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { errorCatalogue } from 'holdline'
import type { Server } from 'holdline'
import { WebSocket } from 'ws'

const root = join(import.meta.dirname, '..', '..', '..', '..', '..')
const page = readFileSync(join(root, 'docs', 'guide', 'actors.md'), 'utf8')
mkdirSync(join(root, '.artifacts'), { recursive: true })
const folder = mkdtempSync(join(root, '.artifacts', 'guide-actors-'))
after(() => rmSync(folder, { recursive: true }))

const samples = new Map(
  [...page.matchAll(/```ts (\w+)\n([\s\S]*?)```/g)].map(([, name, code]) => {
    const file = join(folder, `${name}.ts`)
    const isServer = code!.includes('const server')
    const onFreePort = code!.replace('port: 8080', 'port: 0')
    writeFileSync(file, `${onFreePort}\nexport ${isServer ? '{ server }' : '{}'}\n`)
    return [name!, file]
  }),
)

test('all samples compile, as strictly as the repository itself', async () => {
  assert.deepEqual([...samples.keys()], ['room', 'alone'])
  const config = join(folder, 'tsconfig.json')
  const files = [...samples.values()]
  writeFileSync(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [], files }),
  )
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', config]).catch(
    (error: Error & { stdout: string }) => assert.fail(error.stdout),
  )
})

test('the sample room', async () => {
  const { server } = (await import(pathToFileURL(samples.get('room')!).href)) as { server: Server }
  const line = new WebSocket(`ws://localhost:${server.port}/lobby`)
  assert.equal(String((await once(line, 'message'))[0]), '1 here')
  line.send('hi')
  assert.equal(String((await once(line, 'message'))[0]), 'hi')
  line.terminate()
  await server.close({ graceMs: 500 })
})

test('the sample alone', async (t) => {
  const printed = t.mock.method(console, 'log', () => {})
  await import(pathToFileURL(samples.get('alone')!).href)
  const lines = printed.mock.calls.map(({ arguments: [line] }) => line as unknown)
  assert.deepEqual(lines, [5, 'not that much', 'Error: cannot go on', 'ERR_ACTOR_DOWN', 1])
})

test('the table of errors has each code of actors, and no other', () => {
  const table = [...page.matchAll(/^\| `(ERR_ACTOR_\w+)`/gm)].map(([, code]) => code!)
  const codes = Object.keys(errorCatalogue).filter((code) => code.startsWith('ERR_ACTOR_'))
  assert.deepEqual(table.toSorted(), codes.toSorted())
})
