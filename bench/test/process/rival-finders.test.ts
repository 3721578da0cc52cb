import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findBun, findTornado, findUwsJs } from '../../src/process/rival-finders.ts'

// What is installed differs from machine to machine: each finds its program or says what to install.
const finders = {
  Bun: { find: findBun, program: /bun\.ts' \{port\}$/, install: /npm install in bench\// },
  'uWebSockets.js': {
    find: findUwsJs,
    program: /uws-js\.mjs' \{port\}$/,
    install: /npm install in bench\/|apt-get install nodejs/,
  },
  Tornado: {
    find: findTornado,
    program: /tornado\/main\.py' \{port\}$/,
    install: /apt-get install python3-tornado/,
  },
}

for (const [name, { find, program, install }] of Object.entries(finders)) {
  test(`${name} is a command, or one line that says what to install`, () => {
    const finding = find()
    if (typeof finding === 'string') assert.match(finding, install)
    else {
      assert.match(finding.command, program)
      assert.match(finding.version, /\d+\.\d+/)
    }
  })
}

test('a Node that npm installed does not run uWebSockets.js', () => {
  const finding = findUwsJs()
  assert.doesNotMatch(
    typeof finding === 'string' ? finding : finding.command,
    /node_modules\/\.bin/,
  )
})
