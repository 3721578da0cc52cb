// Cases of the broker contract: publications of topics with history, and when they are acknowledged.

import assert from 'node:assert/strict'
import { HoldlineError } from '../../protocol/errors.ts'
import type { Cursor, PublishedMessage } from '../../topics/broker.ts'
import type { BrokerCase } from '../broker-harness.ts'
import { allRead, AMPLE, pass, quiet, startAll, until } from '../broker-participant.ts'
import type { BrokerParticipant } from '../broker-participant.ts'

export const appendingCases: readonly BrokerCase[] = [
  {
    name: 'MUST give all processes the same publications with the same offsets, which rise, and name the one before',
    async run(participants) {
      await startAll(participants)
      const topics = ['a', 'b', 'c.d']
      for (const topic of topics) {
        const readers = await Promise.all(participants.map((each) => each.reader(topic)))
        const acknowledged = await Promise.all(
          participants.flatMap((each, from) =>
            Array.from({ length: 100 }, async (_, i) => {
              const message = `${topic} ${from}/${i}`
              return { message, ...(await each.append(topic, message, { key: `${i % 7}` })) }
            }),
          ),
        )
        await allRead(readers, acknowledged.length)
        await quiet()
        const expected = acknowledged.toSorted((one, other) => one.offset - other.offset)
        for (const reader of readers) {
          const read = reader.read.map(({ epoch, publication: { message, offset } }) => ({
            message,
            epoch,
            offset,
          }))
          assert.deepEqual(read, expected)
          assert.deepEqual(reader.gaps, [])
          let previous = 0
          for (const { publication } of reader.read) {
            assert.equal(publication.previous, previous)
            previous = publication.offset
            assert.equal(publication.key, `${Number(/\d+$/.exec(String(publication.message))) % 7}`)
          }
        }
      }
    },
  },
  {
    name: 'MUST keep the order in which one process appends to one topic, awaited or not',
    async run(participants) {
      await startAll(participants)
      const readers = await Promise.all(participants.map((each) => each.reader('t')))
      const count = 500
      const cursors = await Promise.all(
        participants.map((each, from) =>
          Promise.all(Array.from({ length: count }, (_, i) => each.append('t', `${from}/${i}`))),
        ),
      )
      for (const mine of cursors) {
        assert.deepEqual(mine, mine.toSorted(byOffset))
      }
      await allRead(readers, count * participants.length)
      for (const { messages } of readers) {
        for (const from of participants.keys()) {
          assert.deepEqual(
            messages.filter((message) => message.startsWith(`${from}/`)),
            Array.from({ length: count }, (_, i) => `${from}/${i}`),
          )
        }
      }
    },
  },
  {
    name: 'SHOULD tell each process each publication by itself, without anybody reading',
    async run(participants) {
      await startAll(participants)
      for (const { broker } of participants) await broker.attach('t', AMPLE)
      for (let i = 0; i < 200; i++) await participants[i % participants.length]!.append('t', `${i}`)
      for (const { told } of participants) {
        const offsets = (): Set<number> =>
          new Set(told.map(({ publication }) => publication.offset))
        await until(
          () => offsets().size === 200,
          () => `200 publications told; there were ${offsets().size}`,
        )
      }
    },
  },
  {
    name: 'MUST answer a retry with the same idempotency key with the first cursor, and add nothing, from any process',
    async run(participants) {
      await startAll(participants)
      const [first] = participants
      const keyed = { idempotencyKey: 'once' }
      const cursor = await first.append('t', 'one', keyed)
      for (const each of participants) {
        assert.deepEqual(await each.append('t', 'one', keyed), cursor)
      }
      await first.append('t', 'two')
      assert.deepEqual(await first.append('t', 'one', keyed), cursor)
      const elsewhere = await first.append('u', 'one', keyed)
      assert.deepEqual(await readAll(participants[0], 't'), ['one', 'two'])
      assert.deepEqual(await readAll(participants[0], 'u'), ['one'])
      assert.ok(elsewhere.offset > 0)
    },
  },
  {
    name: 'MUST add one of several that carry the same idempotency key at once',
    async run(participants) {
      await startAll(participants)
      for (let round = 0; round < 10; round++) {
        const cursors = await Promise.all(
          [...participants, ...participants, ...participants].map((each) =>
            each.append('t', `${round}`, { idempotencyKey: `key ${round}` }),
          ),
        )
        for (const cursor of cursors) assert.deepEqual(cursor, cursors[0])
      }
      const expected = Array.from({ length: 10 }, (_, i) => `${i}`)
      assert.deepEqual(await readAll(participants[0], 't'), expected)
    },
  },
  {
    name: 'MUST NOT keep the bytes it was given after append returns',
    async run(participants) {
      await startAll(participants)
      const [first] = participants
      const reader = await first.reader('t')
      const bytes = new Uint8Array([1, 2, 3])
      const done = first.append('t', bytes)
      bytes.fill(0xee)
      await done
      await allRead([reader], 1)
      assert.deepEqual(reader.read[0]!.publication.message, Uint8Array.of(1, 2, 3))
      const answer = await first.broker.read('t', 'start', { count: 9, bytes: 99 }, AMPLE)
      assert.ok(answer.lost === null)
      assert.deepEqual(answer.publications[0]!.message, Uint8Array.of(1, 2, 3))
    },
  },
  {
    name: 'MUST NOT look into messages with history, keys or names of topics, whatever they are',
    async run(participants, { maxMessageBytes }) {
      await startAll(participants)
      const messages: PublishedMessage[] = [
        '',
        new Uint8Array(0),
        '{"type":"stop"}',
        'é\u0000\n漢 😀',
        Uint8Array.from({ length: 256 }, (_, i) => i),
        new Uint8Array(maxMessageBytes).fill(7),
      ]
      const keys = [null, '', 'k\u0000y', 'ü'.repeat(127), '\r\nHeader: x', null]
      const topics = [
        'ö'.repeat(127),
        'a b',
        'a>b',
        '$own',
        '{tag}',
        'x:y/z%2E',
        'a..b',
        '.',
        'é.漢',
      ]
      for (const topic of topics) {
        const isFirst = topic === topics[0]
        const sent = isFirst ? messages : messages.slice(0, 5)
        const readers = await Promise.all(participants.map((each) => each.reader(topic)))
        for (const [i, message] of sent.entries()) {
          const options = { key: keys[i]!, idempotencyKey: `${keys[i] ?? ''}${i}` }
          await participants[0].append(topic, message, options)
        }
        await allRead(readers, sent.length)
        for (const { read } of readers) {
          assert.deepEqual(
            read.map(({ publication: { message, key } }) => [plain(message), key]),
            sent.map((message, i) => [message, keys[i]]),
            topic,
          )
        }
      }
    },
  },
  {
    name: 'MUST say when it took a publication, by a clock that does not go back',
    async run(participants) {
      await startAll(participants)
      const [first] = participants
      await first.append('t', 'a')
      await pass(30)
      await first.append('t', 'b')
      const answer = await first.broker.read('t', 'start', { count: 9, bytes: 99 }, AMPLE)
      assert.ok(answer.lost === null)
      const [a, b] = answer.publications.map(({ timeMs }) => timeMs)
      assert.ok(b! - a! >= 25 && b! - a! < 5_000, `${b! - a!} ms lie between them`)
      assert.ok(a! > 1_000_000_000_000, 'milliseconds since 1970')
    },
  },
  {
    name: 'MUST reject with HoldlineError what is asked of it before start and after stop',
    async run(participants) {
      const [first] = participants
      const { broker } = first
      const refusesAll = async (): Promise<void> => {
        await assert.rejects(first.append('t', 'x'), HoldlineError)
        await assert.rejects(broker.attach('t', AMPLE), HoldlineError)
        const limit = { count: 1, bytes: 1 }
        await assert.rejects(broker.read('t', 'start', limit, AMPLE), HoldlineError)
      }
      await refusesAll()
      await first.start()
      await first.append('t', 'in time')
      const toldBefore = first.told.length
      await broker.stop()
      await refusesAll()
      await quiet()
      assert.equal(first.told.length, toldBefore)
    },
  },
  {
    name: 'MUST hand over at stop what was appended before, and MUST NOT tell whoever stopped',
    processes: 2,
    async run(participants) {
      await startAll(participants)
      const [first, second] = participants
      const reader = await second!.reader('t')
      await first.reader('t')
      const asked = Array.from({ length: 300 }, (_, i) => first.append('t', `${i}`))
      const stopped = first.broker.stop()
      const toldBefore = first.told.length
      const settled = await Promise.allSettled(asked)
      await stopped
      assert.deepEqual(new Set(settled.map(({ status }) => status)), new Set(['fulfilled']))
      await allRead([reader], asked.length)
      const expected = asked.map((_, i) => `${i}`)
      assert.deepEqual(reader.messages, expected)
      assert.equal(first.told.length, toldBefore)
    },
  },
]

async function readAll({ broker }: BrokerParticipant, topic: string): Promise<readonly string[]> {
  const answer = await broker.read(topic, 'start', { count: 1_000, bytes: 1_000_000 }, AMPLE)
  assert.ok(answer.lost === null)
  return answer.publications.map(({ message }) => String(message))
}

function byOffset(one: Cursor, other: Cursor): number {
  return one.offset - other.offset
}

/** Bytes of any kind, so that they compare. */
function plain(message: PublishedMessage): PublishedMessage {
  return typeof message === 'string' ? message : Uint8Array.from(message)
}
