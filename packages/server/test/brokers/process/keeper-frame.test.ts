import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KeeperBatch, KeeperDecoder, refusalOf } from '../../../src/brokers/process/keeper-frame.ts'
import type { KeeperRequest, KeeperWord } from '../../../src/brokers/process/keeper-frame.ts'
import { FrameKind, MeshReader } from '../../../src/brokers/process/mesh-frame.ts'
import type { Cursor, Publication, Retention } from '../../../src/topics/broker.ts'

function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true })
}

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => text.isWellFormed() && Buffer.byteLength(text) <= 255)
const optional = fc.option(fc.oneof(name, fc.constant('')), { nil: null })
const message = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }).filter((text) => text.isWellFormed()),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
)
const whole = (min: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.nat(1_000).map((n) => n + min),
    fc.constant(Number.MAX_SAFE_INTEGER),
  )
const retention: fc.Arbitrary<Retention> = record({
  count: whole(1),
  bytes: whole(1),
  ageMs: whole(1),
})
const cursor: fc.Arbitrary<Cursor> = record({ epoch: name, offset: whole(0) })
const publication: fc.Arbitrary<Publication> = record({
  offset: whole(1),
  previous: whole(0),
  message,
  key: optional,
  timeMs: whole(0),
})

const request: fc.Arbitrary<KeeperRequest> = fc.oneof(
  record({
    kind: fc.constant(FrameKind.APPEND),
    topic: name,
    message,
    options: record({ key: optional, idempotencyKey: optional, retention }),
  }),
  record({
    kind: fc.constant(FrameKind.ATTACH),
    topic: name,
    retention: fc.option(retention, { nil: null }),
  }),
  record({ kind: fc.constant(FrameKind.DETACH), topic: name }),
  record({
    kind: fc.constant(FrameKind.READ),
    topic: name,
    after: fc.oneof(cursor, fc.constant('start' as const)),
    limit: record({ count: whole(1), bytes: whole(1) }),
    retention,
  }),
)

const word: fc.Arbitrary<KeeperWord> = fc.oneof(
  record({
    kind: fc.constant(FrameKind.CURSOR),
    cursor: fc.option(cursor, { nil: null }),
  }),
  record({
    kind: fc.constant(FrameKind.PAGE),
    result: fc.oneof(
      record({
        lost: fc.constant(null),
        head: cursor,
        publications: fc.array(publication, { maxLength: 5 }),
      }),
      record({
        lost: fc.constantFrom('epoch', 'trimmed', 'expired', 'future'),
        head: cursor,
        start: cursor,
      }),
    ),
  }),
  record({ kind: fc.constant(FrameKind.APPENDED), topic: name, epoch: name, publication }),
  record({ kind: fc.constant(FrameKind.REFUSED), code: fc.constant('ERR_TOPIC_LIMIT' as const) }),
)

function write(batch: KeeperBatch, said: KeeperRequest | KeeperWord): void {
  if (said.kind === FrameKind.APPEND) batch.append(said.topic, said.message, said.options)
  else if (said.kind === FrameKind.ATTACH) batch.attach(said.topic, said.retention)
  else if (said.kind === FrameKind.DETACH) batch.detach(said.topic)
  else if (said.kind === FrameKind.READ) {
    batch.read(said.topic, said.after, said.limit, said.retention)
  } else if (said.kind === FrameKind.CURSOR) batch.cursor(said.cursor)
  else if (said.kind === FrameKind.PAGE) batch.page(said.result)
  else if (said.kind === FrameKind.REFUSED) batch.refused(said.code)
  else batch.appended(said.topic, said.epoch, said.publication)
}

function isRequest(kind: number): boolean {
  return kind <= FrameKind.READ
}

function reading(decoder: KeeperDecoder, got: (KeeperRequest | KeeperWord | null)[]): MeshReader {
  const reader = new MeshReader((kind, bytes, start, end) => {
    got.push(
      isRequest(kind)
        ? decoder.request(kind, bytes, start, end)
        : decoder.word(kind, bytes, start, end),
    )
    return got.at(-1) !== null
  })
  reader.trust()
  return reader
}

test('property: what is said is understood, whatever the chunks and the batches', () => {
  const all = fc.array(fc.oneof(request, word), { maxLength: 30 })
  fc.assert(
    fc.property(all, fc.array(fc.integer({ min: 1, max: 100 })), (said, cuts) => {
      const batch = new KeeperBatch()
      const taken: Buffer[] = []
      for (const [i, each] of said.entries()) {
        write(batch, each)
        if (i % 3 === 0) taken.push(batch.take())
      }
      taken.push(batch.take())
      const bytes = Buffer.concat(taken)
      const got: (KeeperRequest | KeeperWord | null)[] = []
      const reader = reading(new KeeperDecoder(), got)
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const end = at + (cuts[i % Math.max(cuts.length, 1)] ?? bytes.length)
        assert.equal(reader.read(Buffer.from(bytes.subarray(at, end))), true)
        at = end
      }
      assert.deepEqual(got, said)
    }),
  )
})

test('property: any bytes are understood or refused, never thrown over', () => {
  const kinds = fc.integer({ min: FrameKind.APPEND, max: FrameKind.APPENDED + 1 })
  fc.assert(
    fc.property(kinds, fc.uint8Array({ maxLength: 120 }), (kind, body) => {
      const decoder = new KeeperDecoder()
      const bytes = Buffer.from(body)
      decoder.request(kind, bytes, 0, bytes.length)
      decoder.word(kind, bytes, 0, bytes.length)
    }),
    { numRuns: 3_000 },
  )
})

test('property: a frame that is cut short, or has a byte changed, reads nothing outside of it', () => {
  fc.assert(
    fc.property(fc.oneof(request, word), fc.nat(), fc.nat(255), (said, place, value) => {
      const batch = new KeeperBatch()
      write(batch, said)
      const frame = Buffer.from(batch.take())
      const kind = frame[4]!
      const decode = (
        bytes: Buffer,
        start: number,
        end: number,
      ): KeeperRequest | KeeperWord | null =>
        isRequest(kind)
          ? new KeeperDecoder().request(kind, bytes, start, end)
          : new KeeperDecoder().word(kind, bytes, start, end)
      const cut = 5 + (place % (frame.length - 4))
      // What stands behind the frame must not show through: the answer is the same whatever it is.
      const padded = (fill: number): Buffer =>
        Buffer.concat([frame.subarray(0, cut), Buffer.alloc(600, fill)])
      assert.deepEqual(decode(padded(0), 5, cut), decode(padded(1), 5, cut))
      frame[5 + (place % Math.max(1, frame.length - 5))] = value
      decode(frame, 5, frame.length)
    }),
    { numRuns: 1_000 },
  )
})

test('numbers that cannot be, and topics without a name, are refused', () => {
  const good = { count: 1, bytes: 1, ageMs: 1 }
  const refuses = (write: (batch: KeeperBatch) => void): void => {
    const batch = new KeeperBatch()
    write(batch)
    const got: (KeeperRequest | KeeperWord | null)[] = []
    assert.equal(reading(new KeeperDecoder(), got).read(batch.take()), false)
    assert.deepEqual(got, [null])
  }
  for (const bad of [0, -1, 0.5, NaN, Infinity, 2 ** 53]) {
    refuses((batch) => batch.attach('t', { ...good, count: bad }))
    refuses((batch) => batch.attach('t', { ...good, bytes: bad }))
    refuses((batch) => batch.attach('t', { ...good, ageMs: bad }))
    refuses((batch) => batch.read('t', 'start', { count: bad, bytes: 1 }, good))
    refuses((batch) => batch.read('t', 'start', { count: 1, bytes: bad }, good))
  }
  refuses((batch) => batch.cursor({ epoch: 'e', offset: -1 }))
  refuses((batch) => batch.detach(''))
})

test('a publication of a page whose key is longer than itself is refused', () => {
  const batch = new KeeperBatch()
  const head = { epoch: 'e', offset: 1 }
  const given = {
    offset: 1,
    previous: 0,
    message: Uint8Array.of(1),
    key: 'k'.repeat(40),
    timeMs: 1,
  }
  batch.page({ lost: null, head, publications: [given, given] })
  const bytes = Buffer.from(batch.take())
  // Flags, epoch and offset of the head; then the length of the first publication.
  const lengthAt = 5 + 1 + 2 + 8
  assert.equal(bytes.readDoubleLE(lengthAt), 25 + 41 + 1)
  bytes.writeDoubleLE(30, lengthAt)
  assert.equal(new KeeperDecoder().word(bytes[4]!, bytes, 5, bytes.length), null)
})

test('bytes that are understood are a copy, but for those of an append', () => {
  const batch = new KeeperBatch()
  const given = { offset: 1, previous: 0, message: Uint8Array.of(1, 2), key: null, timeMs: 1 }
  batch.appended('t', 'e', given)
  const bytes = batch.take()
  const word = new KeeperDecoder().word(bytes[4]!, bytes, 5, bytes.length)
  bytes.fill(0)
  assert.deepEqual(word, { kind: FrameKind.APPENDED, topic: 't', epoch: 'e', publication: given })
})

test('what cannot be carried is refused with its code', () => {
  const options = {
    key: null,
    idempotencyKey: null,
    retention: { count: 1, bytes: 1, ageMs: 1 },
  }
  assert.equal(refusalOf('t', 'x', options), null)
  assert.equal(refusalOf('ö'.repeat(127), new Uint8Array(67_108_864), options), null)
  const long = 'x'.repeat(256)
  assert.equal(refusalOf('', 'x', options)?.code, 'ERR_TOPIC_NAME')
  assert.equal(refusalOf(long, 'x', options)?.code, 'ERR_TOPIC_NAME')
  const tooBig = new Uint8Array(67_108_865)
  assert.equal(refusalOf('t', tooBig, options)?.code, 'ERR_PUBLICATION_TOO_BIG')
  assert.equal(refusalOf('t', 'x', { ...options, key: long })?.code, 'ERR_OPTION_INVALID')
  assert.equal(
    refusalOf('t', 'x', { ...options, idempotencyKey: long })?.code,
    'ERR_OPTION_INVALID',
  )
})
