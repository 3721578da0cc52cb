import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionRequest } from 'holdline/threads'
import { UpgradeRequest } from '../../../src/connection/upgrade-request.ts'
import { copyRequest } from '../../../src/models/threads/session-request.ts'

const request = UpgradeRequest.of({
  method: 'GET',
  target: '/room/a?b=c',
  httpVersion: '1.1',
  secure: true,
  rawHeaders: [
    ...['Host', 'example.com', 'X-Two', '1', 'x-two', '2', 'Cookie', 'a=1; b=2; a=3'],
    ...['Origin', 'https://example.com', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ],
  remoteAddress: '192.0.2.1',
})
request.params = { id: 'a' }

test('a request in a thread says what that of the connection says, but for the key', () => {
  const copy = new SessionRequest(structuredClone(copyRequest(request)))
  for (const key of [
    ...['method', 'target', 'httpVersion', 'secure', 'remoteAddress', 'path', 'host', 'origin'],
  ] as const) {
    assert.equal(Reflect.get(copy, key), Reflect.get(request, key), key)
  }
  assert.equal(copy.query.get('b'), 'c')
  assert.deepEqual({ ...copy.params }, { id: 'a' })
  assert.deepEqual({ ...copy.cookies }, { a: '1', b: '2' })
  assert.equal(copy.header('x-two'), '1, 2')
  assert.equal(copy.header('sec-websocket-key'), undefined)
})

test('nothing is in the headers, cookies and parameters that was not sent', () => {
  const { headers, cookies, params } = new SessionRequest(copyRequest(request))
  for (const names of [headers, cookies, params]) {
    assert.equal(names['constructor'], undefined)
    assert.ok(Object.isFrozen(names))
  }
})
