// Cases of the broker contract: who is told of what, from when on.

import assert from 'node:assert/strict'
import type { BrokerCase } from '../broker-harness.ts'
import { allHear, allRead, AMPLE, quiet, startAll, turn, until } from '../broker-participant.ts'

export const attachingCases: readonly BrokerCase[] = [
  {
    name: 'MUST tell everything behind the head that attach answered with, while others append',
    async run(participants) {
      await startAll(participants)
      const [first] = participants
      const last = participants.at(-1)!
      let isAppending = true
      const appending = (async () => {
        for (let i = 0; isAppending; i++) {
          await first.append('t', `${i}`)
          if (i % 10 === 0) await turn()
        }
        return first.append('t', 'end')
      })()
      await turn()
      try {
        for (let round = 0; round < 5; round++) {
          const head = (await last.broker.attach('t', AMPLE))!
          const next = first.append('t', `round ${round}`)
          const { epoch, offset } = await next
          const told = (): number[] =>
            last.told
              .filter((each) => each.epoch === epoch && each.publication.offset > head.offset)
              .map(({ publication }) => publication.offset)
          await until(
            () => told().includes(offset),
            () => `offset ${offset} to be told behind ${head.offset}`,
          )
          const known = new Set(told())
          for (let at = head.offset; at < offset;) {
            const behind = { epoch, offset: at }
            const answer = await last.broker.read('t', behind, { count: 1, bytes: 1 }, AMPLE)
            assert.ok(answer.lost === null)
            at = answer.publications[0]!.offset
            assert.ok(known.has(at), `offset ${at} was not told behind ${head.offset}`)
          }
          last.broker.detach('t')
          last.told.length = 0
        }
      } finally {
        isAppending = false
        await appending
      }
    },
  },
  {
    name: 'MUST allow to attach what is attached, and tell its true head',
    async run(participants) {
      await startAll(participants)
      for (const { broker } of participants) {
        const before = (await broker.attach('t', AMPLE))!
        assert.deepEqual(await broker.attach('t', AMPLE), before)
      }
      const cursor = await participants[0].append('t', 'x')
      for (const { broker, told } of participants) {
        assert.deepEqual(await broker.attach('t', AMPLE), cursor)
        await until(
          () => told.length > 0,
          () => 'it to be told',
        )
      }
      for (const { broker } of participants) await broker.attach('plain', null)
      for (const { broker } of participants) await broker.attach('plain', null)
      await participants[0].broker.publish('plain', 'once')
      await allHear(participants, 1)
      await quiet()
      for (const { heard } of participants) assert.deepEqual(heard, [['plain', 'once']])
    },
  },
  {
    name: 'MUST tell again after detach and attach, from the head of then',
    async run(participants) {
      await startAll(participants)
      const last = participants.at(-1)!
      await last.broker.attach('t', AMPLE)
      await participants[0].append('t', 'a')
      last.broker.detach('t')
      last.broker.detach('never attached')
      const missed = await participants[0].append('t', 'b')
      assert.deepEqual(await last.broker.attach('t', AMPLE), missed)
      const { offset } = await participants[0].append('t', 'c')
      await until(
        () => last.told.some(({ publication }) => publication.offset === offset),
        () => 'what came after',
      )
    },
  },
  {
    name: 'MUST tell what matches a pattern, in topics with history and without, each once; if it has patterns',
    async run(participants) {
      await startAll(participants)
      for (const { broker } of participants.filter((each) => each.broker.hasPatterns)) {
        assert.equal(await broker.attach('news.*', null), null)
        assert.equal(await broker.attach('all.**', null), null)
        assert.equal(await broker.attach('news.sport', null), null)
      }
      const [first] = participants
      if (!first.broker.hasPatterns) return
      const plain = ['news.sport', 'news.weather', 'all.a', 'all.a.b.c']
      const kept = ['news.kept', 'all.kept', 'all.kept.b.c']
      for (const topic of plain) await first.broker.publish(topic, topic)
      for (const topic of kept) await first.append(topic, topic)
      for (const { heard, told } of participants) {
        await until(
          () => heard.length >= plain.length && told.length >= kept.length,
          () => `what matches; heard were ${heard.length}, told were ${told.length}`,
        )
        await quiet()
        assert.deepEqual(
          heard,
          plain.map((topic) => [topic, topic]),
        )
        assert.deepEqual(new Set(told.map(({ topic }) => topic)), new Set(kept))
      }
    },
  },
  {
    name: 'MUST give a process that comes later the same epoch, offsets and history',
    processes: 2,
    async run(participants, { join }) {
      await startAll(participants)
      const [first] = participants
      const begin = (await first.broker.attach('t', AMPLE))!
      for (let i = 0; i < 250; i++) await first.append('t', `${i}`)
      const late = join()
      await late.start('plain')
      const reader = await late.reader('t', begin)
      await Promise.all(Array.from({ length: 50 }, (_, i) => first.append('t', `${250 + i}`)))
      await late.append('t', 'mine')
      await allRead([reader], 301)
      assert.deepEqual(reader.messages, [...Array.from({ length: 300 }, (_, i) => `${i}`), 'mine'])
      assert.deepEqual(reader.gaps, [])
      await first.broker.publish('plain', 'hello')
      await allHear([late], 1)
    },
  },
  {
    name: 'MUST name each process differently',
    async run(participants) {
      await startAll(participants)
      const names = participants.map(({ broker }) => broker.processName)
      assert.equal(new Set(names).size, participants.length)
      for (const name of names) assert.ok(name.length > 0)
    },
  },
]
