// Header lists and what is negotiated from them: any text, read as latin1 as it comes from the wire.
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { acceptDeflate, negotiateDeflate } from '../../../src/protocol/deflate-parameters.ts'
import { HoldlineError } from '../../../src/protocol/errors.ts'
import { parseSubprotocols } from '../../../src/protocol/handshake.ts'
import {
  isToken,
  maxOffers,
  maxParametersPerOffer,
  maxTokens,
  parseExtensionList,
  parseProtocolList,
  parseTokenList,
} from '../../../src/protocol/header-list.ts'
import type { FuzzTarget } from '../fuzz-target.ts'

const seeds = [
  'Upgrade',
  'keep-alive, Upgrade',
  'h2c/1, websocket',
  'chat, superchat',
  'constructor, __proto__',
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; client_max_window_bits=10; server_max_window_bits="1\\2", foo',
  'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  'permessage-deflate; client_max_window_bits=7, permessage-deflate; server_max_window_bits=08',
  'a; b="x\\y"; c=""; __proto__ , d ;e= f',
  'a; b="\\c\\c\\c\\c',
  `b${' '.repeat(2000)}x`,
  ' ,, \t,',
]

export const target: FuzzTarget = {
  name: 'header-list',
  seeds: seeds.map((seed) => Uint8Array.from(Buffer.from(seed, 'latin1'))),
  run(input) {
    const text = Buffer.from(input.buffer, input.byteOffset, input.length).toString('latin1')
    checkTokens(text)
    checkExtensions(text)
    checkNegotiation(text)
    if (parseProtocolList(text) === null && parseExtensionList(text) === null) {
      throw new HoldlineError('ERR_UPGRADE_EXTENSIONS')
    }
  },
}

function checkTokens(text: string): void {
  const tokens = parseTokenList(text)
  if (tokens !== null) {
    assert.ok(tokens.length > 0 && tokens.length <= maxTokens)
    assert.ok(tokens.every(isToken))
    assert.deepEqual(parseTokenList(tokens.join(',')), tokens)
    // Every list of tokens is one of protocols without versions.
    assert.deepEqual(parseProtocolList(text), tokens)
  }
  const subprotocols = parseSubprotocols(text)
  if (subprotocols !== null) assert.deepEqual(subprotocols, tokens)
}

function checkExtensions(text: string): void {
  const offers = parseExtensionList(text)
  if (offers === null) return
  assert.ok(offers.length > 0 && offers.length <= maxOffers)
  for (const { name, parameters } of offers) {
    assert.ok(isToken(name))
    assert.ok(parameters.length <= maxParametersPerOffer + 1)
    assert.ok(parameters.every(([key, value]) => isToken(key) && (!value || isToken(value))))
  }
  const written = offers.map(({ name, parameters }) =>
    [name, ...parameters.map(([key, value]) => (value === null ? key : `${key}="${value}"`))].join(
      ';',
    ),
  )
  assert.deepEqual(parseExtensionList(written.join(',')), offers)
}

function checkNegotiation(text: string): void {
  const negotiated = negotiateDeflate(text, {})
  acceptDeflate(text, {})
  if (negotiated === null) return
  assert.notEqual(parseExtensionList(text), null)
  const accepted = acceptDeflate(negotiated.responseHeader, {})
  assert.ok(accepted !== null && typeof accepted === 'object')
  const { serverMaxWindowBits, clientMaxWindowBits } = negotiated.parameters
  assert.ok(serverMaxWindowBits >= 8 && serverMaxWindowBits <= accepted.serverMaxWindowBits)
  assert.ok(clientMaxWindowBits <= 15 && clientMaxWindowBits >= accepted.clientMaxWindowBits)
}
