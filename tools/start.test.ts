// `npm start` as a person and as a supervisor meet it: exit codes and signals come through npm and its shell.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

const root = dirname(import.meta.dirname)

function start(...options: string[]) {
  const child = spawn('npm', ['start', '--', ...options], { cwd: root, stdio: 'pipe' })
  const output: string[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()))
  return { child, output, ended: once(child, 'close') as Promise<[number | null]> }
}

test('--help and --version end with 0, an unknown option with 2 and one line', async () => {
  const help = start('--help')
  assert.equal((await help.ended)[0], 0, help.output.join(''))
  assert.match(help.output.join(''), /Usage: holdline/)
  const version = start('--version')
  assert.equal((await version.ended)[0], 0, version.output.join(''))
  assert.match(version.output.join(''), /^\d+\.\d+\.\d+$/m)
  const unknown = start('--no-such-option')
  assert.equal((await unknown.ended)[0], 2, unknown.output.join(''))
  const words = unknown.output.join('').split('\n')
  assert.equal(
    words.filter((line) => line.includes('--no-such-option') && !line.startsWith('>')).length,
    1,
  )
  assert.equal(
    words.some((line) => line.startsWith('npm error')),
    false,
  )
})

test('SIGTERM to npm ends the server in good order and leaves no process with the port', async () => {
  const { child, output, ended } = start('--port', '0', '--host', '127.0.0.1')
  let port = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const found = / at http:\/\/[^:]+:(\d+)/.exec(line)
    if (found === null) continue
    port = Number(found[1])
    break
  }
  assert.notEqual(port, 0, output.join(''))
  child.kill('SIGTERM')
  assert.equal((await ended)[0], 0, output.join(''))
  const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
})
