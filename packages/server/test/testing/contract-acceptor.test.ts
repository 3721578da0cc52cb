// The smallest server judges as the handshake says, and keeps count.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Judgement } from '../../src/connection/engine.ts'
import { UpgradeRequest } from '../../src/connection/upgrade-request.ts'
import { FakeClock } from '../../src/engines/memory/fake-clock.ts'
import { ContractAcceptor } from '../../src/testing/contract-acceptor.ts'
import { echo } from '../../src/testing/contract-server.ts'

function request(target: string, ...rawHeaders: string[]): UpgradeRequest {
  const headers = ['host', 'h', 'upgrade', 'websocket', 'connection', 'upgrade']
  headers.push('sec-websocket-version', '13', 'sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ==')
  return UpgradeRequest.of({
    method: 'GET',
    target,
    httpVersion: '1.1',
    rawHeaders: [...headers, ...rawHeaders],
    remoteAddress: '',
    secure: false,
  })
}

function outcome(judgement: Judgement): string {
  return judgement.accepted ? 'accepted' : `${judgement.code} ${judgement.response.split(' ')[1]}`
}

test('requests are judged by path and headers, and by the upgrade of the route', async () => {
  const acceptor = new ContractAcceptor(new FakeClock(), {
    '/': { behavior: echo },
    '/no': { behavior: echo, upgrade: () => ({ refuse: 401 }) },
    '/later': { behavior: echo, upgrade: () => Promise.resolve({}) },
  })
  const judge = async (asked: UpgradeRequest): Promise<string> =>
    outcome(await acceptor.judge(asked))
  assert.equal(await judge(request('/?q')), 'accepted')
  assert.equal(await judge(request('/later')), 'accepted')
  assert.equal(await judge(request('/no')), 'ERR_UPGRADE_REFUSED 401')
  assert.equal(await judge(request('/none')), 'ERR_UPGRADE_NOT_FOUND 404')
  assert.equal(await judge(request('/', 'content-length', '5')), 'ERR_UPGRADE_BODY 413')
  assert.ok(acceptor.serves('/no?x') && !acceptor.serves('/none'))
})

test('an abandoned acceptance is counted, and limits of the server are those of its routes', () => {
  const acceptor = new ContractAcceptor(
    new FakeClock(),
    { '/': { behavior: echo } },
    { closeMs: 7 },
  )
  const judgement = acceptor.judge(request('/')) as Judgement
  assert.ok(judgement.accepted)
  judgement.abandon()
  assert.deepEqual([acceptor.abandonedCount, acceptor.limits.closeMs], [1, 7])
  assert.equal(acceptor.counters('/').messagesReceived, 0)
})
