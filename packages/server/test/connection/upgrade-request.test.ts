// The request as routes and handlers see it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UpgradeRequest } from '../../src/connection/upgrade-request.ts'

function request(target: string, rawHeaders: readonly string[] = []): UpgradeRequest {
  return UpgradeRequest.of({
    method: 'GET',
    target,
    httpVersion: '1.1',
    rawHeaders,
    remoteAddress: '192.0.2.1',
    secure: true,
  })
}

test('path and query are the two sides of the first question mark, as they came', () => {
  assert.equal(request('/a%20b').path, '/a%20b')
  assert.equal(request('/a%20b').query.size, 0)
  const both = request('/a?b=1&c=x%20y&b=2?')
  assert.equal(both.path, '/a')
  assert.deepEqual(
    [...both.query],
    [
      ['b', '1'],
      ['c', 'x y'],
      ['b', '2?'],
    ],
  )
  assert.equal(request('?x').path, '')
})

test('headers are found by lower-case name; several of one name are joined', () => {
  const { headers } = request('/', ['Host', 'h', 'X-A', '1', 'x-a', '2', 'X-Empty', ''])
  assert.equal(headers['host'], 'h')
  assert.equal(headers['x-a'], '1, 2')
  assert.equal(headers['x-empty'], '')
  assert.equal(headers['x-none'], undefined)
})

test('cookies of several headers are joined as one, the first of a name wins', () => {
  const { headers, cookies } = request('/', ['Cookie', 'a=1; b=x=y', 'cookie', 'a=2;c=;broken;=d'])
  assert.equal(headers['cookie'], 'a=1; b=x=y; a=2;c=;broken;=d')
  assert.deepEqual({ ...cookies }, { a: '1', b: 'x=y', c: '' })
})

test('names of every object are no headers, cookies or parameters', () => {
  const plain = request('/')
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    assert.equal(plain.headers[name], undefined)
    assert.equal(plain.cookies[name], undefined)
    assert.equal(plain.params[name], undefined)
  }
  const named = request('/', ['__proto__', 'x', 'constructor', 'y', 'Cookie', '__proto__=z'])
  assert.equal(named.headers['__proto__'], 'x')
  assert.equal(named.headers['constructor'], 'y')
  assert.equal(named.cookies['__proto__'], 'z')
})

test('all values of one header, apart, whatever its case', () => {
  const several = request('/', ['Host', 'a', 'HOST', 'b', 'host', '', 'Other', 'host'])
  assert.deepEqual(several.headerValues('Host'), ['a', 'b', ''])
  assert.deepEqual(several.headerValues('other'), ['host'])
  assert.deepEqual(several.headerValues('none'), [])
  assert.deepEqual(request('/').headerValues('host'), [])
})

test('host and origin', () => {
  assert.equal(request('/').host, '')
  assert.equal(request('/').origin, undefined)
  const both = request('/', ['Host', 'h:80', 'Origin', 'null'])
  assert.deepEqual([both.host, both.origin], ['h:80', 'null'])
})

test('what was forgotten is built again', () => {
  const compact = request('/', ['X-A', '1'])
  const before = compact.headers
  assert.equal(compact.headers, before)
  compact.compact()
  assert.deepEqual({ ...compact.headers }, { ...before })
  assert.notEqual(compact.headers, before)
})

// --- The key of the handshake

const KEY = 'Sec-WebSocket-Key'
const key = 'dGhlIHNhbXBsZSBub25jZQ=='

/** Bytes of the head as it came, with the empty line. */
function bytesOf(target: string, rawHeaders: readonly string[]): number {
  let text = `GET ${target} HTTP/1.1\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2)
    text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
  return `${text}\r\n`.length
}

test('until the line is open the key is a header like others, whatever its case; then it is gone', () => {
  for (const name of [KEY, KEY.toLowerCase(), 'SEC-WEBSOCKET-KEY', 'sEC-wEBSOCKET-kEY']) {
    const only = request('/key', ['Host', 'h', name, key, 'X-A', '1'])
    const all = { host: 'h', 'sec-websocket-key': key, 'x-a': '1' }
    const shown = (): unknown[] => [
      only.key,
      { ...only.headers },
      only.header('sec-websocket-key'),
      only.headerValues(name),
      only.problem,
    ]
    // Before a route is found it is judged whether this is an upgrade at all.
    assert.deepEqual(shown(), [key, all, key, [key], 'ERR_UPGRADE_HEADER_UPGRADE'])
    assert.deepEqual({ ...only.headers }, all)
    only.compact()
    const rest = { host: 'h', 'x-a': '1' }
    assert.deepEqual(shown().slice(0, 4), ['', rest, undefined, []])
    only.compact()
    assert.deepEqual({ ...only.headers }, rest)
  }
})

test('several keys, or none, are no key; several are seen apart', () => {
  const several = request('/', ['Host', 'h', KEY, key, 'sec-websocket-key', 'other'])
  assert.deepEqual(
    [several.key, several.headers['sec-websocket-key'], several.header('sec-websocket-key')],
    ['', `${key}, other`, `${key}, other`],
  )
  assert.deepEqual(several.headerValues(KEY), [key, 'other'])
  const none = request('/', ['Host', 'h'])
  assert.deepEqual([none.key, none.header('sec-websocket-key')], ['', undefined])
  assert.deepEqual(none.headerValues(KEY), [])
  assert.ok(!('sec-websocket-key' in none.headers))
  const empty = request('/', ['Host', 'h', KEY, ''])
  assert.deepEqual([empty.key, empty.headerValues(KEY)], ['', ['']])
  const longer = request('/', ['Sec-WebSocket-Key1', key, 'X-Sec-WebSocket-Key', key])
  assert.deepEqual([longer.key, longer.headers['sec-websocket-key1']], ['', key])
})

test('RFC 6455 §4.2.1 item 5: whoever has the same head, a request is as good as its own key', () => {
  const head = ['Host', 'h', 'Upgrade', 'websocket', 'Connection', 'Upgrade']
  const rest = [...head, 'Sec-WebSocket-Version', '13']
  const judged = [[KEY, key], [KEY, ''], [KEY, 'short'], [], [KEY, key, KEY, key], [KEY, key]]
  assert.deepEqual(
    judged.map((pair) => request('/judged', [...rest, ...pair]).problem),
    [null, ...Array.from({ length: 4 }, () => 'ERR_UPGRADE_KEY'), null],
  )
})

test('property: the bytes of the head are those that came', () => {
  const name = fc.constantFrom('Host', 'X-A', 'Cookie', 'Accept', KEY, KEY.toLowerCase())
  const text = fc.stringMatching(/^[a-z ;=,/]{0,20}$/)
  const list = fc.array(fc.tuple(name, text), { maxLength: 8 })
  fc.assert(
    fc.property(fc.stringMatching(/^\/[a-z?]{0,10}$/), list, (target, pairs) => {
      const rawHeaders = pairs.flat()
      assert.equal(request(target, rawHeaders).headBytes, bytesOf(target, rawHeaders))
    }),
  )
})
