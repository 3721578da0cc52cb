// What the portable backend owes to Node's streams below it.
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { AGAIN, PERSIST, READ } from 'holdline/loop'
import { LoopHarness } from './loop-harness.ts'

test('who is not read is held back, as by a kernel', async () => {
  const h = new LoopHarness('net')
  const fds: number[] = []
  const listener = await h.listen((fd) => void fds.push(fd))
  const socket = connect(listener.port, '127.0.0.1')
  const bytes = Buffer.alloc(32_000_000, 'x')
  let isTaken = false
  socket.end(bytes, () => (isTaken = true))
  await h.until(() => fds.length === 1)
  await h.quiet(200)
  assert.equal(isTaken, false, 'all of it lies in memory')
  let received = 0
  let isEnded = false
  const buffer = Buffer.alloc(50_000)
  h.loop.watch(fds[0]!, READ | PERSIST, (event) => {
    const n = event.read(buffer)
    if (n > 0) received += n
    else if (n === 0) {
      isEnded = true
      event.close()
    }
  })
  await h.until(() => isEnded)
  assert.equal(received, bytes.length)
  socket.destroy()
  h.close()
})

test('what was written before close arrives', async () => {
  const h = new LoopHarness('net')
  const { fd, peer } = await h.line()
  const event = h.loop.watch(fd, READ | PERSIST, () => {})
  const text = 'x'.repeat(60_000)
  assert.equal(event.write(Buffer.from(text)), text.length)
  event.close()
  let received = ''
  await h.until(() => {
    received += peer.take()
    return peer.isEnded
  })
  assert.equal(received, text)
  h.close()
})

test('the bytes of a write are the caller’s again when it returns', async () => {
  const h = new LoopHarness('net')
  const { fd, peer } = await h.line()
  const event = h.loop.watch(fd, READ | PERSIST, () => {})
  peer.pause()
  const bytes = Buffer.alloc(60_000, 'a')
  let written = 0
  let isFull = false
  while (!isFull) {
    const before = written
    for (let n: number; (n = event.write(bytes)) !== AGAIN;) written += n
    await h.quiet(30)
    isFull = written === before
  }
  // Some of it has not left.
  bytes.fill('b')
  peer.resume()
  let received = ''
  await h.until(() => (received += peer.take()).length === written)
  assert.equal(received.includes('b'), false)
  h.close()
})

test('a line that comes while more wait than the backlog has room for is refused', async () => {
  const h = new LoopHarness('net')
  h.loop.stop()
  const listener = await h.loop.listen({ port: 0, host: '127.0.0.1', backlog: 2 }, () => {})
  const peers = [
    await h.dial(listener.port),
    await h.dial(listener.port),
    await h.dial(listener.port),
  ]
  await h.until(() => peers[2]!.isEnded || peers[2]!.isReset)
  assert.equal(peers[0]!.isEnded, false)
  h.close()
})

test('a descriptor of a process that Node knows is taken over', async () => {
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const h = new LoopHarness('net')
  assert.throws(() => h.loop.adopt(9_999), { code: 'ERR_LOOP_DESCRIPTOR' })
  const fd = h.loop.connect({ port: (server.address() as AddressInfo).port })
  let text = ''
  h.loop.watch(fd, READ | PERSIST, (event) => {
    const buffer = Buffer.alloc(16)
    const n = event.read(buffer)
    if (n > 0) text += buffer.toString('latin1', 0, n)
    else event.close()
  })
  await h.until(() => text === 'hello')
  h.close()
  server.close()
})
