import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controlFrame, FrameKind } from '../../../src/brokers/process/mesh-frame.ts'
import type { ProcessMesh } from '../../../src/brokers/process/process-mesh.ts'
import type { ProcessLinks } from '../../../src/brokers/process/process-links.ts'
import { ProcessBroker } from '../../../src/brokers/process/process-broker.ts'
import { workerMeshContract } from '../../../src/testing/index.ts'
import { hearing, MeshStand } from '../mesh-stand.ts'
import { RawProcess, until } from './raw-process.ts'

workerMeshContract({
  name: 'process',
  create() {
    const stand = new MeshStand()
    const workers = [1, 2, 3].map((id) => stand.mesh(id))
    // What the supervisor does, and each worker's part of it.
    const ended = (id: number): void => {
      stand.names.workerEnded(id)
      for (const { links, mesh } of workers) {
        if (links.id !== id) void links.ended(id).then(() => later(() => mesh.workerGone(id)))
      }
    }
    return Promise.resolve({
      meshes: workers.map(({ mesh }) => mesh),
      kill(id: number) {
        const { links } = workers[id - 1]!
        for (const link of links.all.values()) link.destroy()
        ended(id)
      },
      ended,
      remove: () => Promise.resolve(stand.remove()),
    })
  },
})

function later(f: () => void): void {
  setTimeout(f, 5)
}

interface Started {
  readonly links: ProcessLinks
  readonly mesh: ProcessMesh
  readonly heard: string[]
}

async function started(stand: MeshStand, id: number, options = {}): Promise<Started> {
  const { links, mesh } = stand.mesh(id, options)
  const heard: string[] = []
  await mesh.start({
    message: (from, bytes) => void heard.push(`${from}: ${Buffer.from(bytes).toString()}`),
    drained: (other) => void heard.push(`drained ${other}`),
    workerGone: (other) => void heard.push(`gone ${other}`),
  })
  return { links, mesh, heard }
}

test('what a turn sends to a worker leaves in one write', async (t) => {
  const stand = MeshStand.for(t)
  const { mesh, links } = await started(stand, 1)
  const other = new RawProcess(stand, 2)
  await other.call(1)
  const line = await other.incoming
  const link = links.all.get(2)!
  const write = link.write.bind(link)
  let writeCount = 0
  link.write = (...written) => {
    writeCount++
    write(...written)
  }
  const chunks: Buffer[] = []
  line.on('data', (chunk: Buffer) => chunks.push(chunk)).resume()
  await until('the hello', () => chunks.length === 1)
  for (const text of ['a', 'b', 'c']) assert.equal(mesh.send(2, Buffer.from(text)), 'sent')
  await until('the batch', () => chunks.length === 2)
  const frames = ['a', 'b', 'c'].map((text) => controlFrame(FrameKind.MESSAGE, text))
  assert.deepEqual(chunks[1], Buffer.concat(frames))
  assert.equal(writeCount, 1)
})

test('a worker that takes nothing: queued above the high mark, others are free, then it is given up', async (t) => {
  const stand = MeshStand.for(t)
  const { mesh, heard } = await started(stand, 1, { stuckMs: 200, highBytes: 500_000 })
  const healthy = await started(stand, 2)
  await new RawProcess(stand, 3).call(1)
  const bytes = new Uint8Array(50_000)
  await until('the link', () => mesh.send(3, bytes) !== 'gone')
  const answers = new Set<string>()
  for (let i = 0; i < 40; i++) answers.add(mesh.send(3, bytes))
  assert.deepEqual([...answers], ['sent', 'queued'])
  assert.equal(mesh.send(2, Buffer.from('on')), 'sent')
  await stand.nextLost()
  assert.deepEqual(stand.lost, ['1 lost 3: stuck'])
  assert.equal(mesh.send(3, bytes), 'gone')
  assert.deepEqual(healthy.heard, ['1: on'])
  // Who is gone has nothing drained.
  assert.deepEqual(heard, [])
})

test('a worker whose line broke is gone, even while its last words are read', async (t) => {
  const stand = MeshStand.for(t)
  const { mesh, links, heard } = await started(stand, 1)
  const dying = new RawProcess(stand, 2)
  const line = await dying.call(1)
  const incoming = await dying.incoming
  assert.equal(mesh.send(2, Buffer.from('x')), 'sent')
  incoming.destroy()
  await until('it to be gone', () => mesh.send(2, Buffer.from('x')) === 'gone')
  assert.ok(links.all.has(2))
  line.end(controlFrame(FrameKind.MESSAGE, 'last words'))
  await links.ended(2)
  assert.deepEqual(heard, ['2: last words'])
})

test('what a listener throws is uncaught, and the next message is heard', async (t) => {
  const stand = MeshStand.for(t)
  const { mesh } = await started(stand, 1)
  const heard: string[] = []
  const uncaught: unknown[] = []
  const other = stand.mesh(2).mesh
  await other.start({
    message: (_from, bytes) => {
      heard.push(Buffer.from(bytes).toString())
      if (heard.length === 1) throw new Error('a mistake of a model')
    },
    drained() {},
    workerGone() {
      throw new Error('another one')
    },
  })
  const queue = globalThis.queueMicrotask
  t.after(() => void (globalThis.queueMicrotask = queue))
  globalThis.queueMicrotask = (f) => {
    try {
      f()
    } catch (error) {
      uncaught.push((error as Error).message)
    }
  }
  mesh.send(2, Buffer.from('a'))
  mesh.send(2, Buffer.from('b'))
  await until('both', () => heard.length === 2)
  other.workerGone(7)
  assert.deepEqual(uncaught, ['a mistake of a model', 'another one'])
})

test('messages and publications share the links; the supervisor takes no messages', async (t) => {
  const stand = MeshStand.for(t)
  const supervisor = await stand.start(0)
  const { links, mesh } = stand.mesh(1)
  const broker = new ProcessBroker(links)
  const heard: string[] = []
  const ready = mesh.start({
    message: (from, bytes) => void heard.push(`${from}: ${Buffer.from(bytes).toString()}`),
    drained() {},
    workerGone() {},
  })
  await broker.start(hearing((topic, text) => void heard.push(`${topic}: ${String(text)}`)))
  await ready
  const other = await started(stand, 2)
  other.mesh.send(1, Buffer.from('to you alone'))
  void supervisor.broker.publish('t', 'to all')
  await until('both', () => heard.length === 2)
  assert.deepEqual(heard.toSorted(), ['2: to you alone', 't: to all'])
  assert.equal(mesh.send(0, Buffer.from('x')), 'gone')
  // The mesh goes on without the broker.
  await broker.stop()
  assert.equal(mesh.send(2, Buffer.from('on')), 'sent')
  await until('it to go on', () => other.heard.includes('1: on'))
})

test('a mesh starts once', async (t) => {
  const stand = MeshStand.for(t)
  const { mesh } = await started(stand, 1)
  await assert.rejects(mesh.start({} as never), { code: 'ERR_MESH_STOPPED' })
})

test('a mesh whose address cannot be listened on says so, to the server too', async (t) => {
  const stand = MeshStand.for(t)
  stand.remove()
  const { mesh } = stand.mesh(1)
  await mesh.ready
  await assert.rejects(mesh.start({} as never), { code: 'ERR_BROKER_START' })
  await assert.rejects(mesh.ready, { code: 'ERR_BROKER_START' })
})

test('an answer that waits for the end of a worker is refused when this one stops', async (t) => {
  const stand = MeshStand.for(t)
  const { mesh } = await started(stand, 1)
  const other = await started(stand, 2)
  assert.equal(await other.mesh.claim('n'), 2)
  await other.mesh.stop()
  await until('the goodbye', () => mesh.send(2, new Uint8Array(1)) === 'gone')
  const asked = Promise.allSettled([mesh.claim('n'), mesh.ownerOf('n')])
  await new Promise((resolve) => setTimeout(resolve, 20))
  await mesh.stop()
  for (const result of await asked) {
    assert.equal(result.status === 'rejected' && result.reason.code, 'ERR_MESH_STOPPED')
  }
})
