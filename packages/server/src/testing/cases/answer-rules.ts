// Of the nine rules that every engine passes: answers, results, failures, memory (K4 to K8).

import assert from 'node:assert/strict'
import type { Connection } from '../../connection/connection.ts'
import { echo } from '../contract-server.ts'
import type { EngineCase } from '../contract-server.ts'
import { recorder } from '../recorder.ts'
import { wireFrame } from '../wire-frame.ts'

const textFrames = (...texts: readonly string[]): Uint8Array =>
  Buffer.concat(texts.map((text) => wireFrame(1, text)))

export const answerRules: readonly EngineCase[] = [
  {
    name: 'K4 a ping is answered with its payload, between the fragments of a message too',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior })
      const peer = await server.connect()
      peer.raw(wireFrame(9), wireFrame(1, 'he', { final: false }), wireFrame(9, 'ping'))
      const empty = await peer.frame()
      assert.deepEqual([empty.opcode, empty.payload.length, empty.masked], [10, 0, false])
      const pong = await peer.frame()
      assert.deepEqual([pong.opcode, Buffer.from(pong.payload).toString()], [10, 'ping'])
      peer.raw(wireFrame(0, 'llo'), wireFrame(9, new Uint8Array(125)), wireFrame(10, 'unasked'))
      assert.equal((await peer.frame()).payload.length, 125)
      await server.until('the message', () => calls.length === 2)
      assert.deepEqual(calls, ['open', 'message hello'])
    },
  },
  {
    name: 'K4 a close frame is answered with its code, without waiting for the program',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior })
      for (const code of [1000, 1001, 1011, 3000, 4999]) {
        const peer = await server.connect()
        calls.length = 0
        peer.close(code, 'why')
        assert.deepEqual(await peer.closeFrame(), [code, ''])
        await peer.ended()
        peer.end()
        await peer.closed()
        await server.until('close', () => calls.length === 1)
        assert.deepEqual(calls, [`close ${code} why`])
      }
      const peer = await server.connect()
      peer.close()
      assert.deepEqual(await peer.closeFrame(), [null, ''])
      peer.end()
      await server.until('close', () => calls.at(-1) === 'close 1005')
    },
  },
  {
    name: 'K5 send never throws and says closed where nothing can be sent',
    async run(serve) {
      const results: string[] = []
      const sendAll = (c: Connection): void => {
        results.push(c.send('text'), c.send(Uint8Array.of(1)), c.send(''), c.ping())
      }
      const { behavior, connections } = recorder({
        message: (c, data) => {
          if (data === 'close') c.close()
          else c.terminate()
          sendAll(c)
        },
        close: sendAll,
      })
      const server = await serve({ behavior })
      for (const how of ['close', 'terminate']) {
        const peer = await server.connect()
        peer.text(how)
        if (how === 'close') assert.deepEqual(await peer.closeFrame(), [null, ''])
        peer.end()
        await peer.closed()
        await server.until('close', () => results.length === 8)
        sendAll(connections.at(-1)!)
        assert.deepEqual(new Set(results), new Set(['closed']), how)
        assert.equal(peer.frameCount, 0)
        results.length = 0
      }
    },
  },
  {
    name: 'K6 there is one drain for a run of queued, however long it is',
    async run(serve) {
      const results: string[] = []
      const { behavior, calls } = recorder({
        message: (c, data) => {
          if (data === 'small') results.push(c.send('x'))
          else for (let i = 0; i < 8; i++) results.push(c.send(new Uint8Array(1_000)))
        },
      })
      const server = await serve({
        behavior,
        limits: { highWaterBytes: 4_000, lowWaterBytes: 1_000 },
      })
      const peer = await server.connect()
      for (let run = 1; run <= 3; run++) {
        results.length = 0
        peer.text('large')
        await peer.messages(8)
        assert.deepEqual(results.slice(-4), ['queued', 'queued', 'queued', 'queued'])
        await server.until('drain', () => calls.filter((call) => call === 'drain').length === run)
        peer.text('small')
        await peer.message()
        await server.fence()
        assert.equal(results.at(-1), 'sent')
        assert.equal(calls.filter((call) => call === 'drain').length, run)
      }
    },
  },
  {
    name: 'K7 a throw in open, message or drain closes that connection with 1011 and no other',
    async run(serve) {
      for (const where of ['open', 'message', 'drain'] as const) {
        const error = new Error(`thrown in ${where}`)
        const { behavior, calls } = recorder({
          message: (c) => void c.send(new Uint8Array(2_000)),
          [where]: () => {
            throw error
          },
        })
        const limits = { highWaterBytes: 1_000, lowWaterBytes: 1_000 }
        const server = await serve({
          '/': { behavior, limits },
          '/echo': { behavior: echo },
        })
        const other = await server.connect('/echo')
        const peer = await server.connect()
        if (where !== 'open') peer.raw(textFrames('a', 'b'))
        let frame = await peer.frame()
        if (where === 'drain') {
          assert.equal(frame.opcode, 2)
          while (frame.opcode === 2) frame = await peer.frame()
        }
        assert.deepEqual([frame.opcode, Buffer.from(frame.payload).readUInt16BE(0)], [8, 1011])
        peer.close(1011)
        peer.end()
        await peer.closed()
        await server.until('close', () => calls.at(-1) === 'close 1011 ERR_HANDLER')
        assert.equal(calls.filter((call) => call.startsWith(where)).length, 1)
        assert.deepEqual(
          server.acceptor.failures.map((failure) => [failure.code, failure.error]),
          [['ERR_HANDLER', error]],
        )
        other.text('still here')
        assert.equal(await other.message(), 'still here')
      }
    },
  },
  {
    name: 'K7 a throw in close is reported and touches no other connection',
    async run(serve) {
      const error = new Error('thrown in close')
      const { behavior } = recorder({
        close: () => {
          throw error
        },
      })
      const server = await serve({ '/': { behavior }, '/echo': { behavior: echo } })
      const other = await server.connect('/echo')
      const peer = await server.connect()
      await peer.leave()
      await server.until('the failure', () => server.acceptor.failures.length === 1)
      assert.equal(server.acceptor.failures[0]!.error, error)
      await server.until('closed', () => server.acceptor.closed.length === 1)
      other.text('still here')
      assert.equal(await other.message(), 'still here')
    },
  },
  {
    name: 'K8 bytes are whole until the handler returns, and a slice of them is a copy',
    async run(serve) {
      const kept: Uint8Array[] = []
      const { behavior } = recorder({
        message: (_, data) => {
          assert.ok(data instanceof Uint8Array && !Buffer.isBuffer(data))
          kept.push(data.slice())
        },
      })
      const server = await serve({ behavior })
      const peer = await server.connect()
      const message = (fill: number, count: number): Uint8Array => new Uint8Array(count).fill(fill)
      peer.raw(wireFrame(2, message(1, 10)), wireFrame(2, message(2, 5_000)))
      await server.until('two messages', () => kept.length === 2)
      for (let fill = 3; fill < 20; fill++) {
        peer.raw(wireFrame(2, message(fill, 5_000)))
        await server.until('the next message', () => kept.length === fill)
      }
      kept.forEach((data, i) => assert.deepEqual(data, message(i + 1, i === 0 ? 10 : 5_000)))
    },
  },
]
