// Cases of the broker contract: the server behind the brokers, or the way to it, fails and is there again. Run where a
// harness can do the fault.

import assert from 'node:assert/strict'
import { HoldlineError } from '../../protocol/errors.ts'
import type { Cursor } from '../../topics/broker.ts'
import type { BrokerCase, BrokerStand } from '../broker-harness.ts'
import { AMPLE, pass, startAll, turn, until, within } from '../broker-participant.ts'
import type { BrokerParticipant } from '../broker-participant.ts'
import { PatientPublisher } from '../patient-publisher.ts'
import type { TopicReader } from '../topic-reader.ts'

/** So long a promise may take while the broker is away, and a recovery when it is back. */
const BOUND_MS = 5_000
/** What a loaded machine adds to them. */
const MARGIN_MS = 1_000

export const faultCases: readonly BrokerCase[] = [
  {
    name: 'MUST lose nothing acknowledged when its server is killed and started again, and MUST recover by itself',
    faults: ['killServer', 'startServer'],
    async run(participants, { faults }) {
      await runThrough(participants, async () => {
        for (const [round, downMs] of [1_000, 0, 300].entries()) {
          await faults.killServer()
          await pass(downMs)
          await faults.startServer()
          await restored(participants, round + 1)
        }
      })
    },
  },
  {
    name: 'MUST lose nothing acknowledged when connections to its server are lost and healed',
    faults: ['cut', 'heal'],
    async run(participants, { faults }) {
      await runThrough(participants, async () => {
        for (const [place, participant] of [...participants, ...participants].entries()) {
          const process = place % participants.length
          const before = participant.restoredCount
          await faults.cut(process)
          await pass(300)
          await faults.heal(process)
          await restored([participant], before + 1)
        }
      })
    },
  },
  {
    name: 'MUST lose nothing acknowledged when a connection falls silent, and find out by itself',
    faults: ['hang', 'heal'],
    async run(participants, { faults }) {
      await runThrough(participants, async () => {
        const [first] = participants
        await faults.hang(0)
        const asked = performance.now()
        await assert.rejects(
          within(BOUND_MS + MARGIN_MS, 'no answer', first.append('t', 'silence')),
        )
        assert.ok(performance.now() - asked < BOUND_MS + MARGIN_MS)
        await faults.heal(0)
      })
    },
  },
  {
    name: 'MUST be exact over a slow connection',
    faults: ['slow'],
    async run(participants, { faults }) {
      for (const process of participants.keys()) await faults.slow(process, 60)
      await runThrough(participants, () => pass(1_500))
      for (const process of participants.keys()) await faults.slow(process, 0)
    },
  },
  {
    name: 'MUST be exact to whoever goes by previous and read, whatever comes twice and out of order',
    faults: ['disturb'],
    async run(participants, { faults }) {
      await runThrough(participants, async () => {
        await faults.disturb()
        await pass(1_000)
      })
    },
  },
  {
    name: 'MUST refuse publications within five seconds while it is away, and MUST NOT add what it said it had not',
    faults: ['cut', 'heal'],
    async run(participants, { faults }) {
      await startAll(participants, 'plain')
      const [first] = participants
      const begin = await first.append('t', 'before')
      await faults.cut(0)
      await until(
        () => first.interruptions.length === 1,
        () => 'it to be told that the broker is away',
      )
      const refused = new Map<string, string>()
      const asked = Array.from({ length: 2_000 }, async (_, i) => {
        const message = `${i}`
        await first.append('t', message.padEnd(1_000)).catch((error: unknown) => {
          refused.set(message, codeOf(error))
        })
      })
      const plain = assert.rejects(first.broker.publish('plain', 'x'), HoldlineError)
      await within(BOUND_MS + MARGIN_MS, 'no refusal', Promise.all([...asked, plain]))
      assert.equal(refused.size, asked.length)
      await faults.heal(0)
      await restored([first], 1)
      await first.append('t', 'after')
      const reader = await first.reader('t', begin)
      await until(
        () => reader.messages.at(-1) === 'after',
        () => 'the last one',
      )
      const shown = reader.messages.slice(0, -1).map((message) => message.trim())
      assert.deepEqual(
        shown.filter((message) => refused.get(message) !== 'ERR_BROKER_UNCONFIRMED'),
        [],
      )
      assert.equal(first.interruptions.length, 1, 'told once')
    },
  },
  {
    name: 'MUST keep memory bounded while it is away',
    faults: ['hang', 'heal'],
    async run(participants, { faults }) {
      await startAll(participants)
      const [first] = participants
      await faults.hang(0)
      const message = new Uint8Array(65_536)
      const asked: Promise<unknown>[] = []
      await garbageCollected()
      const before = memoryBytes()
      // 640 MiB, if nothing were refused.
      for (let i = 0; i < 10_000; i++) asked.push(first.append('t', message).catch(codeOf))
      const grownMiB = (memoryBytes() - before) / 1_048_576
      assert.ok(grownMiB < 200, `${grownMiB.toFixed()} MiB more`)
      await within(BOUND_MS + MARGIN_MS, 'no refusal', Promise.all(asked))
      await faults.heal(0)
      await pass(100)
    },
  },
  {
    name: 'MUST say trimmed or expired when an operator has trimmed a history, and go on',
    faults: ['trim'],
    async run(participants, { faults }) {
      await startAll(participants)
      const [first] = participants
      const cursors: Cursor[] = []
      for (let i = 0; i < 50; i++) cursors.push(await first.append('t', `${i}`))
      await faults.trim('t', 5)
      for (const { broker } of participants) {
        const limit = { count: 100, bytes: 100_000 }
        const result = await broker.read('t', cursors[9]!, limit, AMPLE)
        assert.ok(result.lost === 'trimmed' || result.lost === 'expired', `${result.lost}`)
        assert.deepEqual(result.head, cursors.at(-1))
        const rest = await broker.read('t', result.start, limit, AMPLE)
        assert.ok(rest.lost === null)
        assert.deepEqual(
          rest.publications.map(({ message }) => message),
          ['45', '46', '47', '48', '49'],
        )
      }
      const next = await first.append('t', 'next')
      assert.equal(next.epoch, cursors[0]!.epoch)
      assert.ok(next.offset > cursors.at(-1)!.offset)
    },
  },
  {
    name: 'MUST begin another epoch when its server has lost the histories, and tell those that are attached',
    faults: ['killServerForgetting', 'startServer'],
    async run(participants, { faults }) {
      await forgotten(participants, async () => {
        await faults.killServerForgetting()
        await pass(100)
        await faults.startServer()
        await restored(participants, 1)
      })
    },
  },
  {
    name: 'MUST begin another epoch when an operator has deleted the histories, and tell those that are attached',
    faults: ['forget'],
    async run(participants, { faults }) {
      await forgotten(participants, () => faults.forget())
    },
  },
  {
    name: 'MUST pass publications without history again when it is back',
    faults: ['cut', 'heal'],
    async run(participants, { faults }) {
      await startAll(participants, 'plain')
      const last = participants.at(-1)!
      await faults.cut(participants.length - 1)
      await until(
        () => last.interruptions.length === 1,
        () => 'it to be told that the broker is away',
      )
      await faults.heal(participants.length - 1)
      await restored([last], 1)
      for (const { broker } of participants) await broker.publish('plain', 'back')
      await until(
        () => last.heard.length === participants.length,
        () => `what was published then; there were ${last.heard.length}`,
      )
    },
  },
]

/** While all publish and all read, `disturb` happens; then all that was acknowledged has to be there, once, in order. */
async function runThrough(
  participants: readonly BrokerParticipant[],
  disturb: BrokerStand['faults']['disturb'],
): Promise<void> {
  await startAll(participants)
  const readers = await Promise.all(participants.map((each) => each.reader('t')))
  const publishers = participants.map((each, from) => new PatientPublisher(each, 't', `${from}`))
  for (const publisher of publishers) publisher.start()
  await pass(100)
  await disturb()
  await pass(100)
  await within(
    BOUND_MS + MARGIN_MS,
    'the publishers have not recovered',
    Promise.all(publishers.map((each) => each.stop())),
  )
  const acknowledged = publishers.flatMap((each) => each.acknowledged)
  assert.ok(acknowledged.length > 10, `only ${acknowledged.length} were published`)
  const last = Math.max(...acknowledged.map(({ cursor }) => cursor.offset))
  await until(
    () => readers.every(({ cursor }) => cursor.offset >= last),
    () =>
      `all to come to ${last}; they are at ${readers.map(({ cursor }) => cursor.offset).join(', ')}`,
    BOUND_MS + MARGIN_MS,
  )
  for (const publisher of publishers) publisher.check()
  for (const reader of readers) checkReader(reader, acknowledged)
}

function checkReader(
  { faults, gaps, read, messages }: TopicReader,
  acknowledged: PatientPublisher['acknowledged'],
): void {
  assert.deepEqual(faults, [])
  assert.deepEqual(gaps, [])
  assert.equal(new Set(messages).size, messages.length, 'a publication was added twice')
  const shown = new Map(
    read.map(({ epoch, publication }) => [
      publication.message,
      { epoch, offset: publication.offset },
    ]),
  )
  for (const { message, cursor } of acknowledged) {
    assert.deepEqual(shown.get(message), cursor, `${message} was acknowledged`)
  }
  // What was refused for good was never retried with success: publishers go on until each is acknowledged.
  assert.equal(messages.length, acknowledged.length)
  for (let i = 1; i < read.length; i++) {
    assert.ok(read[i]!.publication.offset > read[i - 1]!.publication.offset, 'offsets rise')
  }
}

/** Something makes the broker forget; whoever was attached learns of it, and goes on in the new epoch. */
async function forgotten(
  participants: readonly [BrokerParticipant, ...BrokerParticipant[]],
  forget: BrokerStand['faults']['forget'],
): Promise<void> {
  await startAll(participants)
  const readers = await Promise.all(participants.map((each) => each.reader('t')))
  const [first] = participants
  let old = await first.append('t', 'old')
  for (let i = 0; i < 20; i++) old = await first.append('t', `old ${i}`)
  await forget()
  // The new history must not be taken for the old one, though it has come further than that.
  let next = await patiently(() => first.append('t', 'new'))
  for (let i = 0; i < 50; i++) next = await first.append('t', `new ${i}`)
  assert.notEqual(next.epoch, old.epoch)
  for (const { broker } of participants) {
    const result = await broker.read('t', old, { count: 9, bytes: 9_999 }, AMPLE)
    assert.equal(result.lost, 'epoch')
    assert.deepEqual(result.head, next)
  }
  await until(
    () =>
      readers.every(({ cursor }) => cursor.epoch === next.epoch && cursor.offset === next.offset),
    () =>
      `all to read on in the new epoch; they are at ${JSON.stringify(readers.map((r) => r.cursor))}`,
  )
  for (const { gaps, messages } of readers) {
    assert.deepEqual(
      gaps.map(({ reason }) => reason),
      ['epoch'],
    )
    const since = messages.slice(messages.indexOf('new'))
    assert.deepEqual(since, ['new', ...Array.from({ length: 50 }, (_, i) => `new ${i}`)])
  }
}

/** All have said so often, at least, that the broker is back, and it is. */
async function restored(participants: readonly BrokerParticipant[], times: number): Promise<void> {
  const told = (): string =>
    participants.map((p) => `${p.interruptions.length} away, ${p.restoredCount} back`).join('; ')
  await until(
    () =>
      participants.every(
        ({ restoredCount, interruptions }) =>
          restoredCount >= times && interruptions.length === restoredCount,
      ),
    () => `the broker to be back for the ${times}. time; told were ${told()}`,
    BOUND_MS + MARGIN_MS,
  )
}

function memoryBytes(): number {
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

/** So much is dropped that what was garbage before is gone. */
async function garbageCollected(): Promise<void> {
  for (let i = 0; i < 500; i++) {
    new Uint8Array(1_048_576).fill(1, 0, 1)
    if (i % 50 === 0) await turn()
  }
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + BOUND_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > giveUpAt) throw error
      await pass(20)
    }
  }
}

function codeOf(error: unknown): string {
  assert.ok(error instanceof HoldlineError, String(error))
  assert.match(error.code, /^ERR_BROKER_(AWAY|UNCONFIRMED|BACKLOG)$/)
  return error.code
}
