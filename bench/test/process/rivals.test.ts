import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandRival, repositoryRival } from '../../src/process/rivals.ts'

test('a rival of the repository is a command with a place for the port, and has a version', () => {
  const rival = repositoryRival('ws')
  assert.match(rival.command, /rivals\/ws\.ts' \{port\}$/)
  assert.match(rival.version, /^\d+\.\d+\.\d+/)
})

test('a name that is no file in bench/rivals is refused, with the way to plug it in', () => {
  assert.throws(() => repositoryRival('nosuch'), /--rival 'nosuch=/)
  assert.throws(() => repositoryRival('../run'), RangeError)
})

test('a command may hold equals signs; its name ends at the first', () => {
  const rival = commandRival('mine=env A=1 ./serve --port={port}')
  assert.equal(rival.name, 'mine')
  assert.equal(rival.command, 'env A=1 ./serve --port={port}')
})

for (const text of ['mine', '=serve {port}', 'mine=serve', 'mine=']) {
  test(`'${text}' is no rival`, () => {
    assert.throws(() => commandRival(text), RangeError)
  })
}
