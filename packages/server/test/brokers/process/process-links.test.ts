import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { FrameKind, PublicationBatch } from '../../../src/brokers/process/mesh-frame.ts'
import { MESH_VERSION } from '../../../src/brokers/process/process-links.ts'
import { MeshStand } from '../mesh-stand.ts'
import { RawProcess, until } from './raw-process.ts'

function frames(...texts: string[]): Buffer {
  const batch = new PublicationBatch()
  for (const text of texts) batch.append('t', text)
  return batch.take()
}

test('a second caller under a number that is taken is let go', async (t) => {
  const stand = MeshStand.for(t)
  const { heard, links } = await stand.start(1)
  const line = await new RawProcess(stand, 2).call(1)
  await until('the link', () => links.all.size === 1)
  const second = await new RawProcess(stand, 9).call(1, `${MESH_VERSION} 2 1 ${stand.token}`)
  second.write(frames('I am the second one'))
  await once(second.resume(), 'close')
  line.write(frames('I am the first one'))
  await until('the first one', () => heard.length > 0)
  assert.deepEqual(heard, ['t: I am the first one'])
})

test('a process that slowly takes much is not given up', async (t) => {
  const stand = MeshStand.for(t)
  const { broker, links } = await stand.start(1, { stuckMs: 200 })
  const slow = new RawProcess(stand, 2)
  await slow.call(1)
  const line = await slow.incoming
  await until('the link', () => links.all.size === 1)
  const done = broker.publish('t', 'x'.repeat(2_000_000))
  const timer = setInterval(() => line.read(), 50)
  t.after(() => clearInterval(timer))
  await done
  assert.deepEqual(stand.lost, [])
})

test('all that a process said before it died is delivered, then it is gone, then reported', async (t) => {
  const stand = MeshStand.for(t)
  const { broker, heard, links } = await stand.start(1)
  const dying = new RawProcess(stand, 2)
  const line = await dying.call(1)
  await until('the link', () => links.all.size === 1)
  const gone = links.ended(2)
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
  assert.deepEqual(stand.lost, ['1 lost 2: line'])
})

test('a process that stops is not reported', async (t) => {
  const stand = MeshStand.for(t)
  const one = await stand.start(1)
  const two = await stand.start(2)
  const gone = one.links.ended(2)
  await two.broker.stop()
  await gone
  assert.deepEqual(stand.lost, [])
  await one.links.ended(2)
})

for (const [what, hello] of [
  ['of another format', `${MESH_VERSION - 1} 9 1 secret-of-this-mesh`],
  ['without the secret', `${MESH_VERSION} 9 1 secret-of-that-mesh`],
  ['with half a secret', `${MESH_VERSION} 9 1 secret`],
  ['with the number of this process', `${MESH_VERSION} 1 1 secret-of-this-mesh`],
  ['without a number', `${MESH_VERSION} x 1 secret-of-this-mesh`],
] as const) {
  test(`a caller ${what} is let go`, async (t) => {
    const stand = MeshStand.for(t)
    const { heard, links } = await stand.start(1)
    const line = await new RawProcess(stand, 9).call(1, hello)
    line.write(frames('let me in'))
    await once(line.resume(), 'close')
    assert.deepEqual([[...links.all.keys()], heard, stand.lost], [[], [], []])
  })
}

test('a caller that says nothing is let go', async (t) => {
  const stand = MeshStand.for(t)
  await stand.start(1, { stuckMs: 50 })
  const line = await new RawProcess(stand, 9).call(1, '')
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
    const stand = MeshStand.for(t)
    const { heard, links } = await stand.start(1)
    const line = await new RawProcess(stand, 2).call(1)
    const wasLost = stand.nextLost()
    line.write(frames('well'))
    line.write(bytes)
    line.write(frames('never'))
    await wasLost
    assert.deepEqual(stand.lost, ['1 lost 2: frame'])
    assert.deepEqual(heard, ['t: well'])
    assert.deepEqual([...links.all.keys()], [])
  })
}

test('start goes on without a process that cannot be reached, and reports it', async (t) => {
  const stand = MeshStand.for(t)
  stand.joined.push(7)
  const { broker } = await stand.start(1)
  assert.deepEqual(stand.lost, ['1 lost 7: line'])
  await broker.publish('t', 'alone')
})

test('start goes on without a process that does not answer, and reports it', async (t) => {
  const stand = MeshStand.for(t)
  new RawProcess(stand, 7)
  stand.joined.push(7)
  await stand.start(1, { stuckMs: 50 })
  assert.deepEqual(stand.lost, ['1 lost 7: line'])
})

test('nobody gets in under the number of a process that has ended', async (t) => {
  const stand = MeshStand.for(t)
  const { heard, links } = await stand.start(1)
  await links.ended(9)
  const line = await new RawProcess(stand, 9).call(1)
  line.write(frames('I am late'))
  await once(line.resume(), 'close')
  assert.deepEqual([[...links.all.keys()], heard, stand.lost], [[], [], []])
})

test('links end with the last of those who use them', async (t) => {
  const stand = MeshStand.for(t)
  const one = await stand.start(1)
  await one.links.start()
  const two = await stand.start(2)
  await one.broker.stop()
  assert.equal(one.links.all.get(2)!.isOpen, true)
  await one.links.stop()
  await until('the goodbye', () => two.links.all.size === 0)
  assert.deepEqual(stand.lost, [])
})

test('a frame that nobody takes is left alone, and what follows is read', async (t) => {
  const stand = MeshStand.for(t)
  const { heard, links } = await stand.start(1)
  const line = await new RawProcess(stand, 2).call(1)
  line.write(Buffer.from([3, 0, 0, 0, FrameKind.MESSAGE, 1, 2]))
  line.write(frames('on'))
  await until('what follows', () => heard.length > 0)
  assert.deepEqual([heard, links.all.size], [['t: on'], 1])
})
