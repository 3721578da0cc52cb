// What is taken for ordinary, against node:http's own parser; and everything that must not be.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { duplexPair } from 'node:stream'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { readOrdinaryHead } from '../../../src/engines/uring/ordinary-head.ts'
import type { OrdinaryHead } from '../../../src/engines/uring/ordinary-head.ts'

function read(text: string | Buffer): OrdinaryHead | null {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1')
  return readOrdinaryHead(bytes, 0, bytes.length)
}

// --- Heads as clients send them

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const needed: readonly (readonly [string, string])[] = [
  ['Host', 'localhost:8080'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', key],
  ['Sec-WebSocket-Version', '13'],
]

function headOf(lines: readonly (readonly [string, string])[], target = '/chat?x=1'): string {
  return `GET ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

const ordinary = headOf([...needed, ['Origin', 'http://localhost:8080'], ['Cookie', 'a=b; c=d']])

const tokenCharacters =
  "!#$%&'*+.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"
const characters = (from: string, maxLength: number, minLength = 0): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...from), { minLength, maxLength }).map((all) => all.join(''))
const visible = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('')
const spaces = characters(' \t', 3)
const anyCase = (text: string): fc.Arbitrary<string> =>
  fc
    .nat()
    .map((bits) =>
      [...text]
        .map((c, i) => ((bits >> (i % 31)) & 1 ? c.toUpperCase() : c.toLowerCase()))
        .join(''),
    )

const otherHeader = fc.tuple(
  fc.oneof(
    characters(tokenCharacters, 20, 1),
    fc.constantFrom(
      'Origin',
      'Cookie',
      'User-Agent',
      'Sec-WebSocket-Protocol',
      'X-Forwarded-For',
      'Te',
      'Expect',
    ),
  ),
  characters(`${visible}  \t`, 40),
)

/** Of all kinds that may be taken, and some that may not. */
const anyHead: fc.Arbitrary<string> = fc
  .tuple(
    characters(visible, 40),
    fc.tuple(...needed.map(([name]) => anyCase(name))),
    fc.constantFrom('websocket', 'WebSocket', 'WEBSOCKET'),
    fc.constantFrom('Upgrade', 'upgrade', 'keep-alive, Upgrade', 'Keep-Alive, upgrade'),
    fc.array(otherHeader, { maxLength: 8 }),
    fc.infiniteStream(fc.nat()),
    fc.infiniteStream(spaces),
  )
  .map(([target, names, upgrade, connection, others, places, padding]) => {
    const lines = needed.map(([name, value], i): readonly [string, string] => {
      const given = name === 'Upgrade' ? upgrade : name === 'Connection' ? connection : value
      return [names[i]!, given]
    })
    for (const other of others) lines.splice(places.next().value % (lines.length + 1), 0, other)
    const pad = (): string => padding.next().value as string
    const text = lines.map(([name, value]) => `${name}:${pad()}${value}${pad()}\r\n`).join('')
    return `GET /${target} HTTP/1.1\r\n${text}\r\n`
  })

// --- The same bytes, given to node:http

interface Parsed {
  readonly request: IncomingMessage
  readonly head: Buffer
}

let settle: (parsed: Parsed | null) => void = () => {}
const http = createServer((_request, response) => {
  settle(null)
  response.destroy()
})
http.on('upgrade', (request, socket, head: Buffer) => {
  settle({ request, head })
  socket.destroy()
})
http.on('clientError', (_error, socket) => {
  settle(null)
  socket.destroy()
})
after(() => http.close())

function parsedByNode(bytes: Buffer): Promise<Parsed | null> {
  return new Promise((resolve) => {
    settle = resolve
    const [near, far] = duplexPair()
    near.on('error', () => {}).resume()
    far.on('error', () => {})
    http.emit('connection', far)
    near.write(bytes)
  })
}

test('what is taken for ordinary node:http reads alike: target, headers, and where it ends', async () => {
  let taken = 0
  await fc.assert(
    fc.asyncProperty(anyHead, fc.string({ maxLength: 10 }), async (text, behind) => {
      const bytes = Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from(behind)])
      const head = read(bytes)
      if (head === null) return
      taken++
      const parsed = await parsedByNode(bytes)
      assert.ok(parsed !== null)
      const { method, url, httpVersion, rawHeaders } = parsed.request
      assert.deepEqual([method, url, httpVersion], ['GET', head.target, '1.1'])
      assert.deepEqual(head.rawHeaders, rawHeaders)
      assert.equal(head.length, text.length)
      assert.equal(Buffer.compare(parsed.head, bytes.subarray(head.length)), 0)
    }),
    { numRuns: 400 },
  )
  assert.ok(taken > 100, `only ${taken} were taken`)
})

test('whatever one octet is changed to, what is still taken node:http reads alike', async () => {
  const bytes = Buffer.from(ordinary, 'latin1')
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: bytes.length - 1 }),
      fc.oneof(fc.constantFrom(0, 9, 10, 13, 32, 34, 58, 127, 128, 255), fc.nat({ max: 255 })),
      fc.constantFrom('replace', 'insert', 'remove'),
      async (at, octet, how) => {
        const before = bytes.subarray(0, at)
        const behind = bytes.subarray(how === 'insert' ? at : at + 1)
        const middle = how === 'remove' ? Buffer.alloc(0) : Buffer.of(octet)
        const changed = Buffer.concat([before, middle, behind])
        const head = read(changed)
        if (head === null) return
        const parsed = await parsedByNode(changed)
        assert.ok(parsed !== null)
        assert.deepEqual(head.rawHeaders, parsed.request.rawHeaders)
        assert.equal(head.target, parsed.request.url)
        assert.equal(head.length, changed.length - parsed.head.length)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('the ordinary head of a browser and of a client library', () => {
  const head = read(ordinary)
  assert.equal(head?.target, '/chat?x=1')
  assert.equal(head?.length, ordinary.length)
  assert.deepEqual(head?.rawHeaders.slice(0, 4), ['Host', 'localhost:8080', 'Upgrade', 'websocket'])
  const firefox = ordinary.replace('Connection: Upgrade', 'Connection: keep-alive, Upgrade')
  assert.notEqual(read(firefox), null)
})

test('it stands anywhere in larger memory, and what is around it is not looked at', () => {
  const bytes = Buffer.from(`\r\nGET /${ordinary}${ordinary}`, 'latin1')
  const start = 7
  assert.equal(readOrdinaryHead(bytes, start, start + ordinary.length)?.length, ordinary.length)
  for (const missing of [1, 2, 3, 20, 100]) {
    assert.equal(readOrdinaryHead(bytes, start, start + ordinary.length - missing), null)
  }
  assert.equal(readOrdinaryHead(bytes, start, start), null)
})

test('a head that is not whole is not taken, wherever it ends', () => {
  for (let end = 0; end < ordinary.length; end++) {
    assert.equal(read(ordinary.slice(0, end)), null, `${end} octets`)
    // Also where the memory goes on with something older.
    const stale = Buffer.from(ordinary, 'latin1')
    assert.equal(readOrdinaryHead(stale, 0, end), null, `${end} octets`)
  }
})

const withLine = (line: string): string => ordinary.replace('Origin:', `${line}\r\nOrigin:`)
const without = (name: string): string => headOf(needed.filter(([each]) => each !== name))

const unusual: Readonly<Record<string, string>> = {
  'another method': ordinary.replace('GET', 'POST'),
  'a method in lower case': ordinary.replace('GET', 'get'),
  'HTTP/1.0': ordinary.replace('HTTP/1.1', 'HTTP/1.0'),
  'HTTP/1.2': ordinary.replace('HTTP/1.1', 'HTTP/1.2'),
  'http in lower case': ordinary.replace('HTTP/1.1', 'http/1.1'),
  'an absolute target': ordinary.replace(' /chat', ' http://localhost/chat'),
  'an asterisk': ordinary.replace('/chat?x=1', '*'),
  'a target with a space': ordinary.replace('/chat', '/ch at'),
  'a target with octets above ASCII': ordinary.replace('/chat', '/ch\u00e4t'),
  'a target with a NUL': ordinary.replace('/chat', '/ch\0t'),
  'two spaces before the target': ordinary.replace('GET ', 'GET  '),
  'two spaces behind the target': ordinary.replace(' HTTP', '  HTTP'),
  'a tab for a space': ordinary.replace('GET ', 'GET\t'),
  'a space behind the version': ordinary.replace('HTTP/1.1', 'HTTP/1.1 '),
  'an empty line before': `\r\n${ordinary}`,
  'a bare LF behind the request line': ordinary.replace('HTTP/1.1\r\n', 'HTTP/1.1\n'),
  'a bare LF behind a header': ordinary.replace('websocket\r\n', 'websocket\n'),
  'a bare CR in a value': ordinary.replace('localhost:8080\r\n', 'local\rhost\r\n'),
  'a bare LF at the end': ordinary.replace(/\r\n$/, '\n'),
  'LF everywhere': ordinary.replaceAll('\r\n', '\n'),
  'a missing CR': ordinary.replace('13\r\n', '13\n'),
  'a folded line': withLine('X-Long: one\r\n two'),
  'a line that begins with a tab': withLine('\tX: y'),
  'a line without a colon': withLine('nothing'),
  'an empty name': withLine(': value'),
  'a space before the colon': withLine('X : y'),
  'a name with an octet above ASCII': withLine('X-\u00e4: y'),
  'a name with a parenthesis': withLine('X(y): z'),
  'a value with a NUL': withLine('X: a\0b'),
  'a value with octets above ASCII': withLine('X: gr\u00fc\u00dfe'),
  'a value with DEL': withLine('X: a\x7fb'),
  'a second host': withLine('Host: other'),
  'a second key': withLine(`Sec-WebSocket-Key: ${key}`),
  'a second version': withLine('sec-websocket-version: 13'),
  'a second upgrade': withLine('UPGRADE: websocket'),
  'a second connection': withLine('Connection: close'),
  'another connection': ordinary.replace('Connection: Upgrade', 'Connection: Upgrade, close'),
  'a connection without upgrade': ordinary.replace('Connection: Upgrade', 'Connection: keep-alive'),
  'another upgrade': ordinary.replace('websocket', 'h2c'),
  'two upgrades': ordinary.replace('websocket', 'websocket, h2c'),
  'a content length': withLine('Content-Length: 0'),
  'a content length with a body': withLine('content-length: 5'),
  'a transfer encoding': withLine('Transfer-Encoding: chunked'),
  'a trailer': withLine('Trailer: X'),
  te: withLine('TE: trailers'),
  'an expectation': withLine('Expect: 100-continue'),
  'settings of HTTP/2': withLine('HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'),
  'more headers than node:http keeps': headOf([
    ...needed,
    ...Array.from({ length: 2_000 }, (_, i): [string, string] => [`X-${i}`, 'y']),
  ]),
  'no host': without('Host'),
  'no upgrade': without('Upgrade'),
  'no connection': without('Connection'),
  'no key': without('Sec-WebSocket-Key'),
  'no version': without('Sec-WebSocket-Version'),
  TLS: '\x16\x03\x01\x02\x00'.padEnd(300, 'x'),
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.padEnd(200, '\0'),
  'a PROXY header': `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${ordinary}`,
}

for (const [what, text] of Object.entries(unusual)) {
  test(`not ordinary: ${what}`, () => {
    assert.notEqual(text, ordinary)
    assert.equal(read(text), null)
  })
}
