import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  acceptDeflate,
  checkDeflateOptions,
  defaultWindowBits,
  deflateOffer,
  negotiateDeflate,
  type DeflateOptions,
  type DeflateParameters,
} from '../../src/protocol/deflate-parameters.ts'
import { HoldlineError } from '../../src/protocol/errors.ts'

const wide: DeflateOptions = { serverMaxWindowBits: 15, clientMaxWindowBits: 15 }
const wideParameters: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
}

function response(offer: string | undefined, options: DeflateOptions = wide): string | undefined {
  return negotiateDeflate(offer, options)?.responseHeader
}

test('RFC 7692 §7.1: a plain offer is answered plainly', () => {
  assert.deepEqual(negotiateDeflate('permessage-deflate', wide), {
    parameters: wideParameters,
    responseHeader: 'permessage-deflate',
  })
  assert.equal(response(undefined), undefined)
  assert.equal(response('x-webkit-deflate-frame, permessage-bzip2'), undefined)
})

test('RFC 7692 §7.1.1.1: server_no_context_takeover is granted, and may be given unasked', () => {
  const granted = 'permessage-deflate; server_no_context_takeover'
  assert.equal(response(granted), granted)
  assert.equal(response('permessage-deflate', { ...wide, serverNoContextTakeover: true }), granted)
})

test('RFC 7692 §7.1.1.2: client_no_context_takeover may be demanded, hinted at or not', () => {
  const demanded = 'permessage-deflate; client_no_context_takeover'
  assert.equal(response(demanded), demanded)
  assert.equal(response('permessage-deflate', { ...wide, clientNoContextTakeover: true }), demanded)
})

test('RFC 7692 §7.1.2.1: server_max_window_bits is answered with no more than was asked', () => {
  const offer = 'permessage-deflate; server_max_window_bits=10'
  assert.equal(response(offer), offer)
  assert.equal(
    response(offer, { serverMaxWindowBits: 9 }),
    'permessage-deflate; server_max_window_bits=9',
  )
  assert.equal(response(offer, { serverMaxWindowBits: 12 }), offer)
  assert.equal(
    response('permessage-deflate; server_max_window_bits=15'),
    'permessage-deflate; server_max_window_bits=15',
  )
  assert.equal(
    response('permessage-deflate', { serverMaxWindowBits: 11 }),
    'permessage-deflate; server_max_window_bits=11',
  )
})

test('RFC 7692 §7.1.2.2: client_max_window_bits is named only where the offer names it', () => {
  assert.equal(
    response('permessage-deflate', { ...wide, clientMaxWindowBits: 9 }),
    'permessage-deflate',
  )
  const named = 'permessage-deflate; client_max_window_bits'
  assert.equal(response(named), 'permessage-deflate')
  assert.equal(response(named, { ...wide, clientMaxWindowBits: 9 }), `${named}=9`)
  assert.equal(response(`${named}=10`), `${named}=10`)
  assert.equal(response(`${named}=10`, { ...wide, clientMaxWindowBits: 12 }), `${named}=10`)
  assert.equal(
    negotiateDeflate('permessage-deflate', { clientMaxWindowBits: 9 })?.parameters
      .clientMaxWindowBits,
    15,
  )
})

test('by default a small window is used, asked of clients that allow it, and not announced', () => {
  assert.deepEqual(negotiateDeflate('permessage-deflate', {}), {
    parameters: { ...wideParameters, serverMaxWindowBits: defaultWindowBits },
    responseHeader: 'permessage-deflate',
  })
  assert.equal(
    response('permessage-deflate; client_max_window_bits', {}),
    `permessage-deflate; client_max_window_bits=${defaultWindowBits}`,
  )
})

test('RFC 6455 §9.1: a quoted value means the same as a token', () => {
  assert.equal(
    response('permessage-deflate; server_max_window_bits="1\\0"'),
    'permessage-deflate; server_max_window_bits=10',
  )
})

const invalid = [
  ...['server', 'client'].flatMap((role) => [
    ...['7', '16', '08', '""', '0', '1', '015', '8.0', '+8', '-8', '1e1', '0x9', '9a', 'ten'].map(
      (value) => `${role}_max_window_bits=${value}`,
    ),
    `${role}_max_window_bits=10; ${role}_max_window_bits=10`,
    `${role}_no_context_takeover=1`,
    `${role}_no_context_takeover=""`,
    `${role}_no_context_takeover; ${role}_no_context_takeover`,
  ]),
  'server_max_window_bits',
  'client_max_window_bits; client_max_window_bits',
  'client_max_window_bits; client_max_window_bits=9',
  'constructor',
  '__proto__=1',
  'toString; valueOf',
  'Server_no_context_takeover',
  Array.from({ length: 1000 }, () => 'server_no_context_takeover').join('; '),
]

for (const parameters of invalid) {
  const offer = `permessage-deflate; ${parameters}`
  test(`RFC 7692 §7.1: ${offer.slice(0, 80)} is declined, and the next offer taken`, () => {
    assert.equal(negotiateDeflate(offer, wide), null)
    assert.equal(response(`${offer}, permessage-deflate`), 'permessage-deflate')
    // As a response it fails the connection (client_max_window_bits alone included: §7.1.2.2).
    assert.equal(acceptDeflate(offer, {}), 'ERR_RESPONSE_EXTENSIONS')
  })
}

test('RFC 7692 §5.1: a thousand offers and malformed headers do no harm', () => {
  const offers = Array.from({ length: 1000 }, () => 'permessage-deflate; client_max_window_bits=7')
  assert.equal(negotiateDeflate(offers.join(), wide), null)
  for (const header of [
    '',
    ';',
    'permessage-deflate;',
    'permessage-deflate; a="',
    'permessage-deflate; a=,permessage-deflate',
  ]) {
    assert.equal(negotiateDeflate(header, wide), null, header)
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      negotiateDeflate(text, {})
      negotiateDeflate(`permessage-deflate; ${text}`, {})
      acceptDeflate(text, {})
    }),
  )
})

test('RFC 7692 §7.1: the client fails a response it did not offer', () => {
  const fails: readonly [header: string, options: DeflateOptions][] = [
    ['permessage-deflate, permessage-deflate', {}],
    ['foo', {}],
    ['permessage-deflate;', {}],
    ['permessage-deflate; client_max_window_bits', {}],
    ['permessage-deflate', { serverNoContextTakeover: true }],
    ['permessage-deflate', { serverMaxWindowBits: 10 }],
    ['permessage-deflate; server_max_window_bits=11', { serverMaxWindowBits: 10 }],
    ['permessage-deflate; client_max_window_bits=11', { clientMaxWindowBits: 10 }],
  ]
  for (const [header, options] of fails) {
    assert.equal(acceptDeflate(header, options), 'ERR_RESPONSE_EXTENSIONS', header)
  }
  assert.equal(acceptDeflate(undefined, {}), null)
  assert.deepEqual(acceptDeflate('permessage-deflate', {}), wideParameters)
  assert.equal(acceptDeflate('permessage-deflate; constructor', {}), 'ERR_RESPONSE_EXTENSIONS')
})

test('RFC 7692 §7.1: property: both roles agree, whatever they were told to want', () => {
  const bits = fc.option(fc.integer({ min: 8, max: 15 }), { nil: undefined })
  const options = fc
    .record({
      serverNoContextTakeover: fc.boolean(),
      clientNoContextTakeover: fc.boolean(),
      serverMaxWindowBits: bits,
      clientMaxWindowBits: bits,
    })
    .map(
      (wish) =>
        Object.fromEntries(
          Object.entries(wish).filter((entry) => entry[1] !== undefined),
        ) as DeflateOptions,
    )
  fc.assert(
    fc.property(options, options, (server, client) => {
      checkDeflateOptions(server)
      const agreed = negotiateDeflate(deflateOffer(client), server)
      assert.ok(agreed)
      const accepted = acceptDeflate(agreed.responseHeader, client)
      assert.ok(typeof accepted === 'object' && accepted !== null)
      // Where nothing is announced the server's window may be smaller than the client has to allow for.
      assert.ok(agreed.parameters.serverMaxWindowBits <= accepted.serverMaxWindowBits)
      assert.ok(accepted.clientMaxWindowBits <= agreed.parameters.clientMaxWindowBits)
      assert.equal(accepted.serverNoContextTakeover, agreed.parameters.serverNoContextTakeover)
      assert.equal(accepted.clientNoContextTakeover, agreed.parameters.clientNoContextTakeover)
    }),
  )
})

test('options out of range are refused when a route is set up', () => {
  for (const options of [
    { serverMaxWindowBits: 7 },
    { clientMaxWindowBits: 16 },
    { serverMaxWindowBits: 9.5 },
    { thresholdBytes: -1 },
    { level: 10 },
    { memLevel: 0 },
    { level: Number.NaN },
  ]) {
    assert.throws(
      () => checkDeflateOptions(options),
      (error) => error instanceof HoldlineError && error.code === 'ERR_DEFLATE_OPTION',
    )
  }
  checkDeflateOptions({ ...wide, level: 0, memLevel: 9, thresholdBytes: 0 })
})
