import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { FrameKind, PublicationBatch } from '../../../src/brokers/process/mesh-frame.ts'
import type {
  ProcessBroker,
  ProcessBrokerOptions,
} from '../../../src/brokers/process/process-broker.ts'
import type { HoldlineError } from '../../../src/protocol/errors.ts'
import { ProcessMesh } from '../process-mesh.ts'
import { RawProcess, until } from './raw-process.ts'

interface Started {
  readonly broker: ProcessBroker
  readonly heard: string[]
}

function meshFor(t: TestContext): {
  mesh: ProcessMesh
  start(id: number, options?: ProcessBrokerOptions): Promise<Started>
  raw(id: number): RawProcess
} {
  const mesh = new ProcessMesh()
  const ends: (() => Promise<void>)[] = []
  t.after(async () => {
    for (const end of ends) await end()
    mesh.remove()
  })
  return {
    mesh,
    async start(id, options) {
      const broker = mesh.broker(id, options)
      ends.push(() => broker.stop())
      const heard: string[] = []
      await broker.start((topic, message) => heard.push(`${topic}: ${String(message)}`))
      return { broker, heard }
    },
    raw(id) {
      const process = new RawProcess(mesh, id)
      ends.push(() => process.stop())
      return process
    },
  }
}

function frames(...texts: string[]): Buffer {
  const batch = new PublicationBatch()
  for (const text of texts) batch.append('t', text)
  return batch.take()
}

test('here a publication is delivered before publish returns', async (t) => {
  const { start } = meshFor(t)
  const { broker, heard } = await start(1)
  await start(2)
  void broker.publish('t', 'now')
  assert.deepEqual(heard, ['t: now'])
})

test('what a turn publishes leaves in one write, and one promise stands for all of it', async (t) => {
  const { start, raw } = meshFor(t)
  const { broker } = await start(1)
  const other = raw(2)
  await other.call(1)
  const line = await other.incoming
  await until('the link', () => broker.peerIds.length === 1)
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
  const { mesh, start, raw } = meshFor(t)
  const options = { backlogBytes: 400_000, stuckMs: 300 }
  const { broker, heard } = await start(1, options)
  const healthy = await start(2, options)
  const stuck = raw(3)
  await stuck.call(1)
  await until('the link', () => broker.peerIds.includes(3))
  const text = 'x'.repeat(50_000)
  const results: Promise<string>[] = []
  const wasLost = mesh.nextLost()
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
  assert.deepEqual(mesh.lost, ['1 lost 3: stuck'])
  assert.deepEqual(broker.peerIds, [2])
  // Those that were accepted and not taken have failed too: their publishers are told.
  const settled = await Promise.all(results)
  assert.ok(settled.filter((result) => result === 'ERR_BROKER_BACKLOG').length > 40 - accepted)
  await until('the healthy one to hear', () => healthy.heard.length === accepted)
  await broker.publish('t', 'on')
  await until('the healthy one to hear on', () => healthy.heard.at(-1) === 't: on')
  assert.equal(healthy.heard.length, accepted + 1)
})

test('the bound holds within a turn too', async (t) => {
  const { start, raw } = meshFor(t)
  const { broker, heard } = await start(1, { backlogBytes: 2_000_000 })
  await raw(2).call(1)
  await until('the link', () => broker.peerIds.length === 1)
  const text = 'x'.repeat(100_000)
  for (let i = 0; i < 100; i++) broker.publish('t', text).catch(() => {})
  assert.ok(heard.length >= 15 && heard.length < 40, `${heard.length} of 100 were accepted`)
})

test('a second caller under a number that is taken is let go', async (t) => {
  const { mesh, start, raw } = meshFor(t)
  const { broker, heard } = await start(1)
  const line = await raw(2).call(1)
  await until('the link', () => broker.peerIds.length === 1)
  const second = await raw(9).call(1, `1 2 1 ${mesh.token}`)
  second.write(frames('I am the second one'))
  await once(second.resume(), 'close')
  line.write(frames('I am the first one'))
  await until('the first one', () => heard.length > 0)
  assert.deepEqual(heard, ['t: I am the first one'])
})

test('a publication longer than the backlog is taken when nothing waits', async (t) => {
  const { start } = meshFor(t)
  const { broker } = await start(1, { backlogBytes: 1_000 })
  const { heard } = await start(2)
  await broker.publish('t', 'x'.repeat(2_000_000))
  await until('it to arrive', () => heard.length === 1)
})

test('a process that slowly takes much is not given up', async (t) => {
  const { mesh, start, raw } = meshFor(t)
  const { broker } = await start(1, { stuckMs: 200 })
  const slow = raw(2)
  await slow.call(1)
  const line = await slow.incoming
  await until('the link', () => broker.peerIds.length === 1)
  const done = broker.publish('t', 'x'.repeat(2_000_000))
  const timer = setInterval(() => line.read(), 50)
  t.after(() => clearInterval(timer))
  await done
  assert.deepEqual(mesh.lost, [])
})

test('all that a process said before it died is delivered, then it is gone, then reported', async (t) => {
  const { mesh, start, raw } = meshFor(t)
  const { broker, heard } = await start(1)
  const dying = raw(2)
  const line = await dying.call(1)
  await until('the link', () => broker.peerIds.length === 1)
  const gone = broker.peerGone(2)
  const texts = Array.from({ length: 5_000 }, (_, i) => `last words ${i}`)
  // Its other line breaks first: writes to it fail, and nothing that it said may be lost by that.
  const incoming = await dying.incoming
  incoming.destroy()
  for (let i = 0; i < 3; i++) await broker.publish('t', 'to the dying')
  heard.length = 0
  line.end(frames(...texts))
  await gone
  assert.deepEqual(
    heard,
    texts.map((text) => `t: ${text}`),
  )
  assert.deepEqual(mesh.lost, ['1 lost 2: line'])
})

test('a process that stops is not reported', async (t) => {
  const { mesh, start } = meshFor(t)
  const one = await start(1)
  const two = await start(2)
  const gone = one.broker.peerGone(2)
  await two.broker.stop()
  await gone
  assert.deepEqual(mesh.lost, [])
  await one.broker.peerGone(2)
})

for (const [what, hello] of [
  ['of another format', '2 9 1 secret-of-this-mesh'],
  ['without the secret', '1 9 1 secret-of-that-mesh'],
  ['with half a secret', '1 9 1 secret'],
  ['with the number of this process', '1 1 1 secret-of-this-mesh'],
  ['without a number', '1 x 1 secret-of-this-mesh'],
] as const) {
  test(`a caller ${what} is let go`, async (t) => {
    const { mesh, start, raw } = meshFor(t)
    const { broker, heard } = await start(1)
    const line = await raw(9).call(1, hello)
    line.write(frames('let me in'))
    await once(line.resume(), 'close')
    assert.deepEqual([broker.peerIds, heard, mesh.lost], [[], [], []])
  })
}

test('a caller that says nothing is let go', async (t) => {
  const { start, raw } = meshFor(t)
  await start(1, { stuckMs: 50 })
  const line = await raw(9).call(1, '')
  await once(line.resume(), 'close')
})

for (const [what, bytes] of [
  ['a length out of bounds', Buffer.from([0xff, 0xff, 0xff, 0xff, FrameKind.TEXT])],
  ['a length of 0', Buffer.from([0, 0, 0, 0])],
  ['an unknown kind', Buffer.from([1, 0, 0, 0, 99])],
  ['a second hello', Buffer.from([1, 0, 0, 0, FrameKind.HELLO])],
  ['a publication without a topic', Buffer.from([2, 0, 0, 0, FrameKind.TEXT, 0])],
  ['a topic longer than its frame', Buffer.from([3, 0, 0, 0, FrameKind.BINARY, 5, 65])],
] as const) {
  test(`a process that sends ${what} is given up and reported`, async (t) => {
    const { mesh, start, raw } = meshFor(t)
    const { broker, heard } = await start(1)
    const line = await raw(2).call(1)
    const wasLost = mesh.nextLost()
    line.write(frames('well'))
    line.write(bytes)
    line.write(frames('never'))
    await wasLost
    assert.deepEqual(mesh.lost, ['1 lost 2: frame'])
    assert.deepEqual(heard, ['t: well'])
    assert.deepEqual(broker.peerIds, [])
  })
}

test('start goes on without a process that cannot be reached, and reports it', async (t) => {
  const { mesh, start } = meshFor(t)
  mesh.joined.push(7)
  const { broker } = await start(1)
  assert.deepEqual(mesh.lost, ['1 lost 7: line'])
  await broker.publish('t', 'alone')
})

test('start goes on without a process that does not answer, and reports it', async (t) => {
  const { mesh, start, raw } = meshFor(t)
  raw(7)
  mesh.joined.push(7)
  await start(1, { stuckMs: 50 })
  assert.deepEqual(mesh.lost, ['1 lost 7: line'])
})

test('a process that does not hear is sent nothing until it does', async (t) => {
  const { start } = meshFor(t)
  const quiet = await start(0, { hears: false })
  const other = await start(1)
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
  const { start } = meshFor(t)
  const { broker, heard } = await start(1)
  await start(2)
  await assert.rejects(broker.publish('', 'x'), { code: 'ERR_TOPIC_NAME' })
  await assert.rejects(broker.publish('é'.repeat(128), 'x'), { code: 'ERR_TOPIC_NAME' })
  const tooBig = new Uint8Array(64 * 1_048_576 + 1)
  await assert.rejects(broker.publish('t', tooBig), { code: 'ERR_PUBLICATION_TOO_BIG' })
  assert.deepEqual(heard, [])
})

test('a broker whose address cannot be listened on says so', async (t) => {
  const mesh = new ProcessMesh()
  mesh.remove()
  const broker = mesh.broker(1)
  t.after(() => broker.stop())
  await assert.rejects(
    broker.start(() => {}),
    { code: 'ERR_BROKER_START' },
  )
})
