import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  isToken,
  listHas,
  maxOffers,
  maxParametersPerOffer,
  maxTokens,
  parseExtensionList,
  parseProtocolList,
  parseTokenList,
} from '../../src/protocol/header-list.ts'

const token = fc.string({
  unit: fc.constantFrom(...Array.from("!#$%&'*+-.^_`|~09azAZ")),
  minLength: 1,
  maxLength: 12,
})

test('RFC 9110 §5.6.1: a list is read with spaces, tabs and empty elements in any place', () => {
  assert.deepEqual(parseTokenList('keep-alive, Upgrade'), ['keep-alive', 'Upgrade'])
  assert.deepEqual(parseTokenList(' \ta ,\t, b,,c , '), ['a', 'b', 'c'])
  assert.deepEqual(parseTokenList('chat'), ['chat'])
})

test('RFC 9110 §5.6.1: a list of nothing, or of what is no token, is malformed', () => {
  for (const value of [
    '',
    ' ',
    ',',
    ' , ,',
    'a b',
    'a,b c',
    'a;b',
    '"a"',
    'ä',
    'a, \u{1F600}',
    'a\0',
    'a\r\nb',
    '/',
  ]) {
    assert.equal(parseTokenList(value), null, JSON.stringify(value))
  }
})

test('RFC 9110 §7.8: an element of Upgrade may carry a version', () => {
  assert.deepEqual(parseProtocolList('h2c/1, websocket'), ['h2c/1', 'websocket'])
  for (const value of ['websocket/', '/1', 'a/b/c', 'a /b']) {
    assert.equal(parseProtocolList(value), null, value)
  }
  assert.equal(listHas('h2c, WebSocket', 'websocket'), true)
  assert.equal(listHas('websocket-ish', 'websocket'), false)
  assert.equal(listHas('websocket,"', 'websocket'), false)
})

test('RFC 9110 §5.6.2: a token is one or more token characters', () => {
  assert.equal(isToken('constructor'), true)
  for (const text of ['', 'a b', 'a,', '"a"', 'é', 'Ā', '\u{10041}'])
    assert.equal(isToken(text), false, text)
})

test('RFC 6455 §9.1: extensions with tokens, quoted values and escapes', () => {
  assert.deepEqual(parseExtensionList('foo'), [{ name: 'foo', parameters: [] }])
  assert.deepEqual(parseExtensionList('foo; bar; baz=2, bar; baz="x", foo'), [
    {
      name: 'foo',
      parameters: [
        ['bar', null],
        ['baz', '2'],
      ],
    },
    { name: 'bar', parameters: [['baz', 'x']] },
    { name: 'foo', parameters: [] },
  ])
  assert.deepEqual(parseExtensionList('a ; b = "\\1\\0" , c;d="1\\2"'), [
    { name: 'a', parameters: [['b', '10']] },
    { name: 'c', parameters: [['d', '12']] },
  ])
})

test('RFC 6455 §9.1: what does not fit the grammar is malformed', () => {
  for (const value of [
    '',
    ',',
    ';',
    'a;',
    'a; ;b',
    'a b',
    'a; b c',
    'a; b=',
    'a; b=,c',
    'a; b="x',
    'a; b="x\\',
    'a; b="x\\"',
    'a; b=" "',
    'a; b="x y"',
    'a; b="\\""',
    'a; b="\\\\"',
    'a; b="x"y',
    'a; b=x"y"',
    '"a"',
    'a="b"',
    'a; "b"',
    'a; b="ü"',
    'a\0',
  ]) {
    assert.equal(parseExtensionList(value), null, value)
  }
})

test('RFC 6455 §9.1: an empty quoted value is kept, for the extension to refuse', () => {
  assert.deepEqual(parseExtensionList('a; b=""'), [{ name: 'a', parameters: [['b', '']] }])
})

test('names of Object.prototype are plain names', () => {
  assert.deepEqual(parseTokenList('constructor, __proto__, toString'), [
    'constructor',
    '__proto__',
    'toString',
  ])
  assert.deepEqual(parseExtensionList('__proto__; constructor=1; __proto__'), [
    {
      name: '__proto__',
      parameters: [
        ['constructor', '1'],
        ['__proto__', null],
      ],
    },
  ])
})

test('a bounded number of elements is kept, and the rest is still checked', () => {
  const many = Array.from({ length: 1000 }, (_, index) => `e${index}`).join(',')
  assert.equal(parseExtensionList(many)?.length, maxOffers)
  assert.equal(parseTokenList(many)?.length, maxTokens)
  assert.equal(parseExtensionList(`${many},;`), null)
  assert.equal(parseTokenList(`${many},;`), null)
  const long = parseExtensionList(`a${'; b'.repeat(1000)}`)
  assert.equal(long?.[0]?.parameters.length, maxParametersPerOffer + 1)
})

test('property: what is written as a list is read back', () => {
  const space = fc.constantFrom('', ' ', '\t ', '  ')
  const list = fc.array(fc.tuple(space, token, space), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(list, (elements) => {
      const written = elements.map((element) => element.join('')).join(',')
      assert.deepEqual(
        parseTokenList(written),
        elements.map((element) => element[1]),
      )
    }),
  )
  const parameter = fc.tuple(token, fc.option(token), fc.constantFrom('plain', 'quoted', 'escaped'))
  const offer = fc.tuple(token, fc.array(parameter, { maxLength: 6 }))
  fc.assert(
    fc.property(fc.array(offer, { minLength: 1, maxLength: 6 }), (offers) => {
      const written = offers.map(([name, parameters]) =>
        [
          name,
          ...parameters.map(([key, value, form]) => {
            if (value === null) return key
            if (form === 'plain') return `${key}=${value}`
            return `${key}="${form === 'escaped' ? value.replace(/./g, '\\$&') : value}"`
          }),
        ].join('; '),
      )
      const read = parseExtensionList(written.join(', '))
      assert.deepEqual(
        read,
        offers.map(([name, parameters]) => ({
          name,
          parameters: parameters.map(([key, value]) => [key, value]),
        })),
      )
    }),
  )
})

// ws CVE-2021-32640, websocket-extensions CVE-2020-7663. The fastest of several runs, so that a busy machine
// does not fail it; what backtracks needs seconds here.
for (const [name, value] of [
  ['b, 16k spaces, x', `b${' '.repeat(16_384)}x`],
  ['64 KiB of spaces', `${'a, '.repeat(10)}b${' '.repeat(65_536)}x`],
  ['an unclosed quote with escapes', `a; b="${'\\c'.repeat(32_768)}`],
  ['a closed quote with escapes', `a; b="${'\\c'.repeat(32_768)}" x`],
  ['semicolons', `a${'; '.repeat(32_768)}`],
  ['commas', ','.repeat(65_536)],
  ['one token and a control character', `${'a'.repeat(65_535)}\0`],
] as const) {
  test(`linear time: 64 KiB of ${name} is refused in less than 5 ms`, () => {
    for (const parse of [parseTokenList, parseProtocolList, parseExtensionList]) {
      let bestMs = Infinity
      for (let run = 0; run < 7; run++) {
        const start = performance.now()
        assert.equal(parse(value), null)
        bestMs = Math.min(bestMs, performance.now() - start)
      }
      assert.ok(bestMs < 5, `${bestMs} ms`)
    }
  })
}
