// The front where nobody listens with it: lines are accepted elsewhere and handed over.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Behavior } from '../../../src/connection/connection.ts'
import type {
  Acceptance,
  Acceptor,
  HttpHandler,
  Judgement,
} from '../../../src/connection/engine.ts'
import type { UpgradeRequest } from '../../../src/connection/upgrade-request.ts'
import { HttpFront } from '../../../src/engines/http/http-front.ts'
import type { FrontOptions } from '../../../src/engines/http/http-front.ts'
import type { Adopt } from '../../../src/engines/http/upgrade-gate.ts'
import { adoptSocket } from '../../../src/engines/node/adopt-socket.ts'
import { ProcessClock } from '../../../src/connection/process-clock.ts'
import { ContractAcceptor } from '../../../src/testing/contract-acceptor.ts'
import { dial, encrypt, eventually, selfSigned, upgrade } from './line.ts'
import { refusal, testAcceptor } from './test-acceptor.ts'

interface Setup {
  readonly options?: FrontOptions
  readonly adopt?: Adopt
}

interface Taken {
  readonly front: HttpFront
  readonly address: { readonly host: string; readonly port: number }
  /** The lines as they were handed over. */
  readonly sockets: readonly Socket[]
}

/** Lines are accepted as node:net does it by itself, which is not how the front has them. */
async function take(
  t: TestContext,
  acceptor: Acceptor,
  { options = {}, adopt = adoptSocket }: Setup = {},
): Promise<Taken> {
  const front = new HttpFront(options, acceptor, adopt)
  front.started()
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    front.take(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.close()
    await front.close(0)
    for (const socket of sockets) socket.destroy()
  })
  assert.equal(front.listening.listening, false)
  const { port } = server.address() as AddressInfo
  return { front, address: { host: '127.0.0.1', port }, sockets }
}

const tellTarget: HttpHandler = (request, response) => {
  response.end(`<${request.url}>`)
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
const proxied = { trusted: ['127.0.0.1'], proxyProtocol: true }
const v1 = 'PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n'

test('plain requests on a taken line, one after the other', async (t) => {
  const { address } = await take(t, testAcceptor(undefined, {}, tellTarget))
  const line = await dial(address)
  await line.write(get('/1')).until('</1>')
  await line.write(get('/2')).until('</2>')
  line.socket.destroy()
})

test('who has ended its direction of a taken line still reads a refusal', async (t) => {
  const waiting: ((refused: Judgement) => void)[] = []
  const judge = (): Promise<Judgement> => new Promise((resolve) => waiting.push(resolve))
  const { address, sockets } = await take(t, testAcceptor(judge))
  const line = await dial(address)
  line.write(upgrade())
  await eventually('the question', () => waiting.length === 1)
  line.socket.end()
  // Nobody reads the socket while a judgement is awaited: the end is read with the answer.
  sockets[0]!.resume()
  await once(sockets[0]!, 'end')
  waiting[0]!(refusal('no'))
  assert.match(await line.ended(), /^HTTP\/1\.1 403 .*no$/s)
  line.socket.destroy()
})

test('a taken line sends small writes at once', (t) => {
  const front = new HttpFront({}, testAcceptor(), adoptSocket)
  const calls: unknown[] = []
  const seen: unknown[] = []
  const socket = { setNoDelay: (on: boolean) => void calls.push(on) } as unknown as Socket
  front.listening.removeAllListeners('connection')
  front.listening.on('connection', (line) => void seen.push(line))
  front.take(socket)
  assert.deepEqual(calls, [true])
  assert.deepEqual(seen, [socket])
  t.after(() => front.close(0))
})

test('an upgrade on a taken line: what came behind the request first', async (t) => {
  const echo: Behavior = {
    message: (c, data) => void c.send(data),
    close: () => {},
  }
  const acceptor = new ContractAcceptor(new ProcessClock(false), { '/': { behavior: echo } })
  const { address } = await take(t, acceptor)
  const line = await dial(address)
  const frame = Buffer.of(0x81, 0x81, 0, 0, 0, 0, 0x61)
  line.write(Buffer.concat([Buffer.from(upgrade()), frame]))
  await line.until('\u0081\u0001a')
  frame[6] = 0x62
  await line.write(frame).until('\u0081\u0001b')
  line.socket.destroy()
  await eventually('the close', () => acceptor.closed.length === 1)
})

test('whoever adopts is given the acceptance, the very socket, and what came behind the request', async (t) => {
  const adopted: [Acceptance, Socket, string][] = []
  const acceptance: Acceptance = {
    accepted: true,
    connect: () => assert.fail('nobody asked for a connection'),
    abandon: () => assert.fail('the line is there'),
  }
  const { address, sockets } = await take(
    t,
    testAcceptor(() => acceptance),
    {
      adopt: (it, socket, head) => void adopted.push([it, socket, head.toString('latin1')]),
    },
  )
  const line = await dial(address)
  line.write(`${upgrade()}behind`)
  await eventually('the adoption', () => adopted.length === 1)
  assert.equal(adopted[0]![0], acceptance)
  assert.equal(adopted[0]![1], sockets[0])
  assert.equal(adopted[0]![2], 'behind')
  line.socket.destroy()
})

for (const [name, proxy, before] of [
  ['a taken line', undefined, ''],
  ['a taken line behind a PROXY header', proxied, v1],
] as const) {
  test(`a request head that never ends on ${name}: 408 after handshakeMs`, async (t) => {
    const options = proxy === undefined ? {} : { proxy }
    const { address } = await take(t, testAcceptor(undefined, { handshakeMs: 200 }), { options })
    const line = await dial(address)
    const since = performance.now()
    const answer = await line.write(`${before}GET / HTTP/1.1\r\nHost: loc`).ended()
    const afterMs = performance.now() - since
    assert.match(answer, /^HTTP\/1\.1 408 .*ERR_UPGRADE_TIMEOUT/s)
    assert.ok(afterMs >= 150 && afterMs < 2_000, `${afterMs} ms`)
    line.socket.destroy()
  })
}

test('PROXY headers are read on taken lines, and told as addresses', async (t) => {
  const { address } = await take(t, testAcceptor(), { options: { proxy: proxied } })
  const line = await dial(address)
  assert.match(await line.write(v1 + upgrade()).ended(), /<192\.0\.2\.1>$/)
  const bare = await dial(address)
  assert.equal(await bare.write(upgrade()).ended(), '')
  for (const each of [line, bare]) each.socket.destroy()
})

test('addressOf tells what the gate tells', async (t) => {
  const taken: Taken = await take(
    t,
    testAcceptor(undefined, {}, (request, response) => {
      response.end(`<${taken.front.addressOf(request)}>`)
    }),
    { options: { proxy: proxied } },
  )
  const line = await dial(taken.address)
  await line.write(v1 + get('/')).until('<192.0.2.1>')
  line.socket.destroy()
})

test('a taken line may speak TLS; one that never agrees upon keys is cut at the close', async (t) => {
  // So long that only the close can have cut it.
  const acceptor = testAcceptor(undefined, { handshakeMs: 60_000 }, tellTarget)
  const { front, address, sockets } = await take(t, acceptor, { options: { tls: selfSigned() } })
  const line = await encrypt((await dial(address)).socket)
  await line.write(get('/tls')).until('</tls>')
  line.socket.destroy()
  const silent = await dial(address)
  await eventually('the line', () => sockets.length === 2)
  await front.close(0)
  assert.equal(await silent.ended(), '')
  silent.socket.destroy()
})

test('stopAccepting ends idle lines; a request under way is answered first', async (t) => {
  const waiting: ServerResponse[] = []
  const acceptor = testAcceptor(undefined, {}, (request, response) => {
    if (request.url === '/slow') waiting.push(response)
    else tellTarget(request, response)
  })
  const { front, address } = await take(t, acceptor)
  const [idle, busy] = [await dial(address), await dial(address)]
  await idle.write(get('/idle')).until('</idle>')
  busy.write(get('/slow'))
  await eventually('the request', () => waiting.length === 1)
  front.stopAccepting()
  await idle.ended()
  const closed = front.close(5_000)
  waiting[0]!.end('answered')
  await closed
  assert.match(await busy.ended(), /answered/)
  for (const each of [idle, busy]) each.socket.destroy()
})

test('close gives a request graceMs, and then cuts it', async (t) => {
  let requestCount = 0
  const { front, address } = await take(
    t,
    testAcceptor(undefined, {}, () => void requestCount++),
  )
  const line = await dial(address)
  line.write(get('/'))
  await eventually('the request', () => requestCount === 1)
  const since = performance.now()
  await front.close(100)
  assert.ok(performance.now() - since >= 90)
  assert.equal(await line.ended(), '')
})

test('closing cuts lines whose PROXY header or judgement is awaited', async (t) => {
  const judgements: unknown[] = []
  const judge = (request: UpgradeRequest): Promise<Judgement> => {
    judgements.push(request)
    return new Promise(() => {})
  }
  // So long that only the close can have cut them.
  const acceptor = testAcceptor(judge, { handshakeMs: 60_000 })
  const { front, address, sockets } = await take(t, acceptor, { options: { proxy: proxied } })
  const [header, judged] = [await dial(address), await dial(address)]
  header.write('PROXY ')
  judged.write(v1 + upgrade())
  await eventually('both', () => judgements.length === 1 && sockets.length === 2)
  await front.close(0)
  assert.deepEqual([await header.ended(), await judged.ended()], ['', ''])
})

test('what listens itself is a server like any other', async (t) => {
  const front = new HttpFront({}, testAcceptor(undefined, {}, tellTarget), adoptSocket)
  front.listening.listen(0, '127.0.0.1')
  await once(front.listening, 'listening')
  t.after(() => front.close(0))
  const { port } = front.listening.address() as AddressInfo
  const line = await dial({ host: '127.0.0.1', port })
  await line.write(get('/self')).until('</self>')
  const closed = once(front.listening, 'close')
  await front.close(0)
  await closed
  assert.equal(front.listening.listening, false)
})

test('proxy options that cannot be are refused', () => {
  const proxy = { trusted: [], proxyProtocol: true }
  assert.throws(() => new HttpFront({ proxy }, testAcceptor(), adoptSocket), {
    code: 'ERR_OPTION_INVALID',
  })
})
