// An asynchronous judgement, and everything that can become of its line meanwhile.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Acceptor, Judgement } from '../../../src/connection/engine.ts'
import { adoptSocket } from '../../../src/engines/node/adopt-socket.ts'
import { ProcessClock } from '../../../src/connection/process-clock.ts'
import { UpgradeGate } from '../../../src/engines/http/upgrade-gate.ts'
import { ContractAcceptor } from '../../../src/testing/contract-acceptor.ts'
import { dial, encrypt, eventually, selfSigned, upgrade } from './line.ts'
import { refusal, testAcceptor } from './test-acceptor.ts'

interface Gate {
  readonly gate: UpgradeGate
  readonly address: { readonly host: string; readonly port: number }
  readonly sockets: readonly Socket[]
}

async function open(t: TestContext, acceptor: Acceptor, isTls = false): Promise<Gate> {
  const server = isTls ? createTlsServer({ ...selfSigned(), allowHalfOpen: true }) : createServer()
  const gate = new UpgradeGate(acceptor, () => '192.0.2.1', adoptSocket)
  const sockets: Socket[] = []
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    sockets.push(socket)
    gate.pass(request, socket, head)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    gate,
    address: { host: '127.0.0.1', port: (server.address() as { port: number }).port },
    sockets,
  }
}

/** Echoes; answers upgrades when `answer` is called. */
class Route {
  readonly messages: string[] = []
  readonly closes: number[] = []
  /** Of each upgrade that waits. */
  readonly waiting: ((answer: { refuse: number } | Record<string, never>) => void)[] = []
  readonly acceptor: ContractAcceptor

  constructor(handshakeMs = 5_000) {
    const upgradeLater = () =>
      new Promise<{ refuse: number } | Record<string, never>>((resolve) =>
        this.waiting.push(resolve),
      )
    const behavior = {
      message: (
        c: { send(data: string | Uint8Array): unknown },
        data: string | Uint8Array,
      ): void => {
        this.messages.push(String(data))
        c.send(data)
      },
      close: (_c: unknown, code: number): void => void this.closes.push(code),
    }
    const routes = { '/': { behavior }, '/later': { behavior, upgrade: upgradeLater } }
    this.acceptor = new ContractAcceptor(new ProcessClock(false), routes, { handshakeMs })
  }

  async asked(count = 1): Promise<void> {
    await eventually('the question', () => this.waiting.length === count)
  }
}

const later = upgrade({}, '/later')
const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.of(0x81, 0x80 | text.length, 0, 0, 0, 0), Buffer.from(text)])

test('the request is told as it came', async (t) => {
  const acceptor = testAcceptor(() => refusal('no'))
  const { address } = await open(t, acceptor)
  const line = await dial(address)
  assert.match(
    await line.write(upgrade({ 'X-Two': 'b' }, '/a?b=c')).ended(),
    /^HTTP\/1\.1 403 .*no$/s,
  )
  const request = acceptor.requests[0]!
  assert.deepEqual(
    [request.method, request.target, request.httpVersion, request.remoteAddress, request.secure],
    ['GET', '/a?b=c', '1.1', '192.0.2.1', false],
  )
  assert.equal(request.headers['x-two'], 'b')
  line.socket.destroy()
})

test('accepted at once: frames in one piece with the request come first, in order', async (t) => {
  const route = new Route()
  const { address } = await open(t, route.acceptor)
  const line = await dial(address)
  line.write(Buffer.concat([Buffer.from(upgrade()), frame('1'), frame('2').subarray(0, 3)]))
  await line.until('\u0081\u00011')
  await line.write(frame('2').subarray(3)).write(frame('3')).until('\u0081\u00013')
  assert.deepEqual(route.messages, ['1', '2', '3'])
  line.socket.destroy()
  await eventually('the close', () => route.closes.length === 1)
})

test('refused: the whole text arrives, what is sent behind is not parsed, the line ends', async (t) => {
  const acceptor = testAcceptor(() => refusal('x'.repeat(200_000)))
  const { address, sockets } = await open(t, acceptor)
  const line = await dial(address)
  line.write(upgrade() + upgrade()).write(Buffer.alloc(300_000))
  assert.ok((await line.ended()).endsWith('x'.repeat(200_000)))
  assert.equal(acceptor.requests.length, 1)
  await once(sockets[0]!, 'close')
  line.socket.destroy()
})

test('K9: frames that come while the answer is awaited are held, in order', async (t) => {
  const route = new Route()
  const { address } = await open(t, route.acceptor)
  const line = await dial(address)
  line.write(Buffer.concat([Buffer.from(later), frame('0')]))
  await route.asked()
  for (let i = 1; i < 10; i++) {
    line.write(frame(String(i)))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  assert.deepEqual(route.messages, [])
  assert.equal(line.text, '')
  route.waiting[0]!({})
  await line.until('\u0081\u00019')
  assert.deepEqual(route.messages, '0123456789'.split(''))
  line.socket.destroy()
})

test('what comes while the answer is awaited is bounded by the stream and the kernel', async (t) => {
  const route = new Route()
  const { address, sockets } = await open(t, route.acceptor)
  const line = await dial(address)
  line.write(later)
  await route.asked()
  const isAllTaken = line.socket.write(Buffer.alloc(64_000_000))
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(isAllTaken, false)
  assert.ok(sockets[0]!.readableLength < 1_000_000, `${sockets[0]!.readableLength}`)
  line.socket.destroy()
})

test('a late answer: 503 with the code; what is decided then is abandoned', async (t) => {
  const route = new Route(100)
  const { address, sockets } = await open(t, route.acceptor)
  const line = await dial(address)
  assert.match(await line.write(later).ended(), /^HTTP\/1\.1 503 .*ERR_UPGRADE_TIMEOUT/s)
  route.waiting[0]!({})
  await eventually('the abandoning', () => route.acceptor.abandonedCount === 1)
  await once(sockets[0]!, 'close')
  const refused = await dial(address)
  await refused.write(later).ended()
  route.waiting[1]!({ refuse: 401 })
  assert.doesNotMatch(refused.text, /401/)
  assert.equal(route.acceptor.opened.length, 0)
  for (const each of [line, refused]) each.socket.destroy()
})

for (const isTls of [false, true]) {
  for (const bytesBefore of [0, 10, 300_000]) {
    for (const way of ['FIN', 'RST'] as const) {
      const name = `${way} after ${bytesBefore} bytes${isTls ? ', over TLS' : ''}`
      test(`the line goes first, with ${name}: abandoned, or 1006 soon`, async (t) => {
        const route = new Route()
        const { address, sockets } = await open(t, route.acceptor, isTls)
        const raw = await dial(address)
        const line = isTls ? await encrypt(raw.socket) : raw
        line.write(later)
        await route.asked()
        // Frames of no text, so that each is a message.
        line.write(Buffer.concat(Array<Buffer>(bytesBefore / 10).fill(frame('1234'))))
        await new Promise((resolve) => setTimeout(resolve, 30))
        if (way === 'RST') raw.socket.resetAndDestroy()
        else line.socket.end()
        await new Promise((resolve) => setTimeout(resolve, 30))
        if (way === 'FIN') raw.socket.destroy()
        await new Promise((resolve) => setTimeout(resolve, 10))
        const since = performance.now()
        route.waiting[0]!({})
        const { acceptor } = route
        await eventually('its end', () => acceptor.abandonedCount + acceptor.closed.length === 1)
        await eventually('the socket to go', () => sockets[0]!.destroyed)
        assert.ok(performance.now() - since < 1_000)
        assert.equal(acceptor.opened.length, acceptor.closed.length)
        assert.deepEqual(
          route.closes,
          acceptor.closed.map(() => 1006),
        )
      })
    }
  }
}

test('who has ended its direction is abandoned, though it still listens', async (t) => {
  const route = new Route()
  const { address, sockets } = await open(t, route.acceptor)
  const line = await dial(address)
  line.write(later)
  await route.asked()
  line.socket.end()
  await eventually('the end to be read', () => sockets[0]!.readableEnded)
  route.waiting[0]!({})
  assert.equal(await line.ended(), '')
  assert.equal(route.acceptor.abandonedCount, 1)
  assert.equal(sockets[0]!.destroyed, true)
})

test('who has ended its direction still reads a refusal', async (t) => {
  const route = new Route()
  const { address } = await open(t, route.acceptor)
  const line = await dial(address)
  line.write(later)
  await route.asked()
  line.socket.end()
  await new Promise((resolve) => setTimeout(resolve, 20))
  route.waiting[0]!({ refuse: 401 })
  assert.match(await line.ended(), /^HTTP\/1\.1 401 /)
})

test('closing cuts the lines that are waited for', async (t) => {
  const route = new Route()
  const { gate, address } = await open(t, route.acceptor)
  const line = await dial(address)
  line.write(later)
  await route.asked()
  gate.close()
  assert.equal(await line.ended(), '')
  route.waiting[0]!({})
  await eventually('the abandoning', () => route.acceptor.abandonedCount === 1)
  line.socket.destroy()
})

test('a refused line that breaks makes no noise', async (t) => {
  const judge = (): Promise<Judgement> => Promise.resolve(refusal('x'.repeat(1_000_000)))
  const { address, sockets } = await open(t, testAcceptor(judge))
  const line = await dial(address)
  line.write(upgrade())
  await eventually('the request', () => sockets.length === 1)
  line.socket.resetAndDestroy()
  await eventually('the end', () => sockets[0]!.destroyed)
})
