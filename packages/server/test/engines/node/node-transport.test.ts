import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import type { HeldConnection } from '../../../src/connection/held-connection.ts'
import { NodeTransport } from '../../../src/engines/node/node-transport.ts'
import { writeAllTo, writeTo } from '../../connection/pieces.ts'
import { dial, encrypt, eventually, selfSigned } from '../http/line.ts'
import type { Line } from '../http/line.ts'

/** Stands for the connection: keeps what the transport tells it. */
class Told {
  byteCount = 0
  /** Of the first bytes. */
  text = ''
  writtenCount = 0
  endedCount = 0
  closedCount = 0
  isWithinCommand = false
  reentrances = 0

  receive(bytes: Uint8Array, start: number, end: number): void {
    this.#note()
    this.byteCount += end - start
    if (this.text.length < 1_000) this.text += Buffer.from(bytes.subarray(start, end)).toString()
  }

  bytesWritten(): void {
    this.#note()
    this.writtenCount++
  }

  ended(): void {
    this.#note()
    this.endedCount++
  }

  transportClosed(): void {
    this.#note()
    this.closedCount++
  }

  #note(): void {
    if (this.isWithinCommand) this.reentrances++
  }

  get connection(): HeldConnection {
    return this as unknown as HeldConnection
  }
}

interface Pair {
  readonly line: Line
  readonly socket: Socket
  readonly transport: NodeTransport
  readonly told: Told
}

async function pair(t: TestContext, isTls: boolean): Promise<Pair> {
  const { line, socket } = await unattached(t, isTls)
  const told = new Told()
  const transport = new NodeTransport(socket)
  transport.attach(told.connection)
  return { line, socket, transport, told }
}

async function unattached(t: TestContext, isTls = false): Promise<Pick<Pair, 'line' | 'socket'>> {
  const server: Server = isTls
    ? createTlsServer({ ...selfSigned(), allowHalfOpen: true })
    : createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, isTls ? 'secureConnection' : 'connection') as Promise<[Socket]>
  const raw = await dial({ host: '127.0.0.1', port: (server.address() as { port: number }).port })
  const line = isTls ? await encrypt(raw.socket) : raw
  const [socket] = await accepted
  t.after(() => {
    server.close()
    for (const each of [raw.socket, line.socket, socket]) each.destroy()
  })
  socket.on('error', () => {})
  return { line, socket }
}

/** More than the kernel and the streams take at once. */
const MUCH = Buffer.alloc(30_000_000, 'x')

test('a connection that paused itself while it opened is not read, until it resumes', async (t) => {
  const { line, socket } = await unattached(t)
  const told = new Told()
  const transport = new NodeTransport(socket)
  transport.pause()
  transport.attach(told.connection)
  line.write('early')
  // Both ends share this loop: by then a socket that is read would have told.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(told.byteCount, 0)
  transport.resume()
  await eventually('the bytes', () => told.text === 'early')
})

test('a socket that cannot read into the shared buffer is read all the same', async (t) => {
  const { line, socket } = await unattached(t)
  const { _handle: handle } = socket as unknown as { _handle: { useUserBuffer: unknown } }
  handle.useUserBuffer = undefined
  const told = new Told()
  new NodeTransport(socket).attach(told.connection)
  line.write('as ever')
  await eventually('the bytes', () => told.text === 'as ever')
})

for (const isTls of [false, true]) {
  const over = isTls ? ' (TLS)' : ' (TCP)'

  test(`what comes is told, in order; pause stops it, resume goes on${over}`, async (t) => {
    const { line, transport, told } = await pair(t, isTls)
    line.write('one').write('two')
    await eventually('the bytes', () => told.byteCount === 6)
    transport.pause()
    line.write('three')
    await new Promise((resolve) => setTimeout(resolve, 30))
    // "A few may still come": what had been read already.
    transport.resume()
    await eventually('the rest', () => told.text === 'onetwothree')
  })

  test(`a paused line takes no more than what lies in its buffers${over}`, async (t) => {
    const { line, transport, told } = await pair(t, isTls)
    transport.pause()
    line.write(MUCH)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.ok(told.byteCount <= 200_000, `${told.byteCount}`)
    transport.resume()
    await eventually('all of it', () => told.byteCount === MUCH.length)
  })

  test(`bytes and pieces leave in order${over}`, async (t) => {
    const { line, transport, told } = await pair(t, isTls)
    let expected = 0
    const send = async (isTaken: boolean): Promise<void> => {
      if (!isTaken) await eventually('the write', () => told.writtenCount === expected + 1)
      if (!isTaken) expected++
    }
    await send(writeTo(transport, 'a'))
    await send(writeAllTo(transport, 'b', 'c'))
    await send(writeAllTo(transport, 'd'))
    assert.equal(await line.until('d'), 'abcd')
    assert.equal(told.writtenCount, expected)
  })

  test(`what the line does not take is under way until bytesWritten, once${over}`, async (t) => {
    const { line, transport, told } = await pair(t, isTls)
    line.socket.pause()
    told.isWithinCommand = true
    assert.equal(writeAllTo(transport, MUCH, 'end'), false)
    told.isWithinCommand = false
    await new Promise((resolve) => setTimeout(resolve, 30))
    assert.equal(told.writtenCount, 0)
    line.socket.resume()
    await eventually('the write', () => told.writtenCount === 1)
    await eventually('the bytes', () => line.byteCount === MUCH.length + 3)
    assert.equal(told.writtenCount, 1)
    assert.equal(told.reentrances, 0)
  })

  test(`end: what was written arrives, then the end${over}`, async (t) => {
    const { line, transport, told } = await pair(t, isTls)
    writeTo(transport, 'last')
    transport.end()
    assert.equal(await line.ended(), 'last')
    line.socket.end()
    await eventually('the end of all', () => told.closedCount === 1)
  })

  test(`the other side ends: told once, then the close once${over}`, async (t) => {
    const { line, transport, told } = await pair(t, isTls)
    line.write('x').socket.end()
    await eventually('the end', () => told.endedCount === 1)
    transport.end()
    await eventually('the close', () => told.closedCount === 1)
    assert.deepEqual([told.text, told.endedCount], ['x', 1])
  })

  test(`destroy: the close is told later, once; writes afterwards do nothing${over}`, async (t) => {
    const { transport, told } = await pair(t, isTls)
    told.isWithinCommand = true
    transport.destroy()
    transport.destroy()
    writeTo(transport, 'x')
    writeAllTo(transport, 'x', 'y')
    transport.pause()
    transport.resume()
    transport.end()
    told.isWithinCommand = false
    await eventually('the close', () => told.closedCount === 1)
    await new Promise((resolve) => setTimeout(resolve, 10))
    assert.deepEqual([told.closedCount, told.writtenCount, told.reentrances], [1, 0, 0])
  })

  test(`a line that breaks while bytes are under way: the close, no bytesWritten${over}`, async (t) => {
    const { line, transport, told } = await pair(t, isTls)
    line.socket.pause()
    assert.equal(writeTo(transport, MUCH), false)
    line.socket.destroy()
    await eventually('the close', () => told.closedCount === 1)
    assert.equal(told.writtenCount, 0)
  })
}

for (const hasToldIt of [false, true]) {
  test(`a socket that is gone before it is attached${hasToldIt ? ', and has said so' : ''}: the close is told, later, once`, async (t) => {
    const { socket } = await unattached(t)
    const closed = once(socket, 'close')
    socket.destroy()
    if (hasToldIt) await closed
    const told = new Told()
    told.isWithinCommand = true
    new NodeTransport(socket).attach(told.connection)
    told.isWithinCommand = false
    await eventually('the close', () => told.closedCount === 1)
    await new Promise((resolve) => setTimeout(resolve, 10))
    assert.deepEqual([told.closedCount, told.reentrances], [1, 0])
  })
}

test('what came before it is attached comes first, in order; so does an end', async (t) => {
  const { line, socket } = await unattached(t)
  line.write('early')
  await eventually('the bytes', () => socket.readableLength === 5)
  line.write('later').socket.end()
  const told = new Told()
  new NodeTransport(socket).attach(told.connection)
  await eventually('the end', () => told.endedCount === 1)
  assert.equal(told.text, 'earlylater')
})
