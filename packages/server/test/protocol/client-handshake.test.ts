import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkUpgradeResponse,
  createKey,
  upgradeRequest,
} from '../../src/protocol/client-handshake.ts'
import { HoldlineError, type ErrorCode } from '../../src/protocol/errors.ts'
import {
  acceptKey,
  checkUpgradeRequest,
  isKey,
  type RequestHeaders,
} from '../../src/protocol/handshake.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='

function judge(headers: RequestHeaders, status = 101, offeredExtensions = false): ErrorCode | null {
  return checkUpgradeResponse({
    status,
    key,
    subprotocols: ['chat', 'superchat'],
    offeredExtensions,
    headers: {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-accept': acceptKey(key),
      ...headers,
    },
  })
}

test('RFC 6455 §4.1 item 7: a key is 16 fresh bytes in base64', () => {
  const keys = Array.from({ length: 100 }, () => createKey())
  assert.ok(keys.every(isKey))
  assert.equal(new Set(keys).size, keys.length)
})

test('RFC 6455 §4.1: the request is what the server side asks for', () => {
  const text = upgradeRequest({
    host: 'example.com:8080',
    target: '/chat?a=b%20c',
    key,
    origin: 'https://example.com',
    subprotocols: ['chat', 'superchat'],
    extensions: 'permessage-deflate; client_max_window_bits',
    headers: { Cookie: 'a=1' },
  })
  const [requestLine, ...lines] = text.split('\r\n')
  assert.equal(requestLine, 'GET /chat?a=b%20c HTTP/1.1')
  assert.deepEqual(lines.splice(-2), ['', ''])
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]
    }),
  )
  assert.equal(checkUpgradeRequest({ method: 'GET', httpVersion: '1.1', headers }), null)
  assert.equal(headers['host'], 'example.com:8080')
  assert.equal(headers['origin'], 'https://example.com')
  assert.equal(headers['sec-websocket-protocol'], 'chat, superchat')
  assert.equal(headers['cookie'], 'a=1')
})

test('no part of a request can write a line of its own', () => {
  const good = { host: 'a', target: '/', key }
  for (const wrong of [
    { host: 'a\r\nX: 1' },
    { target: '' },
    { target: 'chat' },
    { target: '/a b' },
    { target: '/a\r\n' },
    { target: '/ä' },
    { target: '/a#b' },
    { key: 'short' },
    { origin: 'a\nb' },
    { subprotocols: ['a b'] },
    { subprotocols: ['a', 'a'] },
    { extensions: 'a\r\nb' },
    { headers: { 'X-A': 'a\r\nb' } },
    { headers: { 'Sec-WebSocket-Key': key } },
  ]) {
    assert.throws(
      () => upgradeRequest({ ...good, ...wrong }),
      (error) => error instanceof HoldlineError && error.code === 'ERR_HEADER_INVALID',
      JSON.stringify(wrong),
    )
  }
})

test('RFC 6455 §4.1: a proper response is accepted', () => {
  assert.equal(judge({}), null)
  assert.equal(judge({ upgrade: 'WebSocket', connection: 'keep-alive, upgrade' }), null)
  assert.equal(judge({ 'sec-websocket-protocol': 'superchat' }), null)
  assert.equal(judge({ 'sec-websocket-extensions': 'permessage-deflate' }, 101, true), null)
})

const refusals: readonly [
  item: string,
  code: ErrorCode,
  headers: RequestHeaders,
  status?: number,
][] = [
  ['item 1', 'ERR_RESPONSE_STATUS', {}, 200],
  ['item 1', 'ERR_RESPONSE_STATUS', {}, 302],
  ['item 2', 'ERR_RESPONSE_HEADER_UPGRADE', { upgrade: undefined }],
  ['item 2', 'ERR_RESPONSE_HEADER_UPGRADE', { upgrade: 'websocket, h2c' }],
  ['item 3', 'ERR_RESPONSE_HEADER_CONNECTION', { connection: undefined }],
  ['item 3', 'ERR_RESPONSE_HEADER_CONNECTION', { connection: 'close' }],
  ['item 4', 'ERR_RESPONSE_ACCEPT', { 'sec-websocket-accept': undefined }],
  ['item 4', 'ERR_RESPONSE_ACCEPT', { 'sec-websocket-accept': acceptKey(key).toLowerCase() }],
  ['item 4', 'ERR_RESPONSE_ACCEPT', { 'sec-websocket-accept': [acceptKey(key), acceptKey(key)] }],
  ['item 5', 'ERR_RESPONSE_EXTENSIONS', { 'sec-websocket-extensions': 'permessage-deflate' }],
  ['item 6', 'ERR_RESPONSE_SUBPROTOCOL', { 'sec-websocket-protocol': 'other' }],
  ['item 6', 'ERR_RESPONSE_SUBPROTOCOL', { 'sec-websocket-protocol': 'chat, superchat' }],
  ['item 6', 'ERR_RESPONSE_SUBPROTOCOL', { 'sec-websocket-protocol': '' }],
]

for (const [item, code, headers, status] of refusals) {
  test(`RFC 6455 §4.1 response ${item}: ${code} for ${status ?? JSON.stringify(headers)}`, () => {
    assert.equal(judge(headers, status), code)
  })
}
