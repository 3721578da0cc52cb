import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NameClient } from '../../src/server/name-client.ts'
import type { NameRequest } from '../../src/server/worker-message.ts'

function client(): { names: NameClient; told: (readonly NameRequest[])[] } {
  const told: (readonly NameRequest[])[] = []
  return { names: new NameClient((requests) => void told.push(requests)), told }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('what one turn asks is one message, in order, and its answers are the next one', async () => {
  const { names, told } = client()
  names.open()
  const first = names.claim('a')
  names.release('b')
  const second = names.ownerOf('c')
  assert.deepEqual(told, [])
  await turn()
  const third = names.claim('d')
  await turn()
  assert.deepEqual(told, [
    [
      ['claim', 'a'],
      ['release', 'b'],
      ['owner', 'c'],
    ],
    [['claim', 'd']],
  ])
  names.answered([1, null])
  names.answered(['ERR_WORKER_NAMES'])
  assert.deepEqual(await Promise.all([first, second]), [1, null])
  await assert.rejects(third, { code: 'ERR_WORKER_NAMES' })
})

test('releases alone wait for no answer', async () => {
  const { names, told } = client()
  names.open()
  names.release('a')
  await turn()
  const owner = names.ownerOf('a')
  await turn()
  assert.equal(told.length, 2)
  names.answered([2])
  assert.equal(await owner, 2)
})

test('what is asked before it is open is asked then', async () => {
  const { names, told } = client()
  const owner = names.claim('a')
  await turn()
  assert.deepEqual(told, [])
  names.open()
  await turn()
  assert.deepEqual(told, [[['claim', 'a']]])
  names.answered([1])
  assert.equal(await owner, 1)
})

test('a name that is none is refused and not asked for', async () => {
  const { names, told } = client()
  names.open()
  for (const name of ['', 'x'.repeat(1_025)]) {
    await assert.rejects(names.claim(name), { code: 'ERR_WORKER_NAME' })
    await assert.rejects(names.ownerOf(name), { code: 'ERR_WORKER_NAME' })
  }
  await turn()
  assert.deepEqual(told, [])
})

test('what was not answered is refused at the end, and what is asked later', async () => {
  const { names, told } = client()
  names.open()
  const asked: Promise<unknown>[] = [names.claim('a')]
  await turn()
  asked.push(names.ownerOf('b'))
  names.close()
  names.close()
  asked.push(names.claim('c'))
  names.release('d')
  for (const each of asked) await assert.rejects(each, { code: 'ERR_MESH_STOPPED' })
  await turn()
  assert.equal(told.length, 1)
  // The answer that was under way.
  names.answered([1])
})
