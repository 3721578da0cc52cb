// Of the nine rules that every engine passes: what comes when (K1, K2, K3, K9).

import assert from 'node:assert/strict'
import type { Connection } from '../../connection/connection.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { PausedBy } from '../../connection/held-connection.ts'
import type { EngineCase } from '../contract-server.ts'
import { recorder } from '../recorder.ts'
import { wireFrame } from '../wire-frame.ts'

const textFrames = (...texts: readonly string[]): Uint8Array =>
  Buffer.concat(texts.map((text) => wireFrame(1, text)))

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))

export const orderRules: readonly EngineCase[] = [
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
        // Refused: an engine's contract has no topics.
        c.subscribe('topic').catch(() => {})
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
      assert.equal(server.acceptor.failures.length, 0)
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
