import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { ListenAddress, ListenOptions } from '../../../src/connection/engine.ts'
import { bind } from '../../../src/engines/http/listen.ts'
import { dial, temporaryFolder } from './line.ts'

const HERE = '127.0.0.1'

async function bound(
  t: TestContext,
  options: ListenOptions,
): Promise<{ server: Server; address: ListenAddress }> {
  const server = createServer((socket) => void socket.on('error', () => {}).end('here'))
  t.after(() => server.close())
  return { server, address: await bind(server, options) }
}

async function greeting(address: ListenAddress): Promise<string> {
  const line = await dial(address)
  const text = await line.ended()
  line.socket.destroy()
  return text
}

/** A socket file as a process leaves it that is killed. */
function abandonedSocket(path: string): void {
  const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  assert.throws(() => execFileSync(process.execPath, ['-e', program], { stdio: 'ignore' }))
  assert.ok(existsSync(path))
}

test('a free port is taken and told; so is a path', async (t) => {
  const { address } = await bound(t, { host: HERE })
  assert.ok('port' in address && address.port > 0 && address.host === HERE)
  assert.equal(await greeting(address), 'here')
  const path = join(temporaryFolder(), 'unix')
  assert.deepEqual((await bound(t, { path })).address, { path })
})

test('as many lines may wait to be accepted as the kernel grants, or as is asked for', async (t) => {
  const granted = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
  const waiting = async (options: ListenOptions): Promise<number> => {
    const { address } = await bound(t, { host: HERE, ...options })
    assert.ok('port' in address)
    const row = execFileSync('ss', ['-Hltn', `sport = :${address.port}`], { encoding: 'utf8' })
    // Of a socket that listens the third column is the length of its queue.
    return Number(row.trim().split(/\s+/)[2])
  }
  assert.equal(await waiting({}), Math.min(4_096, granted))
  assert.equal(await waiting({ backlog: 7 }), 7)
})

test('an occupied port: ERR_LISTEN_IN_USE, which names it', async (t) => {
  const { address } = await bound(t, { host: HERE })
  assert.ok('port' in address)
  await assert.rejects(bound(t, address), {
    code: 'ERR_LISTEN_IN_USE',
    detail: `${HERE}:${address.port}`,
  })
})

test('an address that is not of this machine: ERR_LISTEN_ADDRESS', async (t) => {
  await assert.rejects(bound(t, { host: '192.0.2.1', port: 0 }), {
    code: 'ERR_LISTEN_ADDRESS',
    detail: '192.0.2.1:0',
  })
})

test('a path in a folder that is not there: ERR_LISTEN_DENIED, as node:net says', async (t) => {
  const path = join(temporaryFolder(), 'no', 'folder')
  await assert.rejects(bound(t, { path }), { code: 'ERR_LISTEN_DENIED', detail: path })
})

test('what cannot be listened on otherwise: ERR_LISTEN_FAILED with its cause', async (t) => {
  for (const options of [{ path: `/${'x'.repeat(200)}` }, { port: 65_536 }]) {
    await assert.rejects(bound(t, options), (error: { code: string; cause: unknown }) => {
      return error.code === 'ERR_LISTEN_FAILED' && error.cause instanceof Error
    })
  }
})

test('reusePort: two servers on one port, on Linux', async (t) => {
  if (process.platform !== 'linux') return
  const { address } = await bound(t, { host: HERE, reusePort: true })
  assert.ok('port' in address)
  assert.deepEqual((await bound(t, { ...address, reusePort: true })).address, address)
})

test('a socket file that a killed process left is replaced', async (t) => {
  const path = join(temporaryFolder(), 'unix')
  abandonedSocket(path)
  const { address } = await bound(t, { path })
  assert.equal(await greeting(address), 'here')
})

test('a socket file that is served stays', async (t) => {
  const { address } = await bound(t, { path: join(temporaryFolder(), 'unix') })
  await assert.rejects(bound(t, address), { code: 'ERR_LISTEN_IN_USE' })
  assert.equal(await greeting(address), 'here')
})

test('a file that is no socket stays', async (t) => {
  const path = join(temporaryFolder(), 'notes.txt')
  writeFileSync(path, 'mine')
  await assert.rejects(bound(t, { path }), { code: 'ERR_LISTEN_IN_USE', detail: path })
  assert.equal(readFileSync(path, 'utf8'), 'mine')
})

test('the socket file of a server that is too busy to answer stays', async (t) => {
  const path = join(temporaryFolder(), 'unix')
  // Stopped, it accepts nothing: a backlog of one is soon full, and connecting says EAGAIN.
  const program = `require('net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => { console.log(1); for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) })`
  const busy = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(() => busy.kill('SIGKILL'))
  await new Promise((resolve) => busy.stdout.once('data', resolve))
  const sockets = Array.from({ length: 4 }, () => connect(path).on('error', () => {}))
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  await new Promise((resolve) => setTimeout(resolve, 20))
  await assert.rejects(bound(t, { path }), { code: 'ERR_LISTEN_IN_USE' })
  assert.ok(existsSync(path))
})

test('a line that cannot be accepted does not end the process', async (t) => {
  const { server, address } = await bound(t, { host: HERE })
  server.emit('error', Object.assign(new Error('too many open files'), { code: 'EMFILE' }))
  assert.equal(await greeting(address), 'here')
})
