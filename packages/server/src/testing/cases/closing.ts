// How every engine ends a connection: the handshake of close frames both ways, refusals, cuts.

import assert from 'node:assert/strict'
import { echo, echoMessage } from '../contract-server.ts'
import type { EngineCase } from '../contract-server.ts'
import { recorder } from '../recorder.ts'
import { wireFrame } from '../wire-frame.ts'

const CLOSE_MS = 300

/** Bytes that break the rules, with the close frame that they get. */
const BROKEN: readonly (readonly [Uint8Array, number, string])[] = [
  [wireFrame(1, 'a', { mask: null }), 1002, 'ERR_FRAME_UNMASKED'],
  [wireFrame(1, 'a', { rsv1: true }), 1002, 'ERR_FRAME_RESERVED_BITS'],
  [wireFrame(1, 'a', { otherReservedBits: 1 }), 1002, 'ERR_FRAME_RESERVED_BITS'],
  [wireFrame(3, 'a'), 1002, 'ERR_FRAME_OPCODE'],
  [wireFrame(11, ''), 1002, 'ERR_FRAME_OPCODE'],
  [wireFrame(0, 'a'), 1002, 'ERR_CONTINUATION_UNEXPECTED'],
  [wireFrame(9, '', { final: false }), 1002, 'ERR_CONTROL_FRAGMENTED'],
  [wireFrame(9, new Uint8Array(126)), 1002, 'ERR_CONTROL_TOO_LONG'],
  [wireFrame(8, Uint8Array.of(3)), 1002, 'ERR_CLOSE_PAYLOAD'],
  [wireFrame(8, Uint8Array.of(0x03, 0xed)), 1002, 'ERR_CLOSE_CODE'],
  [wireFrame(1, Uint8Array.of(0xf4, 0x90, 0x80, 0x80)), 1007, 'ERR_MESSAGE_UTF8'],
  [Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4), 1009, 'ERR_MESSAGE_TOO_BIG'],
]

export const closingCases: readonly EngineCase[] = [
  {
    name: 'close sends a close frame, waits for the answer, and ends the line',
    async run(serve) {
      const { behavior, calls } = recorder({
        message: (c) => {
          c.send('last')
          c.close(4000, 'wähy')
          c.close(4001)
          assert.equal(c.send('late'), 'closed')
        },
      })
      const server = await serve({ behavior })
      const peer = await server.connect()
      peer.text('go')
      assert.equal(await peer.message(), 'last')
      assert.deepEqual(await peer.closeFrame(), [4000, 'wähy'])
      await server.fence()
      assert.ok(!peer.line.hasEnded)
      peer.close(4000)
      await peer.ended()
      assert.ok(!peer.isClosed)
      peer.end()
      await peer.closed()
      await server.until('close', () => calls.at(-1) === 'close 4000')
      assert.equal(peer.frameCount, 0)
    },
  },
  {
    name: 'a close frame that is not answered cuts the line after closeMs',
    async run(serve) {
      const { behavior, calls, connections } = recorder()
      const server = await serve({ behavior, limits: { closeMs: CLOSE_MS } })
      const peer = await server.connect()
      const since = server.clock.now()
      connections[0]!.close(1000)
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      peer.text('not an answer')
      await peer.closed()
      assert.ok(server.clock.now() - since >= CLOSE_MS)
      await server.until('close', () => calls.length === 2)
      assert.deepEqual(calls, ['open', 'close 1006'])
    },
  },
  {
    name: 'a line that is held open behind the close frames is cut after closeMs',
    async run(serve) {
      const { behavior, calls, connections } = recorder()
      const server = await serve({ behavior, limits: { closeMs: CLOSE_MS } })
      for (const first of ['peer', 'server']) {
        calls.length = 0
        const peer = await server.connect()
        const since = server.clock.now()
        if (first === 'server') connections.at(-1)!.close(1001)
        peer.close(1001)
        assert.deepEqual(await peer.closeFrame(), [1001, ''])
        await peer.ended()
        peer.text('after close')
        await server.until('close', () => calls.length === 2)
        assert.ok(server.clock.now() - since >= CLOSE_MS)
        assert.deepEqual(calls, ['open', 'close 1001'], first)
        await peer.closed()
      }
    },
  },
  {
    name: 'close frames that cross are one handshake',
    async run(serve) {
      const { behavior, calls } = recorder({ message: (c) => c.close(1000) })
      const server = await serve({ behavior })
      const peer = await server.connect()
      peer.raw(wireFrame(1, 'go'), wireFrame(8, Uint8Array.of(0x0f, 0xa0)))
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      await peer.ended()
      peer.end()
      await peer.closed()
      await server.until('close', () => calls.at(-1) === 'close 4000')
      assert.equal(peer.frameCount, 0)
    },
  },
  {
    name: 'close goes behind everything that was sent before, and is awaited while paused',
    async run(serve) {
      const { behavior, calls, connections } = recorder({ message: (c) => c.pause() })
      const server = await serve({ behavior, limits: { bufferedBytes: 33_554_432 } })
      const peer = await server.connect()
      peer.raw(wireFrame(1, 'a'), wireFrame(1, 'held'))
      await server.until('the message', () => calls.length === 2)
      peer.line.stopReading()
      for (let i = 0; i < 10; i++) connections[0]!.send(new Uint8Array(1_000_000).fill(i))
      connections[0]!.close(1000)
      await server.fence()
      peer.line.startReading()
      for (let i = 0; i < 10; i++) {
        assert.deepEqual(await peer.message(), new Uint8Array(1_000_000).fill(i))
      }
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      peer.close(1000)
      await peer.ended()
      peer.end()
      await server.until('close', () => calls.length === 3)
      assert.deepEqual(calls, ['open', 'message a', 'close 1000'])
    },
  },
  {
    name: 'what breaks the rules is answered with a close frame and the end of the line',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior })
      for (const [bytes, code, reason] of BROKEN) {
        const peer = await server.connect()
        calls.length = 0
        peer.raw(wireFrame(1, 'good'), bytes, wireFrame(1, 'never seen'))
        assert.deepEqual(await peer.closeFrame(), [code, reason])
        await peer.ended()
        peer.text('nor this')
        peer.end()
        await peer.closed()
        await server.until('close', () => calls.length === 2)
        assert.deepEqual(calls, ['message good', `close ${code} ${reason}`])
        assert.equal(server.acceptor.failures.at(-1)!.code, reason)
      }
    },
  },
  {
    name: 'a line is read on after a refusal, and cut after closeMs',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior, limits: { closeMs: CLOSE_MS } })
      const peer = await server.connect()
      peer.raw(wireFrame(3, 'broken'))
      for (let i = 0; i < 50; i++) peer.raw(new Uint8Array(65_536))
      assert.deepEqual(await peer.closeFrame(), [1002, 'ERR_FRAME_OPCODE'])
      await server.until('close', () => calls.length === 2)
      assert.deepEqual(calls, ['open', 'close 1002 ERR_FRAME_OPCODE'])
    },
  },
  {
    name: 'bytes that break the rules right behind the request end that line alone',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior })
      const peer = await server.connect('/', { behind: wireFrame(1, 'a', { mask: null }) })
      assert.deepEqual(await peer.closeFrame(), [1002, 'ERR_FRAME_UNMASKED'])
      peer.end()
      await server.until('close', () => calls.length === 2)
      assert.deepEqual(calls, ['open', 'close 1002 ERR_FRAME_UNMASKED'])
    },
  },
  {
    name: 'terminate cuts the line at once, without a close frame',
    async run(serve) {
      const { behavior, calls, connections } = recorder({
        message: (c) => {
          c.send('never seen')
          c.terminate()
          c.terminate()
        },
      })
      const server = await serve({ behavior })
      const one = await server.connect()
      one.raw(wireFrame(1, 'go'), wireFrame(1, 'late'))
      await one.closed()
      await server.until('close', () => calls.length === 3)
      assert.deepEqual(calls, ['open', 'message go', 'close 1006'])
      assert.ok(one.frameCount === 0 && !one.hasRest)
      connections[0]!.terminate()

      const two = await server.connect()
      connections[1]!.close(1000)
      connections[1]!.terminate()
      await two.closed()
      await server.until('close', () => calls.length === 5)
      assert.equal(calls.at(-1), 'close 1006')
    },
  },
  {
    name: 'a line may break at any byte',
    async run(serve) {
      const { behavior, calls } = recorder({ message: (c, data) => void c.send(data) })
      const server = await serve({ behavior })
      const bytes = Buffer.concat([wireFrame(1, 'a'), wireFrame(2, new Uint8Array(130))])
      for (const at of [0, 1, 2, 5, 6, 7, 8, 9, 11, 14, 15, 16, 80, bytes.length]) {
        const peer = await server.connect()
        calls.length = 0
        peer.raw(bytes.subarray(0, at))
        peer.cut()
        await server.until('close', () => calls.at(-1) === 'close 1006')
        assert.ok(calls.length <= 3)
      }
      assert.equal(server.acceptor.failures.length, 0)
    },
  },
  {
    name: 'a listener that stops accepting keeps its connections; one that closes ends them',
    async run(serve) {
      const { behavior, calls } = recorder({ message: echoMessage })
      const other = await serve({ behavior: echo })
      const server = await serve({ behavior })
      const peer = await server.connect()
      await server.fence()
      server.listener.stopAccepting()
      await assert.rejects(server.connect())
      peer.text('still here')
      assert.equal(await peer.message(), 'still here')
      await server.stop()
      await peer.closed()
      assert.deepEqual(calls, ['open', 'message still here', 'close 1006'])
      await other.fence()
    },
  },
]
