// The example on NATS, started twice as on two machines, and used.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { next, open, withExample } from './run-example.ts'

test('nats: a room is one room on two servers, and who joins late hears what was said', async () => {
  await withNats(async (NATS_URL) => {
    await withExample(
      'nats',
      (one) => withExample('nats', (other) => chat(one, other), { NATS_URL }),
      { NATS_URL },
    )
  })
})

async function chat(one: string, other: string): Promise<void> {
  const ann = await open(`${one}/room/tea`)
  const bob = await open(`${other}/room/tea`)
  const toAnn = on(ann, 'message') as AsyncIterator<[Buffer]>
  const heard = next(bob)
  ann.send('hello')
  assert.equal(await heard, 'hello')
  bob.send('hello back')
  while (String((await toAnn.next()).value?.[0]) !== 'hello back');
  const late = new WebSocket(`${other}/room/tea`)
  const past: string[] = []
  for await (const [data] of on(late, 'message') as AsyncIterable<[Buffer]>) {
    if (past.push(data.toString()) === 2) break
  }
  assert.deepEqual(past, ['hello', 'hello back'])
  for (const line of [ann, bob, late]) line.close()
}

async function withNats(use: (url: string) => Promise<void>): Promise<void> {
  const { port } = await freeAddress()
  const folder = mkdtempSync(join(tmpdir(), 'holdline-nats-'))
  const options = ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', folder]
  const server = spawn('nats-server', options, { stdio: 'ignore' })
  const ended = once(server, 'exit')
  try {
    while (!(await answers(port))) {
      if (server.exitCode !== null) throw new Error('nats-server does not start')
      await setTimeout(20)
    }
    await use(`127.0.0.1:${port}`)
  } finally {
    server.kill('SIGKILL')
    await ended.catch(() => {})
    rmSync(folder, { recursive: true })
  }
}

async function freeAddress(): Promise<AddressInfo> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return address
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
