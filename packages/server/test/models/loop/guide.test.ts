// The page of the loop is true: every sample in it compiles, runs and is talked to; its properties are tests.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Listener, Loop } from 'holdline/loop'
import { errorCatalogue } from 'holdline/protocol'

const root = dirname(dirname(dirname(dirname(dirname(import.meta.dirname)))))
const page = readFileSync(join(root, 'docs', 'guide', 'loop.md'), 'utf8')

mkdirSync(join(root, '.artifacts'), { recursive: true })
const folder = mkdtempSync(join(root, '.artifacts', 'guide-loop-'))
after(() => rmSync(folder, { recursive: true }))

interface Running {
  readonly loop: Loop
  readonly listener?: Listener
  readonly text?: string
}

const samples = new Map<string, string>()
for (const [, name, code] of page.matchAll(/^```ts(?: (\S+))?\n([\s\S]*?)^```$/gm)) {
  assert.ok(name !== undefined && !samples.has(name), 'each sample has a name of its own')
  samples.set(name, code!)
}
for (const [name, code] of samples) {
  const listener = code.includes('const listener =') ? ', listener' : ''
  const exported = `\nexport { loop${listener} }\n`
  writeFileSync(join(folder, `${name}.ts`), code.replace('port: 8080', 'port: 0') + exported)
}

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

const uses: Record<string, (running: Running) => Promise<void>> = {
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
}

test('each sample of the page has a test, and each test a sample', () => {
  assert.deepEqual([...samples.keys()], Object.keys(uses))
})

for (const [name, use] of Object.entries(uses)) {
  test(`the sample ${name}`, async () => {
    const running = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as Running
    await use(running)
    running.loop.shutDown()
  })
}

test('all samples compile, as strictly as the repository itself', async () => {
  const config = join(folder, 'tsconfig.json')
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noUnusedLocals: false },
    include: [],
    files: [...samples.keys()].map((name) => join(folder, `${name}.ts`)),
  }
  writeFileSync(config, JSON.stringify(settings))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', config]).catch(
    (error: Error & { stdout: string }) => assert.fail(error.stdout),
  )
})

test('the table of properties names only properties that are tests', () => {
  const names = ['event-loop.test.ts', 'buffer-event.test.ts']
    .flatMap((file) => [
      ...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(
        /onEach\(\s*['"](.*)['"],/g,
      ),
    ])
    .map(([, name]) => name!)
  const table = page.split('## What it keeps')[1]!.split('## What it costs')[0]!
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

test('the codes of the loop are on the page, and the page names no others', () => {
  const named = new Set([...page.matchAll(/ERR_[A-Z_]+/g)].map(([code]) => code))
  const codes = Object.keys(errorCatalogue)
  for (const code of named) assert.ok(codes.includes(code), code)
  for (const code of codes) if (code.startsWith('ERR_LOOP_')) assert.ok(named.has(code), code)
})
