// What channels and streams carry is read as it was written; what is none of ours is no publication.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  bytesOf,
  kindOf,
  plainPayload,
  readEntry,
  readPayload,
} from '../../../src/brokers/redis/publication-payload.ts'

const messages = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array().map((bytes) => Uint8Array.from(bytes)),
)

test('a publication without history is read as it was written', () => {
  fc.assert(
    fc.property(messages, fc.nat(), (message, number) => {
      const payload = readPayload(Buffer.from(plainPayload('process-1', number, message)))!
      assert.equal(payload.epoch, null)
      assert.deepEqual(plain(payload.publication.message), message)
    }),
  )
})

test('no two publications have the same first line', () => {
  const lines = [1, 2].flatMap((number) =>
    ['a', 'b'].map((name) => readPayload(Buffer.from(plainPayload(name, number, 'x')))!.line),
  )
  assert.equal(new Set(lines).size, 4)
})

test('a publication with history is read with its key, whatever is in it', () => {
  fc.assert(
    fc.property(messages, fc.option(fc.string({ unit: 'grapheme' })), (message, key) => {
      const keyBytes = key === null ? '-' : Buffer.byteLength(key)
      const bytes = Buffer.concat([
        Buffer.from(`h${kindOf(message)} epoch 7 1700000000000 ${keyBytes}\n${key ?? ''}`),
        Buffer.from(bytesOf(message)),
      ])
      const { epoch, publication } = readPayload(bytes)!
      assert.equal(epoch, 'epoch')
      assert.deepEqual(
        { ...publication, message: plain(publication.message) },
        { offset: 7, previous: 6, message, key, timeMs: 1_700_000_000_000 },
      )
    }),
  )
})

test('bytes of a publication with history are a copy', () => {
  const bytes = Buffer.from('hb epoch 1 5 -\nabc')
  const { message } = readPayload(bytes)!.publication
  bytes.fill(0)
  assert.deepEqual(message, Uint8Array.from(Buffer.from('abc')))
})

test('what somebody else has published is none', () => {
  for (const text of [
    '',
    'hello',
    'x\n',
    'p\n',
    'h\n',
    'ht\n',
    'ht e x 1 -\nm',
    `${' '.repeat(300)}\n`,
    'px 1 2\nm',
  ]) {
    assert.equal(readPayload(Buffer.from(text)), null, text)
  }
})

test('an entry of a stream is read', () => {
  const entry = [
    Buffer.from('3-17'),
    ['t', 'text', 'at', '99', 'key', 'k'].map((x) => Buffer.from(x)),
  ]
  assert.deepEqual(readEntry(entry), {
    offset: 3,
    previous: 2,
    message: 'text',
    key: 'k',
    timeMs: 99,
  })
  const bytes = [Buffer.from('4-21'), ['b', 'bytes', 'at', '99'].map((x) => Buffer.from(x))]
  const { message, key } = readEntry(bytes)
  assert.deepEqual(message, Uint8Array.from(Buffer.from('bytes')))
  assert.equal(key, null)
})

function plain(message: string | Uint8Array): string | Uint8Array {
  return typeof message === 'string' ? message : Uint8Array.from(message)
}
