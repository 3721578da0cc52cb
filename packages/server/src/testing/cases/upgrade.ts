// From a request to a connection or to a refusal.

import assert from 'node:assert/strict'
import { echo, echoMessage } from '../contract-server.ts'
import type { EngineCase } from '../contract-server.ts'
import { recorder } from '../recorder.ts'
import { wireFrame } from '../wire-frame.ts'

export const upgradeCases: readonly EngineCase[] = [
  {
    name: 'an accepted request is answered with 101, and its route gets the connection',
    async run(serve) {
      const seen: unknown[] = []
      const { behavior, connections } = recorder()
      const server = await serve({
        behavior,
        upgrade: (request) => {
          seen.push(request.method, request.path, request.query.get('a'), request.secure)
          seen.push(request.headers['x-test'], request.host !== '', request.remoteAddress !== '')
          return { data: 'from upgrade', headers: { 'X-Answer': 'yes' } }
        },
      })
      const peer = await server.connect('/?a=1', { headers: { 'x-test': 'value' } })
      assert.deepEqual(seen, ['GET', '/', '1', false, 'value', true, true])
      // RFC 6455 §1.3
      assert.equal(peer.header('sec-websocket-accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
      assert.equal(peer.header('upgrade'), 'websocket')
      assert.equal(peer.header('x-answer'), 'yes')
      assert.equal(peer.header('sec-websocket-extensions'), null)
      assert.equal(connections[0]!.data, 'from upgrade')
      assert.equal(connections[0]!.request.headers['x-test'], 'value')
    },
  },
  {
    name: 'a refused request is answered with a status and the end of the line',
    async run(serve) {
      const server = await serve({
        '/': { behavior: echo },
        '/sync': { behavior: echo, upgrade: () => ({ refuse: 401 }) },
        '/async': { behavior: echo, upgrade: () => Promise.resolve({ refuse: 403 }) },
      })
      const refusals: readonly [string, Record<string, string | null>, number][] = [
        ['/', { 'sec-websocket-version': '12' }, 426],
        ['/', { 'sec-websocket-key': 'short' }, 400],
        ['/nowhere', {}, 404],
        ['/sync', {}, 401],
        ['/async', {}, 403],
      ]
      for (const [path, headers, status] of refusals) {
        const peer = await server.dial(path, { headers, behind: wireFrame(1, 'never seen') })
        await peer.answered()
        assert.equal(peer.status, status, path)
        assert.equal(peer.header('connection')?.startsWith('close'), true)
        await peer.ended()
        peer.end()
        await peer.closed()
      }
      assert.equal(server.acceptor.counters('/').messagesReceived, 0)
      assert.equal(server.acceptor.opened.length, 1)
    },
  },
  {
    name: 'an upgrade whose line goes first is abandoned, and nothing opens',
    async run(serve) {
      const { behavior, calls } = recorder()
      const accepts: ((answer: object) => void)[] = []
      const server = await serve({
        behavior,
        upgrade: () => new Promise<object>((resolve) => accepts.push(resolve)),
      })
      const gone = await server.dial()
      const stays = await server.dial()
      await server.until('both requests', () => accepts.length === 2)
      gone.cut()
      await server.fence()
      for (const accept of accepts) accept({})
      await stays.answered()
      await server.until('abandon', () => server.acceptor.abandonedCount === 1)
      await server.fence()
      assert.deepEqual(calls, ['open'])
      assert.equal(server.acceptor.abandonedCount, 1)
    },
  },
  {
    name: 'an upgrade that is not judged within handshakeMs is refused, and abandoned when it is',
    async run(serve) {
      const { behavior, calls } = recorder()
      let accept: (answer: object) => void = () => {}
      const server = await serve(
        { behavior, upgrade: () => new Promise<object>((resolve) => (accept = resolve)) },
        { handshakeMs: 400 },
      )
      const peer = await server.dial()
      const since = server.clock.now()
      await peer.answered()
      assert.ok(peer.status >= 400)
      assert.ok(server.clock.now() - since >= 300)
      await peer.ended()
      peer.end()
      await peer.closed()
      accept({})
      await server.until('abandon', () => server.acceptor.abandonedCount === 1)
      assert.deepEqual(calls, [])
    },
  },
  {
    name: 'frames that come in one piece with the request are delivered behind open',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior })
      const peer = await server.connect('/', {
        behind: Buffer.concat([wireFrame(1, 'a'), wireFrame(1, 'b'), wireFrame(9, 'p')]),
      })
      assert.equal((await peer.frame()).opcode, 10)
      assert.deepEqual(calls, ['open', 'message a', 'message b'])
    },
  },
  {
    name: 'a message that begins in one piece with the request is finished later',
    async run(serve) {
      const { behavior, calls } = recorder()
      const server = await serve({ behavior })
      const bytes = wireFrame(1, 'in two parts')
      for (const at of [1, 2, 6, 9, bytes.length - 1]) {
        calls.length = 0
        const peer = await server.connect('/', { behind: bytes.subarray(0, at) })
        await server.fence()
        peer.raw(bytes.subarray(at))
        await server.until('the message', () => calls.length === 2)
        assert.deepEqual(calls, ['open', 'message in two parts'])
        await peer.leave()
      }
    },
  },
  {
    name: 'permessage-deflate is spoken where it was agreed',
    async run(serve) {
      const { behavior, calls } = recorder({ message: echoMessage })
      const server = await serve({ behavior, deflate: { thresholdBytes: 100 } })
      const plain = await server.connect()
      assert.equal(plain.header('sec-websocket-extensions'), null)
      plain.raw(wireFrame(1, 'Hello', { rsv1: true }))
      assert.deepEqual(await plain.closeFrame(), [1002, 'ERR_FRAME_RESERVED_BITS'])

      const peer = await server.connect('/', {
        headers: { 'sec-websocket-extensions': 'permessage-deflate' },
      })
      assert.match(peer.header('sec-websocket-extensions') ?? '', /^permessage-deflate/)
      // RFC 7692 §7.2.3.1, whole and in fragments; then again with the window of the first (§7.2.3.2).
      const hello = Uint8Array.of(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00)
      peer.raw(wireFrame(1, hello, { rsv1: true }))
      assert.equal(await peer.message(), 'Hello')
      const again = Uint8Array.of(0xf2, 0x00, 0x11, 0x00, 0x00)
      peer.raw(
        wireFrame(1, again.subarray(0, 2), { rsv1: true, final: false }),
        wireFrame(0, again.subarray(2)),
      )
      assert.equal(await peer.message(), 'Hello')
      peer.text('x'.repeat(5_000))
      const reply = await peer.frame()
      assert.ok(reply.rsv1 && reply.payload.length < 100)
      peer.raw(wireFrame(1, 'no deflate data', { rsv1: true }))
      assert.deepEqual(await peer.closeFrame(), [1007, 'ERR_MESSAGE_DEFLATE'])
      assert.equal(calls.filter((call) => call === 'message Hello').length, 2)
    },
  },
]
