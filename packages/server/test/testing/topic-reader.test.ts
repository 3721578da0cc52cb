import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryBroker } from '../../src/brokers/memory/memory-broker.ts'
import { AMPLE, allRead, appendOptions } from '../../src/testing/broker-participant.ts'
import { TopicReader } from '../../src/testing/topic-reader.ts'
import type { Publication } from '../../src/topics/broker.ts'

/** A reader that is told by hand what a memory broker has. */
async function stand() {
  const broker = new MemoryBroker()
  const told: [string, Publication][] = []
  await broker.start({
    deliver() {},
    appended: (_, epoch, publication) => void told.push([epoch, publication]),
    interrupted() {},
    restored() {},
    processGone() {},
  })
  const reader = new TopicReader(broker, 't', AMPLE)
  await reader.start()
  for (let i = 1; i <= 300; i++) await broker.append('t', `${i}`, appendOptions())
  return { broker, reader, told }
}

const numbers = Array.from({ length: 300 }, (_, i) => `${i + 1}`)

test('what comes in order is taken without asking', async () => {
  const { reader, told, broker } = await stand()
  broker.read = () => Promise.reject(new Error('asked'))
  for (const each of told) reader.appended(...each)
  assert.deepEqual(reader.messages, numbers)
})

test('what comes twice, out of order or not at all is put right', async () => {
  const { reader, told } = await stand()
  for (const [i, each] of told.entries()) {
    if (i % 3 === 0) continue
    reader.appended(...told[(i * 7) % told.length]!)
    reader.appended(...each)
    if (i % 50 === 0) await new Promise(setImmediate)
  }
  await allRead([reader], 300)
  assert.deepEqual(reader.messages, numbers)
  assert.deepEqual(reader.gaps, [])
})

test('what is told while an answer is under way is not taken again from it', async () => {
  const { reader, broker, told } = await stand()
  const read = broker.read.bind(broker)
  broker.read = async (...asked) => {
    const answer = await read(...asked)
    for (const each of told) reader.appended(...each)
    return answer
  }
  reader.catchUp()
  await allRead([reader], 300)
  await new Promise(setImmediate)
  assert.deepEqual(reader.messages, numbers)
})

test('an answer that is refused is asked for again', async () => {
  const { reader, broker } = await stand()
  const read = broker.read.bind(broker)
  let refusals = 3
  broker.read = (...asked) => (refusals-- > 0 ? Promise.reject(new Error('away')) : read(...asked))
  reader.catchUp()
  await allRead([reader], 300)
  assert.deepEqual(reader.messages, numbers)
})

test('another epoch is a gap, and read from its start', async () => {
  const { reader, broker, told } = await stand()
  for (const each of told) reader.appended(...each)
  const next = new MemoryBroker()
  await next.start({
    deliver() {},
    appended() {},
    interrupted() {},
    restored() {},
    processGone() {},
  })
  const { epoch } = await next.append('t', 'new', appendOptions())
  broker.read = next.read.bind(next)
  reader.catchUp()
  await allRead([reader], 301)
  assert.deepEqual(reader.gaps, [
    { reason: 'epoch', from: { epoch: told[0]![0], offset: 300 }, to: { epoch, offset: 0 } },
  ])
  reader.stop()
})

test('an answer that leaves something out is a fault of the broker', async () => {
  const { reader, broker } = await stand()
  const read = broker.read.bind(broker)
  broker.read = async (...asked) => {
    const answer = await read(...asked)
    return answer.lost === null
      ? { ...answer, publications: answer.publications.filter(({ offset }) => offset !== 5) }
      : answer
  }
  reader.catchUp()
  await assert.rejects(allRead([reader], 299), /previous of 6 as read/)
})
