import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PublicationBatch } from '../../../src/brokers/process/mesh-frame.ts'
import type { HoldlineError } from '../../../src/protocol/errors.ts'
import { hearing, MeshStand } from '../mesh-stand.ts'
import { RawProcess, until } from './raw-process.ts'

function frames(...texts: string[]): Buffer {
  const batch = new PublicationBatch()
  for (const text of texts) batch.append('t', text)
  return batch.take()
}

test('here a publication is delivered before publish returns', async (t) => {
  const stand = MeshStand.for(t)
  const { broker, heard } = await stand.start(1)
  await stand.start(2)
  void broker.publish('t', 'now')
  assert.deepEqual(heard, ['t: now'])
})

test('what a turn publishes leaves in one write, and one promise stands for all of it', async (t) => {
  const stand = MeshStand.for(t)
  const { broker, links } = await stand.start(1)
  const other = new RawProcess(stand, 2)
  await other.call(1)
  const line = await other.incoming
  await until('the link', () => links.all.size === 1)
  const chunks: Buffer[] = []
  line.on('data', (chunk: Buffer) => chunks.push(chunk)).resume()
  await until('the hello', () => chunks.length === 1)
  const done = ['a', 'b', 'c'].map((text) => broker.publish('t', text))
  assert.equal(done[0], done[2])
  await Promise.all(done)
  await until('the batch', () => chunks.length === 2)
  assert.deepEqual(chunks[1], frames('a', 'b', 'c'))
})

test('a process that takes nothing: publications beyond the backlog are refused, for all processes', async (t) => {
  const stand = MeshStand.for(t)
  const options = { backlogBytes: 400_000, stuckMs: 300 }
  const { broker, heard, links } = await stand.start(1, options)
  const healthy = await stand.start(2, options)
  const stuck = new RawProcess(stand, 3)
  await stuck.call(1)
  await until('the link', () => links.all.has(3))
  const text = 'x'.repeat(50_000)
  const results: Promise<string>[] = []
  const wasLost = stand.nextLost()
  for (let i = 0; i < 40; i++) {
    results.push(
      broker.publish('t', text).then(
        () => 'done',
        (error: HoldlineError) => error.code,
      ),
    )
    await new Promise((resolve) => setImmediate(resolve))
  }
  const accepted = heard.length
  assert.ok(accepted >= 8 && accepted < 40, `${accepted} of 40 were accepted`)
  await wasLost
  assert.deepEqual(stand.lost, ['1 lost 3: stuck'])
  assert.deepEqual([...links.all.keys()], [2])
  // Those that were accepted and not taken have failed too: their publishers are told.
  const settled = await Promise.all(results)
  assert.ok(settled.filter((result) => result === 'ERR_BROKER_BACKLOG').length > 40 - accepted)
  await until('the healthy one to hear', () => healthy.heard.length === accepted)
  await broker.publish('t', 'on')
  await until('the healthy one to hear on', () => healthy.heard.at(-1) === 't: on')
  assert.equal(healthy.heard.length, accepted + 1)
})

test('the bound holds within a turn too', async (t) => {
  const stand = MeshStand.for(t)
  const { broker, heard, links } = await stand.start(1, { backlogBytes: 2_000_000 })
  await new RawProcess(stand, 2).call(1)
  await until('the link', () => links.all.size === 1)
  const text = 'x'.repeat(100_000)
  for (let i = 0; i < 100; i++) broker.publish('t', text).catch(() => {})
  assert.ok(heard.length >= 15 && heard.length < 40, `${heard.length} of 100 were accepted`)
})

test('a publication longer than the backlog is taken when nothing waits', async (t) => {
  const stand = MeshStand.for(t)
  const { broker } = await stand.start(1, { backlogBytes: 1_000 })
  const { heard } = await stand.start(2)
  await broker.publish('t', 'x'.repeat(2_000_000))
  await until('it to arrive', () => heard.length === 1)
})

test('a process that does not hear is sent nothing until it does', async (t) => {
  const stand = MeshStand.for(t)
  const quiet = await stand.start(0, { hears: false })
  const other = await stand.start(1)
  await other.broker.publish('t', 'before')
  await quiet.broker.publish('t', 'its own')
  await until('the other to hear', () => other.heard.includes('t: its own'))
  quiet.broker.hear()
  await until('it to hear', () => {
    void other.broker.publish('t', 'after')
    return quiet.heard.includes('t: after')
  })
  assert.ok(!quiet.heard.includes('t: before'))
})

test('a topic name or a message that cannot be carried is refused before anybody has it', async (t) => {
  const stand = MeshStand.for(t)
  const { broker, heard } = await stand.start(1)
  await stand.start(2)
  await assert.rejects(broker.publish('', 'x'), { code: 'ERR_TOPIC_NAME' })
  await assert.rejects(broker.publish('é'.repeat(128), 'x'), { code: 'ERR_TOPIC_NAME' })
  const tooBig = new Uint8Array(64 * 1_048_576 + 1)
  await assert.rejects(broker.publish('t', tooBig), { code: 'ERR_PUBLICATION_TOO_BIG' })
  assert.deepEqual(heard, [])
})

test('a broker whose address cannot be listened on says so', async (t) => {
  const stand = MeshStand.for(t)
  stand.remove()
  const broker = stand.broker(1)
  t.after(() => broker.stop())
  await assert.rejects(broker.start(hearing(() => {})), { code: 'ERR_BROKER_START' })
})

test('a process is named by its number, and those that are left are told by its name that it has ended', async (t) => {
  const stand = MeshStand.for(t)
  const nameOf = (id: number): string => `run.${id}`
  const { broker } = stand.unstarted(1, { nameOf })
  const gone: string[] = []
  broker.ended(7)
  await broker.start({ ...hearing(() => {}), processGone: (name) => void gone.push(name) })
  assert.equal(broker.processName, 'run.1')
  broker.ended(2)
  assert.deepEqual(gone, ['run.2'])
  assert.notEqual(stand.broker(1).processName, stand.broker(1).processName)
})

test('a pattern that is none is refused before the keeper is asked', async (t) => {
  const stand = MeshStand.for(t)
  await stand.startKeeper()
  const { broker } = await stand.start(1)
  await assert.rejects(broker.attach('a.**.b', null), { code: 'ERR_TOPIC_NAME' })
  assert.equal(await broker.attach('a.**', null), null)
})
