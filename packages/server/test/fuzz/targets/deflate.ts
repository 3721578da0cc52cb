// The codec of RFC 7692. The first octet chooses the window and the context, the second how the rest is cut
// into messages; each is inflated as it is, and sent through a round trip.
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { Deflater, Inflater } from '../../../src/protocol/deflate.ts'
import { HoldlineError } from '../../../src/protocol/errors.ts'
import type { FuzzTarget } from '../fuzz-target.ts'

const maxBytes = 65_536

const hexSeeds = [
  'f248cdc9c90700',
  '000500faff48656c6c6f00',
  'f348cdc9c9070000',
  'f248050000 00ffffcac9c90700',
  'f348cdc9c90700f20011000000',
  '0000ffff00000000ffff000000ffff00',
  '03000300030003000000',
  '00',
  'ffffffff',
].map((hex) => Buffer.from(hex.replace(' ', ''), 'hex'))

const packed = [
  'Hello, hello, hello',
  'x'.repeat(100_000),
  JSON.stringify(process.versions),
].flatMap((text) =>
  [0, 1, 6, 9].map((level) =>
    deflateRawSync(text, { level, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4),
  ),
)

export const target: FuzzTarget = {
  name: 'deflate',
  seeds: [...hexSeeds, ...packed].flatMap((seed, index) => [
    Uint8Array.from([index, 0, ...seed]),
    Uint8Array.from([index | 8, 20, ...seed]),
  ]),
  run(input) {
    const [choice = 0, cut = 0] = input
    const options = { windowBits: 8 + (choice & 7), noContextTakeover: (choice & 8) !== 0 }
    const rest = input.subarray(2)
    const messageBytes = cut === 0 ? rest.length : Math.max(cut, rest.length >> 4)
    const messages: Uint8Array[] = []
    for (let at = 0; at < rest.length; at += messageBytes) {
      messages.push(rest.subarray(at, at + messageBytes))
    }
    checkRoundTrip(messages, options)
    checkInflate(messages, options)
  },
}

interface Options {
  readonly windowBits: number
  readonly noContextTakeover: boolean
}

function checkRoundTrip(messages: readonly Uint8Array[], options: Options): void {
  const deflater = new Deflater(options)
  const receiver = new Inflater(options)
  for (const message of messages) {
    try {
      const back = receiver.inflate(deflater.deflate(message), message.length)
      assert.equal(Buffer.compare(back, message), 0)
    } catch (error) {
      // What we compressed ourselves has no right to be refused.
      throw error instanceof HoldlineError ? new Error('round trip', { cause: error }) : error
    }
  }
  assert.ok(deflater.heldBytes <= 2 ** options.windowBits)
  assert.ok(receiver.heldBytes <= 2 ** options.windowBits)
}

function checkInflate(messages: readonly Uint8Array[], options: Options): void {
  const receiver = new Inflater(options)
  for (const message of messages) {
    const dictionary = Buffer.from(receiver.window)
    const before = Buffer.from(message)
    const output = receiver.inflate(message, maxBytes)
    assert.ok(output.length <= maxBytes)
    assert.equal(Buffer.compare(message, before), 0)
    // By the method of RFC 7692 §7.2.2, as far as one stream of zlib goes: up to a final block.
    const reference = inflateRawSync(Buffer.concat([message, Buffer.from([0, 0, 0xff, 0xff])]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      windowBits: 15,
      ...(dictionary.length > 0 && { dictionary }),
    })
    assert.equal(Buffer.compare(output.subarray(0, reference.length), reference), 0)
  }
}
