// docs/guide/models.md quotes these examples: word for word, all models, and its tables are where the bench puts them.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const folder = import.meta.dirname
const guide = join(dirname(dirname(folder)), 'docs', 'guide')
const page = readFileSync(join(guide, 'models.md'), 'utf8')
const models = ['servlet', 'callbacks', 'actors', 'csp', 'queues', 'loop', 'threads']

interface Quote {
  readonly source: string
  readonly code: string
}

/** Of a sample, the words behind `ts` name its file below this folder. */
const quotes: readonly Quote[] = [...page.matchAll(/^```ts(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
  ([, source = '', code = '']) => ({ source, code }),
)

test('every sample stands in its example as it is quoted', () => {
  for (const { source, code } of quotes) {
    const example = readFileSync(join(folder, `${source}.ts`), 'utf8')
    assert.ok(example.includes(code), `the sample ${source} of models.md differs from the example`)
  }
})

test('the room of every model is quoted, in the order of the sections', () => {
  const rooms = quotes.map(({ source }) => source).filter((source) => source.startsWith('chat/'))
  assert.deepEqual(
    rooms,
    models.map((model) => `chat/${model}`),
  )
})

test('both applications are there in every model', () => {
  for (const model of models) {
    for (const application of ['chat', 'tick']) {
      assert.ok(existsSync(join(folder, application, `${model}.ts`)), `${application}/${model}.ts`)
    }
  }
})

test('every link of the page leads to a file', () => {
  const links = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(([, to]) => to!)
  assert.ok(links.length > models.length)
  for (const link of links) assert.ok(existsSync(join(guide, link)), link)
})

test('the measured tables have their places', () => {
  const names = [...page.matchAll(/<!-- measured: (\w+) -->/g)].map(([, name]) => name)
  assert.deepEqual(names, ['machine', 'cost', 'memory', 'slow', 'blocked', 'crash', 'libraries'])
  assert.equal(page.match(/<!-- \/measured -->/g)?.length, names.length)
})
