// Deadlines and rates of a connection. On engines with a real clock these cases take their time: the limits are
// small, and nothing is asserted about how late a deadline may come.

import assert from 'node:assert/strict'
import { recorder } from '../recorder.ts'
import type { EngineCase } from '../contract-server.ts'
import { wireFrame } from '../wire-frame.ts'

export const deadlineCases: readonly EngineCase[] = [
  {
    name: 'silence is asked with a ping, and a ping without an answer cuts the line',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior, keepalive: { pingMs: 300, timeoutMs: 300 } })
      const peer = await server.connect()
      const since = server.clock.now()
      assert.equal((await peer.frame()).opcode, 9)
      const pingedMs = server.clock.now() - since
      assert.ok(pingedMs >= 300 - 1, `${pingedMs}`)
      peer.pong()
      assert.equal((await peer.frame()).opcode, 9)
      await peer.closed()
      await server.until('close', () => calls.length === 2)
      assert.deepEqual(calls, ['open', 'close 1006 ERR_KEEPALIVE'])
      assert.deepEqual(
        server.acceptor.failures.map((failure) => failure.code),
        ['ERR_KEEPALIVE'],
      )
    },
  },
  {
    name: 'whatever comes counts as life, and a paused connection is not taken for gone',
    async run(serve) {
      const { behavior, calls, connections } = recorder()
      const server = await serve({ behavior, keepalive: { pingMs: 400, timeoutMs: 400 } })
      const peer = await server.connect()
      for (let i = 0; i < 6; i++) {
        await server.pass(200)
        peer.raw(i % 2 === 0 ? wireFrame(10) : wireFrame(1, 'x'))
      }
      await server.fence()
      connections[0]!.pause()
      await server.pass(2_000)
      assert.ok(!peer.isClosed)
      connections[0]!.resume()
      peer.text('still here')
      await server.until('the message', () => calls.at(-1) === 'message still here')
    },
  },
  {
    name: 'a message that is not finished in time closes with 1008, however slowly it drips',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior, limits: { incompleteMessageMs: 400 } })
      const starts: readonly Uint8Array[] = [
        wireFrame(1, 'begun', { final: false }),
        wireFrame(1, 'begun').subarray(0, 8),
        wireFrame(1, 'begun').subarray(0, 1),
      ]
      for (const start of starts) {
        calls.length = 0
        const peer = await server.connect()
        peer.text('whole')
        const since = server.clock.now()
        peer.raw(start)
        if (start === starts[0]) {
          while (peer.frameCount === 0) {
            peer.raw(wireFrame(0, 'drip', { final: false }))
            await server.pass(60)
          }
        }
        assert.deepEqual(await peer.closeFrame(), [1008, 'ERR_MESSAGE_INCOMPLETE'])
        assert.ok(server.clock.now() - since >= 400 - 250)
        peer.end()
        await server.until('close', () => calls.length === 3)
        assert.deepEqual(calls, ['open', 'message whole', 'close 1008 ERR_MESSAGE_INCOMPLETE'])
      }
    },
  },
  {
    name: 'a connection without messages closes with 1001 after idleMs; pongs are no messages',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior, limits: { idleMs: 600 } })
      const peer = await server.connect()
      for (let i = 0; i < 4; i++) {
        await server.pass(250)
        peer.text('busy')
      }
      const since = server.clock.now()
      while (peer.frameCount === 0) {
        peer.pong()
        await server.pass(60)
      }
      assert.deepEqual(await peer.closeFrame(), [1001, 'ERR_IDLE'])
      assert.ok(server.clock.now() - since >= 600 - 250)
      peer.close(1001)
      peer.end()
      await server.until('close', () => calls.at(-1) === 'close 1001 ERR_IDLE')
    },
  },
  {
    name: 'more messages a second than allowed close with 1008, a burst of one second does not',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior, limits: { messagesPerSecond: 5 } })
      const peer = await server.connect()
      for (let i = 0; i < 5; i++) peer.text('burst')
      await server.until('the burst', () => calls.length === 6)
      await server.pass(1_500)
      peer.raw(...Array.from({ length: 20 }, () => wireFrame(1, 'flood')))
      assert.deepEqual(await peer.closeFrame(), [1008, 'ERR_MESSAGE_RATE'])
      peer.end()
      await server.until('close', () => calls.at(-1) === 'close 1008 ERR_MESSAGE_RATE')
      assert.equal(calls.length, 1 + 5 + 5 + 1)
    },
  },
  {
    name: 'more bytes a second than allowed close with 1008',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior, limits: { bytesPerSecond: 1_000 } })
      const peer = await server.connect()
      peer.binary(new Uint8Array(900))
      await server.until('the message', () => calls.length === 2)
      peer.binary(new Uint8Array(900))
      assert.deepEqual(await peer.closeFrame(), [1008, 'ERR_BYTE_RATE'])
      peer.end()
      await server.until('close', () => calls.at(-1) === 'close 1008 ERR_BYTE_RATE')
      assert.equal(calls.length, 3)
    },
  },
]
