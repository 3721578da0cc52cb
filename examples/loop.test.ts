// The examples of the raw event loop, started as their reader would, and used: on every backend that runs here.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'

const folder = fileURLToPath(new URL('./', import.meta.url))

async function withExample(
  name: string,
  environment: Record<string, string>,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const child = spawn(process.execPath, ['-C', 'source', `${folder}${name}.ts`], {
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    for await (const line of createInterface(child.stdout)) {
      await use(Number(new URL(line).port))
      break
    }
    // Nothing is left open, so nothing keeps the process.
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number | null]
    assert.equal(code, 0)
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  }
}

async function all(socket: Socket): Promise<string> {
  let text = ''
  for await (const part of socket.setEncoding('utf8')) text += part as string
  return text
}

test('lines: each comes back, in any pieces, and quit ends', () =>
  withExample('loop-lines', {}, async (port) => {
    const socket = connect(port, '127.0.0.1')
    for (const piece of ['hel', 'lo\r', '\none\ntwo\nqu', 'it\nnever']) {
      socket.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(await all(socket), 'HELLO\r\nONE\r\nTWO\r\nbye\r\n')
  }))

test('lines: many at once to who reads late, none is lost', () =>
  withExample('loop-lines', {}, async (port) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const lines = Array.from({ length: 100_000 }, (_, i) => `line ${i}`)
    socket.pause()
    socket.end(`${lines.join('\n')}\n`)
    const text = await all(socket)
    assert.equal(text, lines.map((line) => `${line.toUpperCase()}\r\n`).join(''))
  }))

test('lines: one without an end is refused', () =>
  withExample('loop-lines', {}, async (port) => {
    const socket = connect(port, '127.0.0.1')
    socket.write('x'.repeat(4_096))
    assert.equal(await all(socket), 'that line is too long\r\n')
  }))

for (const backend of ['epoll', 'net']) {
  test(`echo on ${backend}: text, bytes, long messages, pings, fragments and close`, () =>
    withExample('loop-echo', { LOOP: backend }, async (port) => {
      const line = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false })
      await once(line, 'open')
      const next = async (): Promise<Buffer> => ((await once(line, 'message')) as [Buffer])[0]
      line.send('hällo')
      assert.equal((await next()).toString(), 'hällo')
      const long = Buffer.alloc(1_000_000, 'abc')
      line.send(long)
      assert.deepEqual(await next(), long)
      line.send('in ', { fin: false })
      line.send('two')
      assert.equal((await next()).toString(), 'in two')
      line.ping('still there?')
      assert.equal(((await once(line, 'pong')) as [Buffer])[0].toString(), 'still there?')
      const sent = Array.from({ length: 2_000 }, (_, i) => `${i} ${'y'.repeat(i)}`)
      const received: string[] = []
      const isDone = new Promise<void>((resolve) => {
        line.on('message', (data: Buffer) => {
          received.push(data.toString())
          if (received.length === sent.length) resolve()
        })
      })
      for (const text of sent) line.send(text)
      await isDone
      assert.deepEqual(received, sent)
      line.close(4_321)
      const [code] = (await once(line, 'close')) as [number]
      assert.equal(code, 4_321)
    }))

  test(`echo on ${backend}: refuses what is no upgrade, and broken frames`, () =>
    withExample('loop-echo', { LOOP: backend }, async (port) => {
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 426)
      const line = new WebSocket(`ws://127.0.0.1:${port}/`)
      await once(line, 'open')
      ;(line as unknown as { _socket: Socket })._socket.write(Buffer.from([0x81, 0x00]))
      const [code] = (await once(line, 'close')) as [number]
      assert.equal(code, 1_002)
    }))
}
