import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { KeeperBatch, KeeperDecoder } from '../../../src/brokers/process/keeper-frame.ts'
import { FrameKind, MeshReader } from '../../../src/brokers/process/mesh-frame.ts'
import type { AppendOptions, Publication, Retention } from '../../../src/topics/broker.ts'
import { hearing, MeshStand } from '../mesh-stand.ts'
import type { StandOptions } from '../mesh-stand.ts'
import { RawProcess, until } from './raw-process.ts'
import type { ProcessBroker } from '../../../src/brokers/process/process-broker.ts'
import type { ProcessLinks } from '../../../src/brokers/process/process-links.ts'

const retention: Retention = { count: 100_000, bytes: 100_000_000, ageMs: 600_000 }
const plain: AppendOptions = { key: null, idempotencyKey: null, retention }

interface StartedKeeper {
  readonly broker: ProcessBroker
  readonly links: ProcessLinks
  readonly told: Publication[]
}

/** The process of the keeper, attached to 't' as well. */
async function startKeeper(stand: MeshStand, options: StandOptions = {}): Promise<StartedKeeper> {
  const { links, broker } = stand.unstarted(0, options)
  const told: Publication[] = []
  await broker.start({
    ...hearing(() => {}),
    appended: (_topic, _epoch, publication) => void told.push(publication),
  })
  await broker.attach('t', retention)
  return { broker, links, told }
}

function asks(process: RawProcess, write: (batch: KeeperBatch) => void): void {
  const batch = new KeeperBatch()
  write(batch)
  process.outgoing!.write(batch.take())
}

/** Notes what it is told from now on. */
function listen(line: Socket): Publication[] {
  const told: Publication[] = []
  const decoder = new KeeperDecoder()
  const reader = new MeshReader((kind, bytes, start, end) => {
    if (kind !== FrameKind.APPENDED) return true
    const word = decoder.word(kind, bytes, start, end)
    if (word?.kind === FrameKind.APPENDED) told.push(word.publication)
    return word !== null
  })
  reader.trust()
  line.on('data', (chunk: Buffer) => void reader.read(chunk))
  line.resume()
  return told
}

test('a process that takes nothing holds up nobody and costs no more than the bound; then it learns what it has missed', async (t) => {
  const stand = MeshStand.for(t)
  const backlogBytes = 1_000_000
  const keeper = await startKeeper(stand, { backlogBytes })
  const slow = new RawProcess(stand, 1)
  await slow.call(0)
  const line = await slow.incoming
  asks(slow, (batch) => batch.attach('t', retention))
  const healthy = new RawProcess(stand, 2)
  await healthy.call(0)
  const heard = listen(await healthy.incoming)
  asks(healthy, (batch) => batch.attach('t', retention))
  await until('both links', () => keeper.links.all.size === 2)
  const text = 'x'.repeat(10_000)
  // Until both are attached, and then twenty times the bound.
  await until('the attachments', () => {
    void keeper.broker.append('t', text, plain)
    return heard.length > 0
  })
  for (let i = 0; i < 2_000; i++) {
    await keeper.broker.append('t', text, plain)
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    const { backlogBytes: waiting } = keeper.links.all.get(1)!
    assert.ok(waiting < backlogBytes + 300_000, `${waiting} bytes wait for it`)
  }
  const last = keeper.told.at(-1)!.offset
  await until('the healthy one to hear all', () => heard.at(-1)?.offset === last)
  for (const [i, { offset }] of heard.entries()) assert.equal(offset, heard[0]!.offset + i)
  const late = listen(line)
  await until('the slow one to hear of the last', () => late.at(-1)?.offset === last)
  const before = late.at(-2)!
  assert.equal(late.at(-1)!.previous, last - 1)
  assert.ok(before.offset < last - 1, 'it was told all: nothing waited')
  for (const [i, { offset }] of late.slice(0, -1).entries()) {
    assert.equal(offset, late[0]!.offset + i)
  }
  // From now on it is told everything again.
  await keeper.broker.append('t', 'on', plain)
  await until('the next one', () => late.at(-1)?.offset === last + 1)
  assert.equal(late.at(-1)!.previous, last)
})

for (const [what, write] of [
  ['an answer', (batch: KeeperBatch) => batch.cursor(null)],
  ['a pattern that is none', (batch: KeeperBatch) => batch.attach('a.**.b', null)],
  ['a name without a retention', (batch: KeeperBatch) => batch.attach('a', null)],
] as const) {
  test(`a process that sends ${what} is given up, and the others go on`, async (t) => {
    const stand = MeshStand.for(t)
    const keeper = await startKeeper(stand)
    const process = new RawProcess(stand, 1)
    await process.call(0)
    await until('the link', () => keeper.links.all.size === 1)
    const lost = stand.nextLost()
    asks(process, write)
    await lost
    assert.deepEqual(stand.lost, ['0 lost 1: frame'])
    await keeper.broker.append('t', 'x', plain)
    assert.equal(keeper.told.length, 1)
  })
}

test('a process that is gone is told nothing more', async (t) => {
  const stand = MeshStand.for(t)
  const keeper = await startKeeper(stand)
  const process = new RawProcess(stand, 1)
  await process.call(0)
  const heard = listen(await process.incoming)
  asks(process, (batch) => batch.attach('t', retention))
  await until('the attachment', () => {
    void keeper.broker.append('t', 'x', plain)
    return heard.length > 0
  })
  await process.stop()
  await until('its end', () => keeper.links.all.size === 0)
  const before = keeper.told.length
  for (let i = 0; i < 100; i++) await keeper.broker.append('t', 'y', plain)
  assert.equal(keeper.told.length, before + 100)
})

test('what cannot be carried is refused here too', async (t) => {
  const { broker } = await startKeeper(MeshStand.for(t))
  await assert.rejects(broker.append('ö'.repeat(128), 'x', plain), { code: 'ERR_TOPIC_NAME' })
})

test('a process is refused topics beyond the limit, and goes on with those it has', async (t) => {
  const stand = MeshStand.for(t)
  const keeper = await startKeeper(stand, { histories: { topics: 2 } })
  const { broker } = await stand.start(1)
  await broker.attach('mine', retention)
  const refused = { code: 'ERR_TOPIC_LIMIT' }
  await assert.rejects(broker.append('more', 'x', plain), refused)
  await assert.rejects(broker.attach('more', retention), refused)
  const page = { count: 10, bytes: 1_000 }
  await assert.rejects(broker.read('more', 'start', page, retention), refused)
  await assert.rejects(keeper.broker.append('more', 'x', plain), refused)
  assert.equal((await broker.append('mine', 'x', plain)).offset, 1)
  broker.detach('mine')
  assert.equal((await broker.append('more', 'x', plain)).offset, 1)
})
