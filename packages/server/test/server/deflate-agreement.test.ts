// What is agreed with an offer of permessage-deflate, and that the codecs of the agreement keep to it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { agreeOnDeflate } from '../../src/server/deflate-agreement.ts'
import type { DeflateAgreement } from '../../src/server/deflate-agreement.ts'

const TAIL = Buffer.from([0, 0, 0xff, 0xff])
const text = Buffer.from('the same words, the same words, the same words. '.repeat(50))

function agreed(
  offer: string,
  options: Parameters<typeof agreeOnDeflate>[1] = {},
): DeflateAgreement {
  const agreement = agreeOnDeflate(offer, options)
  assert.notEqual(agreement, null)
  return agreement!
}

/** RFC 7692 §7.2.2, with another implementation. */
function inflated(bytes: Uint8Array): Buffer {
  return inflateRawSync(Buffer.concat([bytes, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH })
}

test('nothing offered, or nothing that can be done: no agreement', () => {
  for (const offer of [undefined, '', 'x-webkit-deflate-frame', 'permessage-deflate; unknown']) {
    assert.equal(agreeOnDeflate(offer, {}), null, String(offer))
  }
})

test('an offer is answered with parameters that it allows', () => {
  assert.match(agreed('permessage-deflate').responseHeader, /^permessage-deflate/)
  const { responseHeader } = agreed('permessage-deflate; server_no_context_takeover')
  assert.match(responseHeader, /server_no_context_takeover/)
  assert.match(
    agreed('permessage-deflate; server_max_window_bits=9').responseHeader,
    /server_max_window_bits=9/,
  )
})

test('messages below the threshold are not compressed', () => {
  const byDefault = agreed('permessage-deflate').deflater
  assert.equal(byDefault.deflate(text.subarray(0, 1_023)), null)
  assert.notEqual(byDefault.deflate(text.subarray(0, 1_024)), null)
  const all = agreed('permessage-deflate', { thresholdBytes: 0 }).deflater
  assert.notEqual(all.deflate(text.subarray(0, 1)), null)
})

test('what is compressed another implementation inflates', () => {
  const { deflater } = agreed('permessage-deflate; server_no_context_takeover')
  for (let i = 0; i < 3; i++) {
    const deflated = deflater.deflate(text)!
    assert.ok(deflated.length < text.length / 4)
    assert.deepEqual(inflated(deflated), text)
  }
})

test('without context takeover every message stands alone; with it the second is shorter', () => {
  const sizes = (offer: string): number[] => {
    const { deflater } = agreed(offer, { thresholdBytes: 0 })
    const once = Buffer.from('some words that come once in a message and again in the next one')
    return [deflater.deflate(once)!.length, deflater.deflate(once)!.length]
  }
  const [first, second] = sizes('permessage-deflate')
  assert.ok(second! < first! / 2, `${second} after ${first}`)
  const [one, other] = sizes('permessage-deflate; server_no_context_takeover')
  assert.equal(one, other)
})

test('what another implementation compressed is inflated, within the bound', () => {
  const { inflater } = agreed('permessage-deflate; client_no_context_takeover')
  const deflated = deflateRawSync(text, { windowBits: 9, finishFlush: constants.Z_SYNC_FLUSH })
  const bytes = deflated.subarray(0, -4)
  assert.deepEqual(Buffer.from(inflater.inflate(bytes, text.length)), text)
})
