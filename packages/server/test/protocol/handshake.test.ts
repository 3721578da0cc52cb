import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { errorCatalogue, HoldlineError, type ErrorCode } from '../../src/protocol/errors.ts'
import {
  acceptKey,
  checkUpgradeRequest,
  isKey,
  parseSubprotocols,
  refusalResponse,
  upgradeResponse,
  type RequestHeaders,
} from '../../src/protocol/handshake.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='

function judge(headers: RequestHeaders, method = 'GET', httpVersion = '1.1'): ErrorCode | null {
  return checkUpgradeRequest({
    method,
    httpVersion,
    headers: {
      host: 'server.example.com',
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': key,
      'sec-websocket-version': '13',
      ...headers,
    },
  })
}

function isHeaderError(error: unknown): boolean {
  return error instanceof HoldlineError && error.code === 'ERR_HEADER_INVALID'
}

test('RFC 6455 §1.3: the accept key of the sample nonce', () => {
  assert.equal(acceptKey(key), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

test('RFC 6455 §4.2.1: a proper request is accepted, in every spelling that means the same', () => {
  for (const headers of [
    {},
    { upgrade: 'WebSocket' },
    { upgrade: 'h2c/1, websocket' },
    { upgrade: ['h2c', 'websocket'] },
    { connection: 'keep-alive, upgrade' },
    { connection: 'UPGRADE' },
    { connection: ['keep-alive', 'Upgrade'] },
    { 'content-length': '0' },
    { 'sec-websocket-protocol': 'chat, superchat' },
    { 'sec-websocket-protocol': 'constructor, __proto__' },
    { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits' },
    { 'sec-websocket-extensions': '__proto__; constructor=1' },
    { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAA+/==' },
  ] satisfies RequestHeaders[]) {
    assert.equal(judge(headers), null, JSON.stringify(headers))
  }
  assert.equal(judge({}, 'GET', '1.2'), null)
})

const refusals: readonly [section: string, code: ErrorCode, headers: RequestHeaders][] = [
  ['§4.2.1 item 3', 'ERR_UPGRADE_HEADER_UPGRADE', { upgrade: undefined }],
  ['§4.2.1 item 3', 'ERR_UPGRADE_HEADER_UPGRADE', { upgrade: '' }],
  ['§4.2.1 item 3', 'ERR_UPGRADE_HEADER_UPGRADE', { upgrade: 'h2c' }],
  ['§4.2.1 item 3', 'ERR_UPGRADE_HEADER_UPGRADE', { upgrade: 'websockets' }],
  ['§4.2.1 item 3', 'ERR_UPGRADE_HEADER_UPGRADE', { upgrade: 'websocket;' }],
  ['§4.2.1 item 4', 'ERR_UPGRADE_HEADER_CONNECTION', { connection: undefined }],
  ['§4.2.1 item 4', 'ERR_UPGRADE_HEADER_CONNECTION', { connection: 'keep-alive' }],
  ['§4.2.1 item 4', 'ERR_UPGRADE_HEADER_CONNECTION', { connection: 'not-upgrade' }],
  ['§4.2.1 item 4', 'ERR_UPGRADE_HEADER_CONNECTION', { connection: `b${' '.repeat(16_384)}x` }],
  ['§4.2.1 item 2', 'ERR_UPGRADE_HOST', { host: undefined }],
  ['§4.2.1 item 2', 'ERR_UPGRADE_HOST', { host: '' }],
  ['§4.2.1 item 2', 'ERR_UPGRADE_HOST', { host: ['a', 'b'] }],
  ['§4.2.1 item 2', 'ERR_UPGRADE_HOST', { host: 'a, b' }],
  ['§4.2.1 item 5', 'ERR_UPGRADE_KEY', { 'sec-websocket-key': undefined }],
  ['§4.2.1 item 5', 'ERR_UPGRADE_KEY', { 'sec-websocket-key': '' }],
  ['§4.2.1 item 5', 'ERR_UPGRADE_KEY', { 'sec-websocket-key': 'dGhlIHNhbXBsZQ==' }],
  ['§4.2.1 item 5', 'ERR_UPGRADE_KEY', { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAAA=' }],
  ['§4.2.1 item 5', 'ERR_UPGRADE_KEY', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=!' }],
  ['§4.2.1 item 5', 'ERR_UPGRADE_KEY', { 'sec-websocket-key': 'dGhlIHNhbXBsZ_Bub25jZQ==' }],
  ['§11.3.1', 'ERR_UPGRADE_KEY', { 'sec-websocket-key': `${key}, ${key}` }],
  ['§11.3.1', 'ERR_UPGRADE_KEY', { 'sec-websocket-key': [key, key] }],
  ['§4.4', 'ERR_UPGRADE_VERSION', { 'sec-websocket-version': undefined }],
  ['§4.4', 'ERR_UPGRADE_VERSION', { 'sec-websocket-version': '12' }],
  ['§4.4', 'ERR_UPGRADE_VERSION', { 'sec-websocket-version': '013' }],
  ['§4.4', 'ERR_UPGRADE_VERSION', { 'sec-websocket-version': '13, 8' }],
  ['§4.2.1 item 8', 'ERR_UPGRADE_SUBPROTOCOL', { 'sec-websocket-protocol': '' }],
  ['§4.2.1 item 8', 'ERR_UPGRADE_SUBPROTOCOL', { 'sec-websocket-protocol': 'chät' }],
  ['§4.1 item 10', 'ERR_UPGRADE_SUBPROTOCOL', { 'sec-websocket-protocol': 'chat, chat' }],
  ['§9.1', 'ERR_UPGRADE_EXTENSIONS', { 'sec-websocket-extensions': '' }],
  ['§9.1', 'ERR_UPGRADE_EXTENSIONS', { 'sec-websocket-extensions': 'a; b="\\c\\c' }],
  ['§9.1', 'ERR_UPGRADE_EXTENSIONS', { 'sec-websocket-extensions': `b${' '.repeat(16_384)}x` }],
  ['§4.1 item 1', 'ERR_UPGRADE_BODY', { 'content-length': '1000000000' }],
  ['§4.1 item 1', 'ERR_UPGRADE_BODY', { 'content-length': '-0' }],
  ['§4.1 item 1', 'ERR_UPGRADE_BODY', { 'content-length': ['0', '5'] }],
  ['§4.1 item 1', 'ERR_UPGRADE_TRANSFER_ENCODING', { 'transfer-encoding': 'chunked' }],
  [
    '§4.1 item 1',
    'ERR_UPGRADE_TRANSFER_ENCODING',
    { 'transfer-encoding': 'chunked', 'content-length': '0' },
  ],
]

for (const [section, code, headers] of refusals) {
  const shown = JSON.stringify(headers, (_, value: unknown) => value ?? null).slice(0, 80)
  test(`RFC 6455 ${section}: ${code} for ${shown}`, () => {
    assert.equal(judge(headers), code)
  })
}

test('RFC 6455 §4.2.1 item 1: GET and HTTP/1.1 or higher', () => {
  for (const method of ['POST', 'get', '', 'CONNECT'])
    assert.equal(judge({}, method), 'ERR_UPGRADE_METHOD')
  for (const version of ['1.0', '0.9', '', '1', '1.x', '1.1 ', '11', '/.1']) {
    assert.equal(judge({}, 'GET', version), 'ERR_UPGRADE_HTTP_VERSION', version)
  }
})

test('every byte of a key is checked', () => {
  for (let at = 0; at < 24; at++) {
    for (const wrong of ['=', ' ', '-', '_', '[', '`', '{', '@', ':', '\u0141', '.']) {
      if (at >= 22 && wrong === '=') continue
      assert.equal(isKey(key.slice(0, at) + wrong + key.slice(at + 1)), false, `${wrong} at ${at}`)
    }
  }
  assert.equal(isKey('abcxyzABCXYZ0189+/abcd=='), true)
})

test('RFC 6455 §4.1 item 10: subprotocols in order; none, malformed, repeated, too many', () => {
  assert.deepEqual(parseSubprotocols(undefined), [])
  assert.deepEqual(parseSubprotocols('chat, __proto__'), ['chat', '__proto__'])
  assert.deepEqual(parseSubprotocols('a, A'), ['a', 'A'])
  assert.equal(parseSubprotocols('a,,a'), null)
  assert.equal(parseSubprotocols('a b'), null)
  assert.equal(parseSubprotocols(Array.from({ length: 1000 }, (_, n) => `p${n}`).join()), null)
})

test('RFC 6455 §4.2.2: the 101 response', () => {
  assert.equal(
    upgradeResponse({ key }),
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
  )
  const full = upgradeResponse({
    key,
    subprotocol: 'chat',
    extensions: 'permessage-deflate',
    headers: { 'X-Name': 'é', 'Set-Cookie': ['a=1', 'b=2'] },
  })
  assert.ok(
    full.endsWith(
      'Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n' +
        'X-Name: é\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n',
    ),
  )
})

test('no value can write a header of its own', () => {
  const texts = ['a\r\nX: 1', 'a\nX: 1', 'a\rX', 'a\0', 'a\x7f', 'a\u010a', 'a\u2028', '\ud83d']
  for (const text of texts) {
    assert.throws(() => upgradeResponse({ key, subprotocol: text }), isHeaderError)
    assert.throws(() => upgradeResponse({ key, extensions: text }), isHeaderError)
    assert.throws(() => upgradeResponse({ key, headers: { 'X-A': text } }), isHeaderError)
    assert.throws(() => upgradeResponse({ key, headers: { 'X-A': ['b', text] } }), isHeaderError)
    assert.throws(() => upgradeResponse({ key, headers: { [text]: 'b' } }), isHeaderError)
    assert.throws(() => refusalResponse(401, 'ERR_UPGRADE_REFUSED', { 'X-A': text }), isHeaderError)
  }
  for (const name of [
    '',
    'X A',
    'X:',
    'Connection',
    'upgrade',
    'Content-Length',
    'Transfer-Encoding',
    'sec-websocket-accept',
  ]) {
    assert.throws(() => upgradeResponse({ key, headers: { [name]: 'b' } }), isHeaderError, name)
  }
})

test('RFC 9110 §15: a refusal closes, says how long it is, and names code and fix', () => {
  for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
    if (!code.startsWith('ERR_UPGRADE_')) continue
    const text = refusalResponse(undefined, code)
    const [head = '', body = ''] = text.split('\r\n\r\n')
    const status = errorCatalogue[code].status
    assert.ok(status !== undefined, code)
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} [A-Z][A-Za-z ]+\r\n`))
    assert.doesNotMatch(head, / Refused\r/)
    assert.match(head, /\r\nConnection: close/)
    assert.match(head, /\r\nContent-Type: application\/json\r\n/)
    assert.ok(head.includes(`\r\nContent-Length: ${Buffer.byteLength(body, 'latin1')}`))
    const parsed: unknown = JSON.parse(body)
    const { message, fix } = errorCatalogue[code]
    assert.deepEqual(parsed, { error: { code, message, fix } })
    assert.equal(Buffer.byteLength(text, 'utf8'), text.length)
  }
})

test('RFC 6455 §4.4 and RFC 9110 §15.5.22, §15.5.6: what a status has to bring along', () => {
  const version = refusalResponse(undefined, 'ERR_UPGRADE_VERSION')
  assert.match(version, /^HTTP\/1\.1 426 Upgrade Required\r\n/)
  assert.match(version, /\r\nSec-WebSocket-Version: 13\r\n/)
  assert.match(version, /\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n/)
  assert.match(refusalResponse(undefined, 'ERR_UPGRADE_METHOD'), /\r\nAllow: GET\r\n/)
  const login = refusalResponse(401, 'ERR_UPGRADE_REFUSED', { 'WWW-Authenticate': 'Bearer' })
  assert.match(login, /^HTTP\/1\.1 401 Unauthorized\r\n[^]*\r\nWWW-Authenticate: Bearer\r\n\r\n/)
  assert.match(refusalResponse(418, 'ERR_UPGRADE_REFUSED'), /^HTTP\/1\.1 418 Refused\r\n/)
})
