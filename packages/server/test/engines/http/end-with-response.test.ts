import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { endWithResponse } from '../../../src/engines/http/end-with-response.ts'
import { dial, eventually } from './line.ts'
import type { Line } from './line.ts'

async function pair(t: TestContext): Promise<{ line: Line; socket: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const line = await dial({ host: '127.0.0.1', port })
  const [socket] = await accepted
  t.after(() => {
    line.socket.destroy()
    socket.destroy()
  })
  return { line, socket }
}

test('the answer arrives although bytes come that nobody reads', async (t) => {
  const { line, socket } = await pair(t)
  line.write(Buffer.alloc(500_000))
  await new Promise((resolve) => setTimeout(resolve, 20))
  endWithResponse(socket, 'no\u00e9')
  assert.equal(await line.ended(), 'no\u00e9')
})

test('who does not end its side is cut after half a second', async (t) => {
  const { line, socket } = await pair(t)
  const since = performance.now()
  endWithResponse(socket, 'no')
  await line.ended()
  await once(socket, 'close')
  const ms = performance.now() - since
  assert.ok(ms >= 450 && ms < 4_000, `${ms}`)
})

test('who ends its side is let go at once, whatever it had sent before', async (t) => {
  const { line, socket } = await pair(t)
  line.write(Buffer.alloc(500_000))
  const since = performance.now()
  endWithResponse(socket, 'no')
  await line.ended()
  line.socket.end()
  await once(socket, 'close')
  assert.ok(performance.now() - since < 400)
})

test('who does not read the answer is cut after five seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { line, socket } = await pair(t)
  line.socket.pause()
  endWithResponse(socket, 'x'.repeat(50_000_000))
  t.mock.timers.tick(4_999)
  assert.equal(socket.destroyed, false)
  t.mock.timers.tick(1)
  assert.equal(socket.destroyed, true)
})

test('a socket that is gone is left alone; one that breaks makes no noise', async (t) => {
  const { socket } = await pair(t)
  socket.destroy()
  endWithResponse(socket, 'no')
  const broken = await pair(t)
  endWithResponse(broken.socket, 'no')
  broken.line.socket.resetAndDestroy()
  // `once` of node:events would itself fail with the socket's error.
  await eventually('the end', () => broken.socket.closed)
})
