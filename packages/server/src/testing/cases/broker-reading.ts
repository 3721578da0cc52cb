// Cases of the broker contract: what is read behind a cursor, and what retention leaves of it.

import assert from 'node:assert/strict'
import type { Cursor, ReadLimit, ReadResult, Retention } from '../../topics/broker.ts'
import type { BrokerCase } from '../broker-harness.ts'
import { AMPLE, appendOptions, pass, startAll, until } from '../broker-participant.ts'
import type { BrokerParticipant } from '../broker-participant.ts'

const ALL: ReadLimit = { count: 10_000, bytes: 10_000_000 }

export const readingCases: readonly BrokerCase[] = [
  {
    name: 'MUST read exactly what came behind a cursor, in any process, in pages of any length',
    async run(participants) {
      await startAll(participants)
      const begin = (await participants[0].broker.attach('t', AMPLE))!
      const cursors = [begin]
      for (let i = 1; i <= 40; i++) {
        cursors.push(await participants[i % participants.length]!.append('t', `${i}`.padStart(10)))
      }
      for (const { broker } of participants) {
        for (const count of [1, 7, 40, 1_000]) {
          for (const [at, after] of cursors.entries()) {
            const result = await broker.read('t', after, { count, bytes: 10_000 }, AMPLE)
            const { numbers, head } = kept(result)
            const length = Math.min(count, 40 - at)
            assert.deepEqual(
              numbers,
              Array.from({ length }, (_, i) => at + 1 + i),
            )
            assert.deepEqual(head, cursors.at(-1))
          }
        }
        const three = await broker.read('t', begin, { count: 99, bytes: 30 }, AMPLE)
        assert.deepEqual(kept(three).numbers, [1, 2, 3])
        const one = await broker.read('t', begin, { count: 99, bytes: 1 }, AMPLE)
        assert.deepEqual(kept(one).numbers, [1])
        assert.equal(kept(await broker.read('t', 'start', ALL, AMPLE)).numbers.length, 40)
      }
    },
  },
  {
    name: 'MUST serve the start of the epoch of a topic that nobody has appended to',
    async run(participants) {
      await startAll(participants)
      const [{ broker }] = participants
      const head = (await broker.attach('empty', AMPLE))!
      for (const after of [head, 'start'] as const) {
        assert.deepEqual(await broker.read('empty', after, ALL, AMPLE), {
          lost: null,
          publications: [],
          head,
        })
      }
      for (const other of participants) {
        assert.deepEqual(await other.broker.attach('empty', AMPLE), head)
      }
      const { epoch } = await participants[0].append('empty', '1')
      assert.equal(epoch, head.epoch)
      assert.deepEqual(kept(await broker.read('empty', head, ALL, AMPLE)).numbers, [1])
    },
  },
  {
    name: 'MUST refuse a cursor of another epoch and one from the future, and say where to begin',
    async run(participants) {
      await startAll(participants)
      const [first] = participants
      const cursor = await first.append('t', '1')
      for (const { broker } of participants) {
        for (const [after, reason] of [
          [{ epoch: 'another', offset: cursor.offset }, 'epoch'],
          [{ epoch: 'another', offset: 0 }, 'epoch'],
          [{ epoch: cursor.epoch, offset: cursor.offset + 1_000 }, 'future'],
          [{ epoch: cursor.epoch, offset: 2 ** 53 - 1 }, 'future'],
        ] as const) {
          const result = await broker.read('t', after, ALL, AMPLE)
          assert.equal(result.lost, reason)
          assert.deepEqual(result.head, cursor)
          await readsFromStart(broker, result, [1])
        }
      }
    },
  },
  {
    name: 'MUST keep so many publications as retention says, and say trimmed of what is gone',
    async run(participants) {
      await startAll(participants)
      const retention = { ...AMPLE, count: 10 }
      const cursors = await appendNumbers(participants[0], 25, retention)
      for (const { broker } of participants) {
        const old = await broker.read('t', cursors[5]!, ALL, retention)
        assert.equal(old.lost, 'trimmed')
        assert.deepEqual(old.head, cursors.at(-1))
        const last = Array.from({ length: 10 }, (_, i) => 16 + i)
        await readsFromStart(broker, old, last, retention)
        assert.deepEqual(kept(await broker.read('t', 'start', ALL, retention)).numbers, last)
        for (let at = 16; at <= 25; at++) {
          const { numbers } = kept(await broker.read('t', cursors[at - 1]!, ALL, retention))
          assert.deepEqual(
            numbers,
            last.filter((number) => number > at),
          )
        }
      }
    },
  },
  {
    name: 'MUST keep no more bytes than retention says, but the newest always',
    async run(participants) {
      await startAll(participants)
      const retention = { ...AMPLE, bytes: 5_500 }
      const [first] = participants
      const cursors = await appendNumbers(first, 20, retention, 1_000)
      for (const { broker } of participants) {
        const result = kept(await broker.read('t', 'start', ALL, retention))
        const { length } = result.numbers
        assert.ok(length >= 1 && length <= 5, `${length} of 1,000 bytes are kept`)
        assert.deepEqual(
          result.numbers,
          Array.from({ length }, (_, i) => 21 - length + i),
        )
        assert.equal((await broker.read('t', cursors[2]!, ALL, retention)).lost, 'trimmed')
      }
      await first.append('t', '21'.padEnd(20_000), { retention })
      for (const { broker } of participants) {
        assert.deepEqual(kept(await broker.read('t', 'start', ALL, retention)).numbers, [21])
      }
    },
  },
  {
    name: 'MUST let go what is older than retention says, though nothing is appended; the head stays what it was',
    async run(participants) {
      await startAll(participants)
      const retention = { ...AMPLE, ageMs: 1_000 }
      const [first] = participants
      const begin = (await first.broker.attach('t', retention))!
      const cursors = await appendNumbers(first, 5, retention)
      for (const { broker } of participants) {
        const young = await broker.read('t', begin, ALL, retention)
        assert.deepEqual(kept(young).numbers, [1, 2, 3, 4, 5])
      }
      await pass(1_300)
      const head = cursors.at(-1)!
      for (const { broker } of participants) {
        await untilExpired(broker, begin, retention)
        const atHead = await broker.read('t', head, ALL, retention)
        assert.deepEqual(atHead, { lost: null, publications: [], head })
        assert.deepEqual(await broker.attach('t', retention), head)
      }
      const next = await first.append('t', '6', { retention })
      assert.equal(next.epoch, head.epoch)
      for (const { broker } of participants) {
        const result = await broker.read('t', head, ALL, retention)
        assert.deepEqual(kept(result).numbers, [6])
        assert.deepEqual(
          result.lost === null && result.publications.map(({ previous }) => previous),
          [head.offset],
        )
      }
    },
  },
]

type Broker = BrokerParticipant['broker']

/** What was read, as the numbers that the messages begin with. */
function kept(result: ReadResult): { numbers: number[]; head: Cursor } {
  assert.equal(result.lost, null)
  const { publications, head } = result as ReadResult & { lost: null }
  return { numbers: publications.map(({ message }) => Number(message)), head }
}

/** Appends 1, 2, 3, …; answers with the cursors. */
async function appendNumbers(
  { broker }: BrokerParticipant,
  count: number,
  retention: Retention,
  messageBytes = 1,
): Promise<Cursor[]> {
  const cursors: Cursor[] = []
  for (let i = 1; i <= count; i++) {
    const message = `${i}`.padEnd(messageBytes)
    cursors.push(await broker.append('t', message, appendOptions({ retention })))
  }
  return cursors
}

/** Behind where it says to begin, everything that is kept is there. */
async function readsFromStart(
  broker: Broker,
  result: ReadResult,
  numbers: readonly number[],
  retention: Retention = AMPLE,
): Promise<void> {
  assert.ok(result.lost !== null)
  const again = await broker.read('t', result.start, ALL, retention)
  assert.deepEqual(kept(again).numbers, numbers)
}

async function untilExpired(broker: Broker, begin: Cursor, retention: Retention): Promise<void> {
  let result: ReadResult | null = null
  const look = async (): Promise<void> => {
    result = await broker.read('t', begin, ALL, retention)
  }
  await look()
  await until(
    () => {
      if (result !== null && result.lost !== null) return true
      void look()
      return false
    },
    () => 'what is older to be gone',
  )
  const { lost } = result as unknown as ReadResult
  // Which of the two, a broker may not know of what is gone.
  assert.ok(lost === 'expired' || lost === 'trimmed', `${lost}`)
}
