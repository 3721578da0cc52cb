// The command as an operator meets it: real processes, their one line, their exit code.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connect } from 'holdline-client'
import { runCommand, startCommand } from './command.ts'

const oneLine = /^[^\n]+\n$/

test('--help and --version print and end with 0', async () => {
  const help = await runCommand(['--help'])
  assert.deepEqual([help.code, help.stderr], [0, ''])
  assert.match(help.stdout, /--port <number>/)
  const version = await runCommand(['--version'])
  assert.equal(version.code, 0)
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
})

test('what it cannot do gives one line with a code, and exit code 2', async () => {
  const cases: [string[], Record<string, string>, RegExp][] = [
    [['--prot', '1'], {}, /ERR_ARGUMENT_UNKNOWN.*--prot.*--help/],
    [['serve'], {}, /ERR_ARGUMENT_UNKNOWN.*serve/],
    [['--port', '99999'], {}, /ERR_ARGUMENT_INVALID.*--port is "99999".*65535/],
    [['--port', 'abc'], {}, /ERR_ARGUMENT_INVALID.*--port is "abc"/],
    [[], { PORT: 'x' }, /ERR_ARGUMENT_INVALID.*PORT is "x"/],
    [['--processes', '0'], {}, /ERR_ARGUMENT_INVALID.*--processes is "0"/],
    [['--engine', 'foo'], {}, /ERR_ARGUMENT_INVALID.*--engine is "foo"/],
    [[], { HOLDLINE_ENGINE: 'foo' }, /ERR_OPTION_INVALID.*HOLDLINE_ENGINE is "foo"/],
    [['--host', '203.0.113.1', '--port', '0'], {}, /ERR_LISTEN_ADDRESS.*203\.0\.113\.1/],
  ]
  const results = await Promise.all(
    cases.map(([args, environment]) => runCommand(args, environment)),
  )
  for (const [index, { code, stdout, stderr }] of results.entries()) {
    const [args, , expected] = cases[index] as (typeof cases)[number]
    assert.equal(code, 2, args.join(' '))
    assert.equal(stdout, '')
    assert.match(stderr, oneLine)
    assert.match(stderr, expected)
  }
})

for (const processes of ['1', '2']) {
  test(`an occupied port gives one line and exit code 2 (${processes} processes)`, async (context) => {
    const other = createServer().listen(0)
    await once(other, 'listening')
    context.after(() => other.close())
    const { port } = other.address() as AddressInfo
    const { code, stdout, stderr } = await runCommand([
      '--port',
      `${port}`,
      '--processes',
      processes,
    ])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, oneLine)
    assert.match(stderr, new RegExp(`ERR_LISTEN_IN_USE.*${port}`))
  })
}

test('the start-up line names the address, the engine and why, and the processes', async (context) => {
  const command = await startCommand(context, [])
  assert.match(
    command.line,
    /^Holdline \d\S* is at http:\/\/localhost:\d+ \(engine (node|uring): [^;]+; 1 process\)$/,
  )
  assert.equal((await fetch(`${command.url}/healthz`)).status, 200)
})

test('--engine decides, HOLDLINE_ENGINE where it leaves the choice open', async (context) => {
  const node = { PORT: '0', HOLDLINE_ENGINE: 'node' }
  for (const [args, engine] of [
    [['--engine', 'node'], /engine node: asked for;/],
    [['--engine', 'uring'], /engine uring: asked for;/],
    [[], /engine node: asked for by HOLDLINE_ENGINE;/],
  ] as const) {
    const command = await startCommand(context, [...args], node)
    assert.match(command.line, engine)
  }
})

test('PORT is heeded', async (context) => {
  const free = createServer().listen(0)
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')
  const command = await startCommand(context, [], { PORT: `${port}` })
  assert.equal(new URL(command.url).port, `${port}`)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  for (const processes of ['1', '2']) {
    test(`${signal} closes the lines in good order and ends with 0 (${processes} processes)`, async (context) => {
      const command = await startCommand(context, ['--processes', processes])
      const { promise: open, resolve } = Promise.withResolvers<void>()
      const client = connect(`${command.url.replace('http', 'ws')}/echo`, {
        reconnect: () => false,
        onState: (state) => state === 'open' && resolve(),
      })
      await open
      command.process.kill(signal)
      const { code } = await client.closed
      assert.ok(code === 1001 || code === 1012, `${code}`)
      assert.deepEqual(await command.exit, [0, null])
    })
  }
}

test('several processes are named in the line, which is said once', async (context) => {
  const { line, url, said } = await startCommand(context, ['--processes', '2'])
  assert.match(line, /; 2 processes\)$/)
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => fetch(`${url}/healthz`, { headers: { Connection: 'close' } })),
  )
  for (const { status } of answers) assert.equal(status, 200)
  assert.deepEqual(said, [line])
})
