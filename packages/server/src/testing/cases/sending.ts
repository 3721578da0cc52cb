// What every engine must do with what is sent: one write a turn, backpressure told once, a hard cap, no byte lost
// or changed.

import assert from 'node:assert/strict'
import type { Connection } from '../../connection/connection.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { echo } from '../contract-server.ts'
import type { ContractServer, EngineCase } from '../contract-server.ts'
import { recorder } from '../recorder.ts'
import { wireFrame } from '../wire-frame.ts'
import type { WirePeer } from '../wire-peer.ts'

/** Lengths around every border in the way of a message: headers, one-pass text, the slab, a piece of its own. */
const LENGTHS = [
  0, 1, 24, 25, 41, 42, 125, 126, 127, 16_383, 16_384, 16_385, 65_535, 65_536, 70_000,
]

/** Bytes of which each says where it stands. */
function pattern(count: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i * 31 + (i >> 8) + seed) & 255)
}

/** Sends numbered messages, one a turn, until the peer's side takes no more. Returns how many. */
async function fillLine(server: ContractServer, c: Connection, bytes: number): Promise<number> {
  let count = 0
  const held = c as HeldConnection
  const sendOne = (): void => {
    if (held.isBlocked) return
    c.send(pattern(bytes, count++))
    server.clock.setTimer(1, sendOne)
  }
  sendOne()
  await server.until('the line to be full', () => held.isBlocked)
  return count
}

async function expectPatterns(peer: WirePeer, count: number, bytes: number): Promise<void> {
  for (let i = 0; i < count; i++) assert.deepEqual(await peer.message(), pattern(bytes, i), `${i}`)
}

export const sendingCases: readonly EngineCase[] = [
  {
    name: 'what a turn sends leaves in one write',
    async run(serve) {
      const { behavior, connections } = recorder({
        message: (c) => {
          for (let i = 0; i < 20; i++) c.send(`message ${i}`)
          c.cork(() => c.send(Uint8Array.of(1)))
          c.ping()
        },
      })
      const server = await serve({ behavior })
      const peer = await server.connect()
      peer.text('go')
      await server.until('all frames', () => peer.frameCount === 22)
      assert.equal(peer.arrivalBytes.length, 1)
      for (let i = 0; i < 5; i++) connections[0]!.send('from outside')
      await server.until('all frames', () => peer.frameCount === 27)
      assert.equal(peer.arrivalBytes.length, 2)
    },
  },
  {
    name: 'messages of every length arrive as they were, text and binary',
    async run(serve) {
      const server = await serve({ behavior: echo })
      const peer = await server.connect()
      for (const length of LENGTHS) {
        const bytes = pattern(length, length)
        const text = 'aé€𝄞'.repeat(length).slice(0, length & ~1)
        peer.raw(wireFrame(2, bytes), wireFrame(1, text), wireFrame(1, 'z'.repeat(length)))
        assert.deepEqual(await peer.message(), bytes)
        assert.equal(await peer.message(), text.toWellFormed())
        assert.equal(await peer.message(), 'z'.repeat(length))
      }
    },
  },
  {
    name: 'what is sent is copied before send returns, and half characters become U+FFFD',
    async run(serve) {
      const { behavior } = recorder({
        open: (c) => {
          for (const length of [10, 200, 20_000]) {
            const bytes = pattern(length, 1)
            c.send(bytes)
            bytes.fill(0)
          }
          c.send('\ud800 half')
          c.send('half '.repeat(20) + '\udc00')
        },
      })
      const server = await serve({ behavior })
      const peer = await server.connect()
      for (const length of [10, 200, 20_000]) {
        assert.deepEqual(await peer.message(), pattern(length, 1))
      }
      assert.equal(await peer.message(), '\ufffd half')
      assert.equal(await peer.message(), 'half '.repeat(20) + '\ufffd')
    },
  },
  {
    name: 'turns that send to many connections do not mix their bytes',
    async run(serve) {
      const { behavior, connections } = recorder()
      const server = await serve({ behavior })
      const peers: WirePeer[] = []
      for (let i = 0; i < 10; i++) peers.push(await server.connect())
      const rounds = 60
      for (let round = 0; round < rounds; round++) {
        for (const [i, c] of connections.entries()) c.send(pattern(10 + i * 300, round + i))
        if (round % 10 === 0) connections[round / 10]!.send(pattern(17_000, round))
        for (const [i, c] of connections.entries()) c.send(`${round} for ${i}`)
        if (round % 7 === 0) await server.fence()
      }
      for (const [i, peer] of peers.entries()) {
        for (let round = 0; round < rounds; round++) {
          assert.deepEqual(await peer.message(), pattern(10 + i * 300, round + i))
          if (round === i * 10) assert.deepEqual(await peer.message(), pattern(17_000, round))
          assert.equal(await peer.message(), `${round} for ${i}`)
        }
      }
    },
  },
  {
    name: 'a slow reader is told as queued, drains once, and misses nothing',
    async run(serve) {
      const { behavior, calls, connections } = recorder()
      const limits = { highWaterBytes: 131_072, lowWaterBytes: 65_536, bufferedBytes: 16_777_216 }
      const server = await serve({ behavior, limits })
      const peer = await server.connect()
      const c = connections[0]!
      peer.line.stopReading()
      const sent = await fillLine(server, c, 65_536)
      let queued = 0
      let count = sent
      while (queued < 5) if (c.send(pattern(65_536, count++)) === 'queued') queued++
      for (let i = 0; i < 50; i++) assert.equal(c.send(`short ${i}`), 'queued')
      assert.ok(c.bufferedBytes > 131_072)
      await server.fence()
      assert.ok(!calls.includes('drain'))
      peer.line.startReading()
      await expectPatterns(peer, count, 65_536)
      for (let i = 0; i < 50; i++) assert.equal(await peer.message(), `short ${i}`)
      await server.until('an empty buffer', () => c.bufferedBytes === 0)
      await server.fence()
      assert.equal(calls.filter((call) => call === 'drain').length, 1)
      assert.equal(c.send('and on'), 'sent')
      assert.equal(await peer.message(), 'and on')
    },
  },
  {
    name: 'beyond the hard cap the connection closes with 1013, and nothing more is on the stream',
    async run(serve) {
      const { behavior, calls, connections } = recorder()
      const limits = { bufferedBytes: 200_000, highWaterBytes: 100_000 }
      const server = await serve({ behavior, limits })
      const peer = await server.connect()
      const c = connections[0]!
      peer.line.stopReading()
      let count = await fillLine(server, c, 65_536)
      let result = c.send(pattern(65_536, count))
      while (result !== 'closed') result = c.send(pattern(65_536, ++count))
      assert.equal(c.send('late'), 'closed')
      assert.equal(c.send(''), 'closed')
      assert.ok(c.bufferedBytes <= 200_000)
      peer.line.startReading()
      await expectPatterns(peer, count, 65_536)
      assert.deepEqual(await peer.closeFrame(), [1013, 'ERR_SLOW_CONSUMER'])
      await peer.ended()
      peer.end()
      await peer.closed()
      assert.ok(peer.frameCount === 0 && !peer.hasRest)
      await server.until('close', () => calls.at(-1) === 'close 1013 ERR_SLOW_CONSUMER')
      assert.ok(!calls.includes('drain'))
    },
  },
  {
    name: 'one message beyond the hard cap is taken when nothing else waits',
    async run(serve) {
      const { behavior, connections } = recorder()
      const server = await serve({
        behavior,
        limits: { bufferedBytes: 1_000, highWaterBytes: 500, lowWaterBytes: 0 },
      })
      const peer = await server.connect()
      for (let i = 0; i < 3; i++) {
        assert.notEqual(connections[0]!.send(pattern(300_000, i)), 'closed')
        assert.deepEqual(await peer.message(), pattern(300_000, i))
        await server.until('an empty buffer', () => connections[0]!.bufferedBytes === 0)
      }
    },
  },
  {
    name: 'of pings that nobody reads the answers of the first 16 and the last are answered; too many close with 1008',
    async run(serve) {
      const { behavior, calls, connections } = recorder()
      const limits = { bufferedBytes: 16_777_216 }
      const server = await serve({ behavior, limits })
      const peer = await server.connect()
      peer.line.stopReading()
      const count = await fillLine(server, connections[0]!, 65_536)
      const before = connections[0]!.bufferedBytes
      for (let i = 1; i <= 100; i++) peer.ping(`ping ${i}`)
      await server.fence()
      assert.equal(connections[0]!.bufferedBytes, before + 16 * 2 + 9 * 6 + 7 * 7)
      peer.line.startReading()
      await expectPatterns(peer, count, 65_536)
      for (const i of [...Array.from({ length: 16 }, (_, index) => index + 1), 100]) {
        assert.equal(Buffer.from((await peer.frame()).payload).toString(), `ping ${i}`)
      }

      peer.line.stopReading()
      const more = await fillLine(server, connections[0]!, 65_536)
      peer.raw(...Array.from({ length: 200 }, () => wireFrame(9, 'flood')))
      await server.until('the failure', () => server.acceptor.failures.length === 1)
      assert.equal(server.acceptor.failures[0]!.code, 'ERR_PING_FLOOD')
      peer.line.startReading()
      await expectPatterns(peer, more, 65_536)
      for (let i = 0; i < 16; i++) {
        assert.equal(Buffer.from((await peer.frame()).payload).toString(), 'flood')
      }
      assert.deepEqual(await peer.closeFrame(), [1008, 'ERR_PING_FLOOD'])
      peer.end()
      await server.until('close', () => calls.at(-1) === 'close 1008 ERR_PING_FLOOD')
    },
  },
  {
    name: 'what open sends comes first behind the response',
    async run(serve) {
      const { behavior } = recorder({ open: (c) => void c.send('welcome') })
      const server = await serve({ behavior })
      const peer = await server.connect()
      assert.equal(await peer.message(), 'welcome')
    },
  },
]
