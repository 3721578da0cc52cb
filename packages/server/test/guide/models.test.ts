// docs/guide/models.md quotes examples/models: word for word, all models, and its tables are where the bench puts them.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { guide, GuidePage, root } from './guide-page.ts'

const folder = join(root, 'examples', 'models')
const page = new GuidePage('models.md')
const models = ['servlet', 'callbacks', 'actors', 'csp', 'queues', 'loop', 'threads']

test('every sample stands in its example as it is quoted', () => {
  for (const { name, code } of page.quotes) {
    const example = readFileSync(join(folder, `${name}.ts`), 'utf8')
    assert.ok(example.includes(code), `the sample ${name} of models.md differs from the example`)
  }
})

test('the room of every model is quoted, in the order of the sections', () => {
  const rooms = page.quotes.map(({ name }) => name).filter((name) => name.startsWith('chat/'))
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
  const links = [...page.text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(
    ([, to]) => to!,
  )
  assert.ok(links.length > models.length)
  for (const link of links) assert.ok(existsSync(join(guide, link)), link)
})

test('the measured tables have their places', () => {
  const names = [...page.text.matchAll(/<!-- measured: (\w+) -->/g)].map(([, name]) => name)
  assert.deepEqual(names, ['machine', 'cost', 'memory', 'slow', 'blocked', 'crash', 'libraries'])
  assert.equal(page.text.match(/<!-- \/measured -->/g)?.length, names.length)
})
