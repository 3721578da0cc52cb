// Amounts: many messages in one chunk, many chunks for one message, large messages, many connections.

import assert from 'node:assert/strict'
import { echo, echoMessage } from '../contract-server.ts'
import type { EngineCase } from '../contract-server.ts'
import { recorder } from '../recorder.ts'
import { wireFrame } from '../wire-frame.ts'
import type { WirePeer } from '../wire-peer.ts'

export const trafficCases: readonly EngineCase[] = [
  {
    name: 'a thousand messages in one chunk are all answered, in order',
    async run(serve) {
      const server = await serve({ behavior: echo })
      const peer = await server.connect()
      const texts = Array.from({ length: 1_000 }, (_, i) => `message ${i}`)
      peer.raw(...texts.map((text) => wireFrame(1, text)))
      assert.deepEqual(await peer.messages(1_000), texts)
      const { messagesReceived, messagesSent, bytesReceived } = server.acceptor.counters('/')
      assert.deepEqual([messagesReceived, messagesSent], [1_000, 1_000])
      assert.equal(
        bytesReceived,
        texts.reduce((sum, text) => sum + 6 + text.length, 0),
      )
    },
  },
  {
    name: 'messages arrive whole when each byte comes alone',
    async run(serve) {
      const server = await serve({ behavior: echo })
      const peer = await server.connect()
      const bytes = Buffer.concat([
        wireFrame(1, 'Käse'),
        wireFrame(1, 'in ', { final: false }),
        wireFrame(9, 'ping'),
        wireFrame(0, ''),
        wireFrame(0, '', { final: false }),
      ])
      for (const octet of bytes.subarray(0, -6)) {
        peer.raw(Uint8Array.of(octet))
        await server.fence()
      }
      assert.equal(await peer.message(), 'Käse')
      assert.equal((await peer.frame()).opcode, 10)
      assert.equal(await peer.message(), 'in ')
    },
  },
  {
    name: 'text may be cut anywhere, and is refused at the first octet that is not UTF-8',
    async run(serve) {
      const server = await serve({ behavior: echo })
      const text = 'κόσμε 𝄞 €'
      const bytes = Buffer.from(text)
      for (let at = 0; at <= bytes.length; at++) {
        const peer = await server.connect()
        peer.raw(
          wireFrame(1, bytes.subarray(0, at), { final: false }),
          wireFrame(0, bytes.subarray(at)),
        )
        assert.equal(await peer.message(), text)
        peer.cut()
      }
      const peer = await server.connect()
      peer.raw(wireFrame(1, Uint8Array.of(0x61, 0xed, 0xa0), { final: false }))
      assert.deepEqual(await peer.closeFrame(), [1007, 'ERR_MESSAGE_UTF8'])
    },
  },
  {
    name: 'large messages pass up to the limit; beyond it 1009, at the header or at the fragment',
    async run(serve) {
      const { behavior, calls } = recorder({ message: echoMessage })
      const limits = { messageBytes: 300_000, bufferedBytes: 1_000_000 }
      const server = await serve({ behavior, limits })
      const large = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7)
      const peer = await server.connect()
      peer.binary(large)
      assert.deepEqual(await peer.message(), large)
      peer.raw(
        wireFrame(2, large.subarray(0, 100_000), { final: false }),
        wireFrame(0, large.subarray(100_000, 299_999), { final: false }),
        wireFrame(0, large.subarray(299_999)),
      )
      assert.deepEqual(await peer.message(), large)
      calls.length = 0
      peer.raw(wireFrame(2, new Uint8Array(300_001)).subarray(0, 14))
      assert.deepEqual(await peer.closeFrame(), [1009, 'ERR_MESSAGE_TOO_BIG'])

      const other = await server.connect()
      other.raw(wireFrame(2, large, { final: false }), wireFrame(0, 'x').subarray(0, 6))
      assert.deepEqual(await other.closeFrame(), [1009, 'ERR_MESSAGE_TOO_BIG'])
      assert.ok(!calls.some((call) => call.startsWith('message')))
    },
  },
  {
    name: 'many connections are served at once, and closed one by one',
    async run(serve) {
      const { behavior, calls, connections } = recorder({ message: echoMessage })
      const server = await serve({ behavior })
      const peers: WirePeer[] = await Promise.all(
        Array.from({ length: 150 }, () => server.connect()),
      )
      for (const [i, peer] of peers.entries()) peer.text(`mine ${i}`)
      for (const [i, peer] of peers.entries()) assert.equal(await peer.message(), `mine ${i}`)
      for (const c of connections) c.send('to all')
      for (const peer of peers) assert.equal(await peer.message(), 'to all')
      for (const [i, peer] of peers.entries()) {
        if (i % 2 === 0) peer.cut()
        else await peer.leave()
      }
      const closed = (code: number): number =>
        calls.filter((call) => call === `close ${code}`).length
      await server.until('all closed', () => closed(1000) + closed(1006) === 150)
      assert.deepEqual([closed(1000), closed(1006)], [75, 75])
    },
  },
]
