// The WebSocket that the examples on the raw loop share, on both backends: what is its own work and not the parser's.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, test } from 'node:test'
import { createLoop, type Backend } from 'holdline/loop'
import { WebSocket } from 'ws'
import { WebSocketLine } from './web-socket-line.ts'

const request =
  'GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
/** "hi" in text, masked with zeros. */
const hi = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])
const closed: string[] = []

for (const backend of ['net', 'epoll'] as readonly Backend[]) {
  const loop = createLoop({ backend })
  const { port } = await loop.listen({ port: 0, host: '127.0.0.1' }, (fd) => {
    new WebSocketLine(loop, fd, {
      message(line, message) {
        if (message === 'throw') throw new Error('thrown by a test')
        if (message === 'flood') for (let i = 0; i < 500; i += 1) line.send(Buffer.alloc(40_000, i))
        else line.send(message === 'path' ? line.path : message)
      },
      closed: (line) => closed.push(line.path),
    })
  })
  after(() => loop.shutDown())
  const url = `ws://127.0.0.1:${port}`

  const open = async (path: string): Promise<WebSocket> => {
    const line = new WebSocket(url + path)
    await once(line, 'open')
    return line
  }
  const raw = async (bytes: string): Promise<string> => {
    const socket = net.connect(port, '127.0.0.1').end(bytes)
    let answer = ''
    for await (const chunk of socket.setEncoding('latin1')) answer += chunk as string
    return answer
  }

  test(`${backend}: text, bytes and the path arrive; a close is answered with its code`, async () => {
    const line = await open('/where?x=1')
    for (const message of ['héllo', 'path', 'x'.repeat(100_000)]) {
      line.send(message)
      const [data] = (await once(line, 'message')) as [Buffer]
      assert.equal(data.toString(), message === 'path' ? '/where?x=1' : message)
    }
    line.send(Buffer.from([1, 2, 3]))
    const [data, isBinary] = (await once(line, 'message')) as [Buffer, boolean]
    assert.deepEqual([[...data], isBinary], [[1, 2, 3], true])
    line.ping('are you there')
    assert.equal(String((await once(line, 'pong'))[0]), 'are you there')
    line.close(4000)
    assert.equal((await once(line, 'close'))[0], 4000)
    assert.equal(closed.at(-1), '/where?x=1')
  })

  test(`${backend}: a request and a message in single bytes are those in one piece`, async () => {
    const socket = net.connect(port, '127.0.0.1').setNoDelay()
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    for (const byte of Buffer.concat([Buffer.from(request), hi])) {
      socket.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const expected = Buffer.from([0x81, 2, 0x68, 0x69])
    while (!Buffer.concat(chunks).subarray(-4).equals(expected)) await once(socket, 'data')
    assert.match(Buffer.concat(chunks).toString('latin1'), /^HTTP\/1\.1 101 /)
    socket.destroy()
  })

  test(`${backend}: what is no upgrade is refused; what breaks the protocol is closed with 1002`, async () => {
    assert.match(await raw('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 426 /)
    assert.match(await raw('nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /)
    assert.match(await raw(`GET / HTTP/1.1\r\nx: ${'y'.repeat(9000)}`), /^HTTP\/1\.1 400 /)
    // An unmasked frame behind the request.
    const answer = await raw(`${request}\x81\x02hi`)
    assert.ok(answer.includes('\x88') && answer.includes('\x03\xea'), answer)
  })

  test(`${backend}: a handler that throws costs its own line`, async (t) => {
    t.mock.method(process, 'emitWarning', () => {})
    const other = await open('/other')
    const line = await open('/throws')
    line.send('throw')
    assert.equal((await once(line, 'close'))[0], 1011)
    assert.equal(closed.at(-1), '/throws')
    other.send('still here')
    assert.equal(String((await once(other, 'message'))[0]), 'still here')
    other.terminate()
  })

  test(`${backend}: who does not read is cut off, not kept in memory`, async () => {
    const before = closed.length
    const line = await open('/deaf')
    line.pause()
    line.send('flood')
    const sent = async (): Promise<boolean> => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return closed.slice(before).includes('/deaf')
    }
    for (let i = 0; i < 1000 && !(await sent()); i += 1);
    assert.ok(closed.slice(before).includes('/deaf'))
    line.terminate()
  })
}
