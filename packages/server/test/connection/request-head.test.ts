// Heads that requests share: who shares one and who must not, what is judged and remembered, for how many.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RequestHead } from '../../src/connection/request-head.ts'
import type { RequestHeadInit } from '../../src/connection/request-head.ts'
import { UpgradeRequest } from '../../src/connection/upgrade-request.ts'
import { checkUpgradeRequest } from '../../src/protocol/handshake.ts'

const line: RequestHeadInit = { method: 'GET', target: '/a?b=1', httpVersion: '1.1', secure: false }
const headers = [
  ...['Host', 'localhost:80', 'Upgrade', 'websocket', 'Connection', 'keep-alive, Upgrade'],
  ...['Sec-WebSocket-Version', '13', 'User-Agent', 'one', 'Cookie', 'a=1; b=2'],
]
const KEY = 'Sec-WebSocket-Key'
const keys = ['dGhlIHNhbXBsZSBub25jZQ==', 'AAECAwQFBgcICQoLDA0ODw==']

function request(
  rawHeaders: readonly string[],
  init: Partial<RequestHeadInit> = {},
  remoteAddress = '192.0.2.1',
): UpgradeRequest {
  return UpgradeRequest.of({ ...line, ...init, rawHeaders, remoteAddress })
}

// --- Sharing

test('requests that differ in key, its case and place, and address alone share a head and no more', () => {
  const one = request([...headers, KEY, keys[0]!])
  const other = request(['sec-websocket-KEY', keys[1]!, ...headers], { ...line }, '192.0.2.2')
  assert.equal(one.head, other.head)
  assert.equal(one.head.headers, other.head.headers)
  assert.deepEqual([one.key, other.key], keys)
  assert.deepEqual([one.headers['sec-websocket-key'], other.header('sec-websocket-key')], keys)
  assert.deepEqual([one.remoteAddress, other.remoteAddress], ['192.0.2.1', '192.0.2.2'])
  other.compact()
  assert.deepEqual([one.key, other.key], [keys[0], ''])
  one.params = { id: '1' }
  assert.deepEqual({ ...other.params }, {})
})

test('a head in plain text is not that of an encrypted line, nor one version that of another', () => {
  const raw = [...headers, KEY, keys[0]!]
  const all = [
    request(raw),
    request(raw, { secure: true }),
    request(raw, { httpVersion: '1.0' }),
    request(raw, { method: 'POST' }),
    request(raw, { target: '/a?b=2' }),
  ]
  assert.equal(new Set(all.map(({ head }) => head)).size, all.length)
  assert.deepEqual(
    all.map(({ secure }) => secure),
    [false, true, false, false, false],
  )
  assert.deepEqual(
    all.map(({ httpVersion }) => httpVersion),
    ['1.1', '1.1', '1.0', '1.1', '1.1'],
  )
  // Each is judged by itself, in whichever order.
  const problems = [null, null, 'ERR_UPGRADE_HTTP_VERSION', 'ERR_UPGRADE_METHOD', null]
  for (const order of [all.keys(), [...all.keys()].reverse()]) {
    for (const i of order) assert.equal(all[i]!.problem, problems[i])
  }
})

/** The same texts, one character of one of them replaced, added or left out. */
function change(texts: readonly string[], which: number, at: number, how: number): string[] {
  const changed = [...texts]
  const i = which % texts.length
  const text = texts[i]!
  const place = text.length === 0 ? 0 : at % text.length
  const one = text[place] === '7' ? '8' : '7'
  if (how === 0) changed[i] = text.slice(0, place) + one + text.slice(place + 1)
  else if (how === 1) changed[i] = text.slice(0, place) + one + text.slice(place)
  else changed[i] = text.slice(0, place) + text.slice(place + 1)
  return changed
}

test('property: heads that differ in one byte, or in where a value ends, are not shared', () => {
  const number = fc.nat(1_000)
  fc.assert(
    fc.property(number, number, fc.nat(2), (which, at, how) => {
      const texts = [line.method, line.target, line.httpVersion, ...headers]
      const changed = change(texts, which, at, how)
      const [method = '', target = '', httpVersion = '', ...rawHeaders] = changed
      const one = request([...headers, KEY, keys[0]!])
      const other = request([...rawHeaders, KEY, keys[0]!], { method, target, httpVersion })
      assert.notEqual(one.head, other.head)
      const shown = [other.method, other.target, other.httpVersion]
      assert.deepEqual(shown, [method, target, httpVersion])
      for (let i = 0; i < rawHeaders.length; i += 2) {
        assert.equal(other.header(rawHeaders[i]!.toLowerCase()), rawHeaders[i + 1])
      }
    }),
  )
})

test('what one request keeps in a header is not in that of another', () => {
  const session = (name: string): string[] => ['Host', 'h', 'Cookie', `session=${name}`]
  const requests = ['anna', 'bert', 'anna'].map((name) => request(session(name)))
  assert.deepEqual(
    requests.map(({ cookies }) => cookies['session']),
    ['anna', 'bert', 'anna'],
  )
})

test('headers cannot be written to: others have them too', () => {
  for (const isCompact of [false, true]) {
    const one = request([...headers, KEY, keys[0]!])
    if (isCompact) one.compact()
    assert.throws(() => Object.assign(one.headers, { 'x-user': 'admin' }), TypeError)
    assert.throws(() => Object.assign(one.headers, { host: 'elsewhere' }), TypeError)
    const other = request([...headers, KEY, keys[1]!])
    assert.deepEqual([other.headers['x-user'], other.host], [undefined, 'localhost:80'])
  }
})

// --- Memory

const numbered = (n: number): RequestHead => RequestHead.of(line, `X-Number\n${n}`)

test('256 heads are remembered, and not one more', () => {
  // Whatever others have left: a new one is remembered, and 256 later ones take its place.
  const first = numbered(0)
  assert.equal(numbered(0), first)
  for (let n = 1; n <= 256; n++) numbered(n)
  assert.notEqual(numbered(0), first)
  const some = Array.from({ length: 2_000 }, (_, n) => numbered(n))
  // From the last one back: to ask for one that was forgotten is to remember it anew.
  let known = 0
  while (numbered(1_999 - known) === some[1_999 - known]) known++
  assert.ok(known > 0 && known <= 256, `${known}`)
})

test('a head that one request has forgets its headers when that is open; a shared one keeps them', () => {
  const alone = numbered(-1)
  const { headers: before } = alone
  alone.compact()
  assert.notEqual(alone.headers, before)
  assert.deepEqual({ ...alone.headers }, { ...before })

  const shared = numbered(-2)
  numbered(-2)
  const { headers: kept } = shared
  shared.compact()
  assert.equal(shared.headers, kept)

  const told = numbered(-3)
  assert.equal(told.shared(), told)
  const { headers: also } = told
  told.compact()
  assert.equal(told.headers, also)
})

// --- Judgement

/** Headers by name as node:http and the RFCs have them: joined by commas, cookies by semicolons. */
function joined(rawHeaders: readonly string[]): Record<string, string> {
  const all = new Map<string, string[]>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    all.set(name, [...(all.get(name) ?? []), rawHeaders[i + 1]!])
  }
  const entries = [...all].map(([name, values]) => [
    name,
    values.join(name === 'cookie' ? '; ' : ', '),
  ])
  return Object.fromEntries(entries) as Record<string, string>
}

const values: Readonly<Record<string, readonly [string, ...string[]]>> = {
  Host: ['h', '', 'a, b'],
  UPGRADE: ['websocket', 'WebSocket', 'h2c'],
  Connection: ['Upgrade', 'keep-alive, upgrade', 'close'],
  'Sec-WebSocket-Version': ['13', '8'],
  [KEY]: [keys[0]!, keys[1]!, '', 'short', `${keys[0]!}, ${keys[1]!}`],
  'Sec-WebSocket-Protocol': ['chat', 'chat, more', 'chat, chat', ''],
  'Sec-WebSocket-Extensions': ['permessage-deflate', 'a; b="', ''],
  'Content-Length': ['0', '5', ''],
  'Transfer-Encoding': ['chunked'],
  Cookie: ['a=1', 'b'],
}
/** The first, seldom another one: what is judged late must be reached. */
function mostly(usual: string, ...others: readonly string[]): fc.Arbitrary<string> {
  if (others.length === 0) return fc.constant(usual)
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )
}

const header = fc.constantFrom(...Object.keys(values)).chain((name) =>
  fc.record({
    name: fc.constantFrom(name, name.toLowerCase(), name.toUpperCase()),
    value: fc.constantFrom(...values[name]!),
  }),
)
const needed = ['Host', 'UPGRADE', 'Connection', 'Sec-WebSocket-Version', KEY]
const anyHead = fc.record({
  method: mostly('GET', 'POST'),
  httpVersion: mostly('1.1', '1.0', '2.0'),
  secure: fc.boolean(),
  // What is needed, mostly as it should be, with one left out or changed now and then; then some more.
  needed: fc.tuple(
    ...needed.map((name) =>
      fc.option(fc.tuple(fc.constant(name), mostly(...values[name]!)), { freq: 25 }),
    ),
  ),
  more: fc.array(header, { maxLength: 2 }),
})

test('property: the problem is what judging the whole request gives, whoever was judged before', () => {
  const seen = new Map<string | null, number>()
  fc.assert(
    fc.property(fc.array(anyHead, { minLength: 1, maxLength: 8 }), (heads) => {
      for (const { method, httpVersion, secure, needed: some, more } of heads) {
        const rawHeaders = some
          .flatMap((pair) => pair ?? [])
          .concat(more.flatMap(({ name, value }) => [name, value]))
        const expected = checkUpgradeRequest({ method, httpVersion, headers: joined(rawHeaders) })
        seen.set(expected, (seen.get(expected) ?? 0) + 1)
        const only = request(rawHeaders, { method, httpVersion, secure })
        assert.equal(only.problem, expected)
        // Once more, as remembered; with another key; and without one.
        assert.equal(request(rawHeaders, { method, httpVersion, secure }).problem, expected)
        const place = rawHeaders.findIndex((name, i) => i % 2 === 0 && name === KEY)
        for (const key of place < 0 ? [] : [keys[1]!, 'wrong']) {
          const changed = rawHeaders.with(place + 1, key)
          assert.equal(
            request(changed, { method, httpVersion, secure }).problem,
            checkUpgradeRequest({ method, httpVersion, headers: joined(changed) }),
          )
        }
        assert.deepEqual({ ...only.headers }, joined(rawHeaders))
      }
    }),
    { numRuns: 400 },
  )
  // The cases are worth something: every outcome was among them.
  assert.equal(seen.size, 12, [...seen.keys()].join())
})
