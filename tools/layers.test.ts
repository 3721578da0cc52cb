import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import {
  findLongFiles,
  findViolations,
  layers,
  layerTable,
  printedLayerTable,
  readTree,
  withLayerTable,
} from './layers.ts'

const root = dirname(import.meta.dirname)

/** The refusals for a made-up tree; paths count from packages/ unless they start with another folder. */
function refusals(files: Record<string, string>): string[] {
  const paths = Object.entries(files).map(
    ([file, source]) =>
      [/^(tools|examples)\//.test(file) ? file : `packages/${file}`, source] as const,
  )
  const exports = new Map([['holdline', ['.', './callbacks']]])
  return findViolations({ files: new Map(paths), exports }).map(({ text }) => text)
}

const empty = {
  'server/src/protocol/frame.ts': '',
  'server/src/connection/connection.ts': '',
  'server/src/connection/engine.ts': '',
  'server/src/engines/http/http-front.ts': '',
  'server/src/engines/node/node-engine.ts': '',
  'server/src/engines/memory/memory-engine.ts': '',
  'server/src/topics/topic.ts': '',
  'server/src/brokers/memory/memory-broker.ts': '',
  'server/src/models/callbacks/callbacks.ts': '',
  'server/src/models/actors/actors.ts': '',
  'server/src/server/serve.ts': '',
  'client/src/client.ts': '',
}

/** The refusals when one file of the empty tree imports the given specifier. */
function importing(file: string, specifier: string, clause = 'import * as x from'): string[] {
  return refusals({ ...empty, [file]: `${clause} '${specifier}'\n` })
}

test('the tree keeps to its layers', () => {
  assert.deepEqual(findViolations(readTree(root)), [])
})

test('ARCHITECTURE.md prints the table', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  assert.equal(printedLayerTable(text), layerTable(), 'run node tools/layers.ts --write')
})

test('the table itself has no cycle: a layer imports only layers above it', () => {
  for (const [at, layer] of layers.entries()) {
    for (const name of layer.layers) {
      const found = layers.findIndex((other) => other.name === name)
      assert.ok(found >= 0 && found < at, `${layer.name} imports ${name}`)
    }
  }
})

test('every folder of the table that ends in a star stands behind its named rooms', () => {
  assert.deepEqual(importing('server/src/brokers/process/process-broker.ts', 'node:net'), [])
  assert.deepEqual(importing('server/src/brokers/memory/memory-broker.ts', 'node:net'), [
    'brokers/memory may not import node:net',
  ])
  assert.deepEqual(importing('server/src/brokers/nats/nats-broker.ts', 'node:net'), [
    'brokers/nats may not import node:net',
  ])
})

test('a layer may import what the table allows, and its own files', () => {
  const file = 'server/src/engines/node/listener.ts'
  assert.deepEqual(importing(file, './node-engine.ts'), [])
  assert.deepEqual(importing(file, '../../protocol/frame.ts'), [])
  assert.deepEqual(importing(file, '../../connection/engine.ts'), [])
  assert.deepEqual(importing(file, 'node:http'), [])
  assert.deepEqual(importing(file, 'node:timers/promises'), [])
})

test('a layer below may not import a layer above, not even a type of it', () => {
  for (const clause of ['import * as x from', 'import type { X } from', 'export * from']) {
    assert.deepEqual(
      importing('server/src/protocol/frame.ts', '../connection/connection.ts', clause),
      ['protocol may not import connection'],
    )
  }
  assert.deepEqual(importing('server/src/connection/engine.ts', '../server/serve.ts'), [
    'connection may not import server',
  ])
})

test('engines share the HTTP side, which knows none of them', () => {
  const file = 'server/src/engines/node/node-engine.ts'
  assert.deepEqual(importing(file, '../http/http-front.ts'), [])
  assert.deepEqual(importing('server/src/engines/http/http-front.ts', '../node/node-engine.ts'), [
    'engines/http may not import engines/node',
  ])
})

test('engines, models and brokers do not import their siblings', () => {
  assert.deepEqual(
    importing('server/src/engines/node/node-engine.ts', '../memory/memory-engine.ts'),
    ['engines/node may not import engines/memory'],
  )
  assert.deepEqual(importing('server/src/models/callbacks/callbacks.ts', '../actors/actors.ts'), [
    'models/callbacks may not import models/actors',
  ])
  assert.deepEqual(
    importing('server/src/models/actors/actors.ts', '../../engines/node/node-engine.ts'),
    ['models/actors may not import engines/node'],
  )
})

test('modules of Node are allowed by layer', () => {
  assert.deepEqual(importing('server/src/protocol/frame.ts', 'node:net'), [
    'protocol may not import node:net',
  ])
  assert.deepEqual(importing('client/src/client.ts', 'node:events'), [
    'client may not import node:events',
  ])
  assert.deepEqual(importing('server/src/protocol/frame.ts', 'buffer'), ['write node:buffer'])
})

test('server may import the types of node:http, and not its values', () => {
  const file = 'server/src/server/serve.ts'
  assert.deepEqual(importing(file, 'node:http', 'import type { Server } from'), [])
  assert.deepEqual(importing(file, 'node:http', 'import { createServer } from'), [
    'server may not import node:http',
  ])
})

test('npm packages are allowed by layer', () => {
  assert.deepEqual(importing('server/src/connection/contract.ts', '@standard-schema/spec'), [])
  assert.deepEqual(importing('server/src/topics/topic.ts', 'ws'), [
    'topics may not import the package ws',
  ])
  assert.deepEqual(importing('server/src/server/serve.ts', 'holdline'), [
    'server may not import the package holdline',
  ])
})

test('packages meet by their exports only', () => {
  assert.deepEqual(importing('gateway/src/main.ts', 'holdline/callbacks'), [])
  assert.deepEqual(importing('gateway/src/main.ts', 'holdline/engines'), [
    'holdline does not export ./engines',
  ])
  const outside = '../../server/src/server/serve.ts'
  for (const file of ['gateway/src/main.ts', 'gateway/test/main.test.ts']) {
    assert.deepEqual(importing(file, outside), [`reaches into another package: ${outside}`])
  }
  const path = '../packages/client/src/client.ts'
  assert.deepEqual(importing('examples/chat.ts', path), [`reaches into another package: ${path}`])
})

test('a package reads its own files, and nothing else of the tree', () => {
  assert.deepEqual(importing('server/test/server/serve.test.ts', '../../src/server/serve.ts'), [])
  assert.deepEqual(importing('client/src/client.ts', './missing.ts'), [
    'names no source file: ./missing.ts',
  ])
  assert.deepEqual(importing('client/src/client.ts', '../test/client.test.ts'), [
    'leaves the sources: ../test/client.test.ts',
  ])
})

test('a file outside every layer is refused', () => {
  assert.deepEqual(refusals({ 'server/src/stray.ts': '' }), ['lies in no layer of the table'])
  assert.deepEqual(refusals({ 'server/src/engines/stray.ts': '' }), [
    'lies in no layer of the table',
  ])
})

test('a cycle of imports is refused at run time and allowed in types', () => {
  const ring = (clause: string): string[] =>
    refusals({
      'server/src/topics/a.ts': "import { b } from './b.ts'",
      'server/src/topics/b.ts': "import { c } from './c.ts'",
      'server/src/topics/c.ts': `${clause} './a.ts'`,
    })
  const path = ['a', 'b', 'c', 'a'].map((name) => `packages/server/src/topics/${name}.ts`)
  assert.deepEqual(ring('import { a } from'), [`closes a cycle: ${path.join(' → ')}`])
  assert.deepEqual(ring('import type { A } from'), [])
})

test('a long file is reported', () => {
  const files = new Map([
    ['packages/server/src/topics/long.ts', 'x\n'.repeat(401)],
    ['packages/server/src/topics/short.ts', 'x\n'.repeat(400)],
    ['packages/server/test/topics/long.test.ts', 'x\n'.repeat(900)],
  ])
  assert.deepEqual(findLongFiles({ files, exports: new Map() }), [
    'packages/server/src/topics/long.ts has 401 lines (aim for 400)',
  ])
})

test('the table goes between its marks and is read back however it is aligned', () => {
  const page = 'Before\n<!-- layers: begin -->\nold\n<!-- layers: end -->\nAfter\n'
  const written = withLayerTable(page)
  assert.ok(written?.startsWith('Before\n<!-- layers: begin -->\n\n| layer |'))
  assert.ok(written?.endsWith('\n\n<!-- layers: end -->\nAfter\n'))
  assert.equal(printedLayerTable(written ?? ''), layerTable())
  const aligned = (written ?? '').replaceAll(' | ', '     | ').replaceAll('---', '--------')
  assert.equal(printedLayerTable(aligned), layerTable())
  assert.equal(withLayerTable('no marks'), undefined)
})
