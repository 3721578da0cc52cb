import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NameRegistry } from '../../src/server/name-registry.ts'

test('the first who claims a name owns it, until it is released by its owner', () => {
  const names = new NameRegistry()
  assert.deepEqual(
    names.answer(1, [
      ['owner', 'n'],
      ['claim', 'n'],
      ['claim', 'n'],
    ]),
    [null, 1, 1],
  )
  assert.deepEqual(
    names.answer(2, [
      ['claim', 'n'],
      ['release', 'n'],
      ['owner', 'n'],
    ]),
    [1, 1],
  )
  assert.deepEqual(names.answer(1, [['release', 'n']]), [])
  assert.deepEqual(names.answer(2, [['claim', 'n']]), [2])
})

test('the names of a worker that ended are free, those of others are not', () => {
  const names = new NameRegistry()
  names.answer(1, [
    ['claim', 'a'],
    ['claim', 'b'],
    ['claim', 'c'],
    ['release', 'c'],
  ])
  names.answer(2, [
    ['claim', 'c'],
    ['claim', 'd'],
  ])
  names.workerEnded(1)
  names.workerEnded(1)
  names.workerEnded(3)
  assert.equal(names.size, 2)
  assert.deepEqual(
    names.answer(3, [
      ['claim', 'a'],
      ['owner', 'b'],
      ['claim', 'c'],
      ['claim', 'd'],
    ]),
    [3, null, 2, 2],
  )
})

test('names have a bound; a released name makes room', () => {
  const names = new NameRegistry(2)
  assert.deepEqual(
    names.answer(1, [
      ['claim', 'a'],
      ['claim', 'b'],
      ['claim', 'c'],
      ['claim', 'a'],
      ['release', 'a'],
      ['claim', 'c'],
    ]),
    [1, 1, 'ERR_WORKER_NAMES', 1, 1],
  )
})

test('in any order of claims, releases and ends: what a plain map of owners says, and nothing stays behind', () => {
  const step = fc.record({
    ask: fc.constantFrom('claim', 'release', 'owner', 'end'),
    worker: fc.integer({ min: 1, max: 3 }),
    name: fc.constantFrom('a', 'b', 'c', '__proto__'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const names = new NameRegistry()
      const model: [string, number][] = []
      const owner = (name: string): number | null => model.find(([n]) => n === name)?.[1] ?? null
      const remove = (keep: (entry: [string, number]) => boolean): void => {
        model.splice(0, model.length, ...model.filter(keep))
      }
      for (const { ask, worker, name } of steps) {
        if (ask === 'end') {
          names.workerEnded(worker)
          remove(([, by]) => by !== worker)
        } else {
          const answers = names.answer(worker, [[ask, name]])
          if (ask === 'claim' && owner(name) === null) model.push([name, worker])
          if (ask === 'release') remove(([n, by]) => n !== name || by !== worker)
          assert.deepEqual(answers, ask === 'release' ? [] : [owner(name)])
        }
        assert.equal(names.size, model.length)
      }
    }),
  )
})
