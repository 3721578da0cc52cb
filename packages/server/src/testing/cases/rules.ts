// The nine rules that every engine passes (ARCHITECTURE, "The contracts").

import assert from 'node:assert/strict'
import type { Connection } from '../../connection/connection.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { PausedBy } from '../../connection/held-connection.ts'
import { echo } from '../contract-server.ts'
import type { EngineCase } from '../contract-server.ts'
import { recorder } from '../recorder.ts'
import { wireFrame } from '../wire-frame.ts'

const textFrames = (...texts: readonly string[]): Uint8Array =>
  Buffer.concat(texts.map((text) => wireFrame(1, text)))

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))

export const ruleCases: readonly EngineCase[] = [
  {
    name: 'K1 open comes before every message and close comes last, once',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior })
      const peer = await server.connect()
      peer.raw(textFrames('a', 'b'), wireFrame(2, Uint8Array.of(1, 2)))
      peer.close(1000, 'bye')
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      peer.end()
      await peer.closed()
      await server.fence()
      assert.deepEqual(calls, [
        'open',
        'message a',
        'message b',
        'message <0102>',
        'close 1000 bye',
      ])
    },
  },
  {
    name: 'K1 a line that breaks is closed with 1006, and nothing comes after it',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior })
      const peer = await server.connect()
      peer.text('a')
      await server.until('the message', () => calls.length === 2)
      peer.cut()
      await server.until('close', () => calls.length === 3)
      await server.fence()
      assert.deepEqual(calls, ['open', 'message a', 'close 1006'])
    },
  },
  {
    name: 'K1 a line that ends without a close frame is closed with 1006',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior })
      const peer = await server.connect()
      peer.text('a')
      peer.end()
      await peer.closed()
      await server.until('close', () => calls.length === 3)
      assert.deepEqual(calls, ['open', 'message a', 'close 1006'])
    },
  },
  {
    name: 'K1 messages behind a close frame, and behind close(), are not delivered',
    async run(serve) {
      const { behavior, calls } = recorder({ message: (c, data) => data === 'go' && c.close(4000) })
      const server = await serve({ behavior })
      const one = await server.connect()
      one.raw(wireFrame(8, Uint8Array.of(0x03, 0xe8)), textFrames('late'))
      assert.deepEqual(await one.closeFrame(), [1000, ''])
      one.end()
      await one.closed()
      const two = await server.connect()
      two.raw(textFrames('go', 'late'))
      assert.deepEqual(await two.closeFrame(), [4000, ''])
      two.raw(textFrames('later'))
      two.close(4000)
      two.end()
      await two.closed()
      await server.until(
        'both closed',
        () => calls.filter((c) => c.startsWith('close')).length === 2,
      )
      assert.deepEqual(calls, ['open', 'close 1000', 'open', 'message go', 'close 4000'])
    },
  },
  {
    name: 'K2 no command calls the behavior before it returns',
    async run(serve) {
      const tryAll = (c: Connection): void => {
        c.cork(() => c.send('x'.repeat(100_000)))
        c.send(new Uint8Array(70_000))
        c.ping()
        c.pause()
        c.resume()
        c.subscribe('topic')
        c.unsubscribe('topic')
      }
      // The recorder fails on a call within a call.
      const { behavior, calls } = recorder({
        open: tryAll,
        drain: (c) => void c.send('drained'),
        message: (c, data) => {
          tryAll(c)
          if (data === 'close') c.close(4001)
          if (data === 'terminate') c.terminate()
        },
        close: (c) => {
          tryAll(c)
          c.close(4002)
          c.terminate()
        },
      })
      const server = await serve({ behavior })
      const one = await server.connect()
      one.raw(textFrames('a', 'close', 'b'))
      one.close(4001)
      one.end()
      await one.closed()
      const two = await server.connect()
      two.raw(textFrames('a', 'terminate', 'b'))
      await two.closed()
      const closes = (): string[] => calls.filter((call) => call.startsWith('close'))
      await server.until('both closed', () => closes().length === 2)
      assert.deepEqual(closes(), ['close 4001', 'close 1006'])
      assert.deepEqual(server.acceptor.failures, [])
    },
  },
  {
    name: 'K3 pause stops before the next frame of the same chunk',
    async run(serve) {
      const { behavior, calls, connections } = recorder({
        message: (c, data) => data === 'b' && c.pause(),
      })
      const server = await serve({ behavior })
      const peer = await server.connect()
      peer.raw(textFrames('a', 'b', 'c', 'd'))
      await server.until('two messages', () => calls.length === 3)
      await server.fence()
      peer.raw(textFrames('e'))
      await server.fence()
      assert.deepEqual(calls, ['open', 'message a', 'message b'])
      connections[0]!.resume()
      await server.until('the rest', () => calls.length === 6)
      assert.deepEqual(calls.slice(3), ['message c', 'message d', 'message e'])
    },
  },
  {
    name: 'K3 whatever is paused and however the bytes are cut, messages come once and in order',
    async run(serve) {
      const { behavior, calls, connections } = recorder({ message: (c) => c.pause() })
      const server = await serve({ behavior })
      const bytes = Buffer.concat([
        textFrames('a'),
        wireFrame(1, 'b1', { final: false }),
        wireFrame(9, 'p'),
        wireFrame(0, 'b2'),
        wireFrame(2, Uint8Array.of(7)),
      ])
      const expected = ['message a', 'message b1b2', 'message <07>']
      for (let cut = 0; cut <= bytes.length; cut += 3) {
        const peer = await server.connect()
        const connection = connections.at(-1)!
        calls.length = 0
        peer.raw(bytes.subarray(0, cut))
        await server.fence()
        peer.raw(bytes.subarray(cut))
        for (let i = 1; i <= expected.length; i++) {
          await server.until(`message ${i} cut at ${cut}`, () => calls.length === i)
          await server.fence()
          assert.deepEqual(calls, expected.slice(0, i), `cut at ${cut}`)
          connection.resume()
        }
        assert.equal((await peer.frame()).opcode, 10)
        await peer.leave()
      }
    },
  },
  {
    name: 'K3 resume before the turn ends loses nothing and delivers nothing early',
    async run(serve) {
      const { behavior, calls } = recorder({
        message: (c) => {
          c.pause()
          c.resume()
        },
      })
      const server = await serve({ behavior })
      const peer = await server.connect()
      peer.raw(textFrames(...numbers(50)))
      await server.until('all messages', () => calls.length === 51)
      assert.deepEqual(
        calls.slice(1),
        numbers(50).map((n) => `message ${n}`),
      )
    },
  },
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
  {
    name: 'K9 what comes while an asynchronous upgrade is judged is held, in order',
    async run(serve) {
      const { behavior, calls } = recorder()
      let accept: (answer: object) => void = () => {}
      const server = await serve({
        behavior,
        upgrade: () => new Promise<object>((resolve) => (accept = resolve)),
      })
      const peer = await server.dial()
      const bytes = textFrames(...numbers(200))
      peer.raw(bytes.subarray(0, 5))
      await server.fence()
      peer.raw(bytes.subarray(5, 700))
      await server.fence()
      assert.equal(peer.head, null)
      assert.deepEqual(calls, [])
      peer.raw(bytes.subarray(700))
      accept({})
      await peer.answered()
      await server.until('all messages', () => calls.length === 201)
      assert.deepEqual(calls, ['open', ...numbers(200).map((n) => `message ${n}`)])
    },
  },
  {
    name: 'K9 what comes while an asynchronous open is running is held, in order',
    async run(serve) {
      const { behavior, calls, connections } = recorder({
        open: (c) => (c as HeldConnection).pauseFor(PausedBy.MODEL),
      })
      const server = await serve({ behavior })
      const peer = await server.dial()
      peer.raw(textFrames('a', 'b'))
      await peer.answered()
      peer.raw(textFrames('c'))
      await server.fence()
      assert.deepEqual(calls, ['open'])
      ;(connections[0] as HeldConnection).resumeFor(PausedBy.MODEL)
      await server.until('all messages', () => calls.length === 4)
      assert.deepEqual(calls, ['open', 'message a', 'message b', 'message c'])
    },
  },
]
