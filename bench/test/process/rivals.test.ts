import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandRival, repositoryRival, rivalNames } from '../../src/process/rivals.ts'
import { talkToRival } from './rival-conversation.ts'

test('a rival of the repository is a command with a place for the port, and has a version', () => {
  const rival = repositoryRival('ws')
  assert.match(rival.command, /rivals\/ws\.ts' \{port\}$/)
  assert.match(rival.version, /^\d+\.\d+\.\d+/)
  assert.equal(rival.whyNot(), null)
})

test('a name that is no rival of the repository is refused, with the way to plug it in', () => {
  assert.throws(() => repositoryRival('nosuch'), /--rival 'nosuch=/)
  assert.throws(() => repositoryRival('../run'), RangeError)
  assert.throws(() => repositoryRival('constructor'), RangeError)
})

// Go is left out: to say whether it can run it is built, which takes a while the first time.
for (const name of rivalNames.filter((rival) => rival !== 'gorilla')) {
  test(`${name} has a command and a version, or one line that says why not`, () => {
    const rival = repositoryRival(name)
    const reason = rival.whyNot()
    if (reason === null) {
      assert.match(rival.command, /\{port\}/)
      assert.match(rival.version, /\d+\.\d+/)
    } else {
      assert.match(reason, /^[^\n]+$/)
      assert.throws(() => rival.command, /cannot run here/)
      assert.equal(rival.version, 'not installed')
    }
  })
}

test('a command may hold equals signs; its name ends at the first', () => {
  const rival = commandRival('mine=env A=1 ./serve --port={port}')
  assert.equal(rival.name, 'mine')
  assert.equal(rival.command, 'env A=1 ./serve --port={port}')
  assert.equal(rival.dialect.name, 'plain')
  assert.equal(rival.whyNot(), null)
})

for (const text of ['mine', '=serve {port}', 'mine=serve', 'mine=']) {
  test(`'${text}' is no rival`, () => {
    assert.throws(() => commandRival(text), RangeError)
  })
}

// The other rivals are installed only to bench; `npm test` in bench/ talks to them (every-rival.ts).
const ownRivals = ['holdline-node', 'holdline-default-heap', 'holdline-uring', 'ws', 'bare-net']
  .map(repositoryRival)
  .filter((rival) => rival.whyNot() === null)

for (const rival of ownRivals) {
  test(`${rival.name} answers as the scenarios expect`, { timeout: 60_000 }, () =>
    talkToRival(rival),
  )
}

test('holdline in two processes answers alike', { timeout: 60_000 }, () =>
  talkToRival(repositoryRival('holdline-node'), { PROCESSES: '2' }),
)
