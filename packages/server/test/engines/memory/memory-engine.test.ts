// What the memory engine does beside the contract: addresses, requests, ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Acceptor, Judgement, Listener } from '../../../src/connection/engine.ts'
import { defaultLimits } from '../../../src/connection/limits.ts'
import type { UpgradeRequest } from '../../../src/connection/upgrade-request.ts'
import { FakeClock } from '../../../src/engines/memory/fake-clock.ts'
import { MemoryEngine } from '../../../src/engines/memory/memory-engine.ts'

class Refusing implements Acceptor {
  readonly limits = defaultLimits
  readonly http = null
  readonly requests: UpgradeRequest[] = []
  readonly #name: string

  constructor(name = 'refused') {
    this.#name = name
  }

  serves(): boolean {
    return true
  }

  judge(request: UpgradeRequest): Judgement {
    this.requests.push(request)
    return { accepted: false, code: 'ERR_UPGRADE_REFUSED', response: this.#name }
  }
}

async function close(clock: FakeClock, listener: Listener): Promise<void> {
  const closing = listener.close()
  await clock.settle()
  await closing
}

test('listeners have addresses of their own, and an address is taken once', async () => {
  const clock = new FakeClock()
  const engine = new MemoryEngine(clock)
  const a = await engine.listen({}, new Refusing('a'))
  const b = await engine.listen({ port: 0 }, new Refusing('b'))
  const c = await engine.listen({ path: '/run/c' }, new Refusing('c'))
  assert.notDeepEqual(a.address, b.address)
  assert.deepEqual(c.address, { path: '/run/c' })
  await assert.rejects(engine.listen({ path: '/run/c' }, new Refusing()), {
    code: 'ERR_LISTEN_IN_USE',
  })
  for (const [listener, name] of [
    [a, 'a'],
    [b, 'b'],
    [c, 'c'],
  ] as const) {
    const peer = engine.connect({ to: listener.address })
    clock.runTurns()
    assert.equal(String(peer.read()), name)
  }
  await close(clock, c)
  const again = await engine.listen({ path: '/run/c' }, new Refusing())
  for (const listener of [a, b, again]) await close(clock, listener)
  assert.equal(clock.timerCount > 0, true, 'the lines that were refused are still timed')
})

test('where nobody listens a line is closed at once', async () => {
  const clock = new FakeClock()
  const engine = new MemoryEngine(clock)
  assert.ok(engine.connect().isClosed)
  assert.ok(engine.connect({ to: { host: 'localhost', port: 5 } }).isClosed)
  const listener = await engine.listen({}, new Refusing())
  listener.stopAccepting()
  assert.ok(engine.connect({ to: listener.address }).isClosed)
  await close(clock, listener)
})

test('a request has what was given, and the headers of an ordinary upgrade', async () => {
  const clock = new FakeClock()
  const engine = new MemoryEngine(clock)
  const acceptor = new Refusing()
  await engine.listen({}, acceptor)
  engine.connect()
  engine.connect({
    path: '/a?b',
    method: 'POST',
    httpVersion: '1.0',
    headers: { origin: 'https://example.com', host: null },
    remoteAddress: '192.0.2.7',
    secure: true,
  })
  engine.connect({ rawHeaders: ['A', '1', 'A', '2'] })
  clock.runTurns()
  const [plain, full, raw] = acceptor.requests as [UpgradeRequest, UpgradeRequest, UpgradeRequest]
  assert.deepEqual([plain.method, plain.target, plain.httpVersion], ['GET', '/', '1.1'])
  assert.equal(plain.headers['sec-websocket-version'], '13')
  assert.deepEqual([full.method, full.path, full.httpVersion], ['POST', '/a', '1.0'])
  assert.deepEqual(
    [full.origin, full.headers['host'], full.remoteAddress, full.secure],
    ['https://example.com', undefined, '192.0.2.7', true],
  )
  assert.deepEqual(raw.headerValues('a'), ['1', '2'])
})

test('a line that goes before its turn is not judged', async () => {
  const clock = new FakeClock()
  const engine = new MemoryEngine(clock)
  const acceptor = new Refusing()
  await engine.listen({}, acceptor)
  engine.connect().cut()
  clock.runTurns()
  assert.deepEqual(acceptor.requests, [])
})

test('a refused line that is held open is cut after closeMs', async () => {
  const clock = new FakeClock()
  const engine = new MemoryEngine(clock)
  await engine.listen({}, new Refusing())
  const peer = engine.connect()
  clock.runTurns()
  assert.ok(peer.hasEnded && !peer.isClosed)
  clock.advance(defaultLimits.closeMs)
  assert.ok(peer.isClosed)
})
