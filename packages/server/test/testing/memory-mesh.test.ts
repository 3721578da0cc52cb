import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { WorkerMesh } from '../../src/connection/worker-mesh.ts'
import { MemoryMesh, REGISTRY, workerMeshContract } from '../../src/testing/index.ts'
import type { MemoryMeshOptions } from '../../src/testing/index.ts'

workerMeshContract({
  name: 'memory',
  create() {
    const mesh = new MemoryMesh()
    return Promise.resolve({
      meshes: [1, 2, 3].map((id) => mesh.worker(id)),
      kill: (id: number) => mesh.kill(id),
      ended: () => {},
      remove: () => Promise.resolve(),
    })
  },
})

interface Started {
  readonly mesh: MemoryMesh
  readonly workers: readonly WorkerMesh[]
  readonly heard: readonly string[][]
}

async function started(count: number, options?: MemoryMeshOptions): Promise<Started> {
  const mesh = new MemoryMesh({ delivery: 'by-hand', ...options })
  const workers = Array.from({ length: count }, (_, i) => mesh.worker(i + 1))
  const heard = workers.map((): string[] => [])
  for (const [i, worker] of workers.entries()) {
    await worker.start({
      message: (from, bytes) => heard[i]!.push(`${from}: ${String(bytes)}`),
      drained: (id) => heard[i]!.push(`drained ${id}`),
      workerGone: (id) => heard[i]!.push(`gone ${id}`),
    })
  }
  return { mesh, workers, heard }
}

test('by hand nothing arrives until it is delivered, and lines are delivered apart', async () => {
  const { mesh, workers, heard } = await started(3)
  workers[0]!.send(2, Uint8Array.of(1))
  workers[0]!.send(2, Uint8Array.of(2))
  workers[2]!.send(2, Uint8Array.of(3))
  assert.deepEqual(heard[1], [])
  const [first, second] = mesh.waiting
  assert.equal(mesh.deliver(second), true)
  assert.equal(mesh.deliver(second), false)
  assert.equal(mesh.deliver(first), true)
  assert.deepEqual(heard[1], ['3: 3', '1: 1'])
  assert.equal(mesh.deliver(), true)
  assert.deepEqual(heard[1], ['3: 3', '1: 1', '1: 2'])
  assert.equal(mesh.deliver(), false)
})

test('what a worker had sent when it died arrives before it is gone; what `keep` leaves out is lost', async () => {
  for (const [keep, expected] of [
    [undefined, ['1: 0', '1: 1', '1: 2', 'gone 1']],
    [2, ['1: 0', '1: 1', 'gone 1']],
    [0, ['gone 1']],
  ] as const) {
    const { mesh, workers, heard } = await started(2)
    for (let i = 0; i < 3; i++) workers[0]!.send(2, Uint8Array.of(i))
    mesh.kill(1, keep)
    // The supervisor's word comes first, and waits for the line's end.
    mesh.deliver({ from: REGISTRY, to: 2 })
    mesh.deliver()
    assert.deepEqual(heard[1], expected)
  }
})

test('a worker that died hears nothing more, and is refused what it asked', async () => {
  const { mesh, workers, heard } = await started(2)
  const asked = workers[1]!.claim('n')
  workers[0]!.send(2, Uint8Array.of(1))
  mesh.kill(2)
  mesh.kill(2)
  await assert.rejects(asked, { code: 'ERR_MESH_STOPPED' })
  mesh.deliver()
  assert.deepEqual(heard, [['gone 2'], []])
  assert.equal(await ownerAfter(mesh, workers[0]!.ownerOf('n')), null)
  await assert.rejects(mesh.worker(2).start({} as never), { code: 'ERR_MESH_STOPPED' })
})

async function ownerAfter<Answer>(mesh: MemoryMesh, asked: Promise<Answer>): Promise<Answer> {
  await mesh.settle()
  return asked
}

test('an answer that names a worker that died meanwhile waits until it is gone, and is asked again', async () => {
  const { mesh, workers, heard } = await started(3)
  const first = workers[0]!.claim('n')
  await mesh.settle()
  assert.equal(await first, 1)
  const claimed = workers[1]!.claim('n')
  const lost = workers[2]!.ownerOf('n')
  mesh.deliver({ from: 2, to: REGISTRY })
  mesh.deliver({ from: 3, to: REGISTRY })
  workers[0]!.send(2, Uint8Array.of(1))
  mesh.kill(1)
  mesh.deliver({ from: REGISTRY, to: 2 })
  mesh.deliver({ from: REGISTRY, to: 3 })
  await new Promise((resolve) => setImmediate(resolve))
  mesh.kill(3)
  await assert.rejects(lost, { code: 'ERR_MESH_STOPPED' })
  await mesh.settle()
  assert.equal(await claimed, 2)
  assert.deepEqual(
    heard[1]!.filter((fact) => fact !== 'gone 3'),
    ['1: 1', 'gone 1'],
  )
})

test('names have a bound', async () => {
  const { mesh, workers } = await started(2, { maxNames: 2 })
  const claims = ['a', 'b', 'c', 'a'].map((name) => workers[0]!.claim(name))
  const settled = Promise.allSettled(claims)
  await mesh.settle()
  assert.deepEqual(
    (await settled).map((result) =>
      result.status === 'fulfilled' ? result.value : result.reason.code,
    ),
    [1, 1, 'ERR_WORKER_NAMES', 1],
  )
})

test('marks: queued above the high one, drained once below the low one', async () => {
  const { mesh, workers, heard } = await started(2, { highBytes: 10, lowBytes: 5 })
  const line = { from: 1, to: 2 }
  const answers = Array.from({ length: 4 }, () => workers[0]!.send(2, new Uint8Array(4)))
  assert.deepEqual(answers, ['sent', 'sent', 'queued', 'queued'])
  mesh.deliver(line)
  mesh.deliver(line)
  assert.deepEqual(heard[0], [])
  mesh.deliver(line)
  assert.deepEqual(heard[0], ['drained 2'])
  mesh.deliver(line)
  assert.deepEqual(heard[0], ['drained 2'])
})

test('at the end of the turn everything arrives, by the clock that is given', async () => {
  const ends: (() => void)[] = []
  const mesh = new MemoryMesh({ atTurnEnd: (f) => void ends.push(f) })
  const heard: string[] = []
  await mesh.worker(1).start({
    message: (from, bytes) => void heard.push(`${from}: ${String(bytes)}`),
    drained() {},
    workerGone() {},
  })
  await mesh.worker(2).start({ message() {}, drained() {}, workerGone() {} })
  mesh.worker(2).send(1, Uint8Array.of(1))
  mesh.worker(2).send(1, Uint8Array.of(2))
  assert.equal(ends.length, 1)
  assert.deepEqual(heard, [])
  ends.pop()!()
  assert.deepEqual(heard, ['2: 1', '2: 2'])
})

test('in any order of deliveries and deaths: lines in order, one owner, gone once and last', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('send'), from: fc.nat(2), to: fc.nat(2) }),
    fc.record({ do: fc.constant('claim'), from: fc.nat(2), to: fc.nat(1) }),
    fc.record({ do: fc.constant('release'), from: fc.nat(2), to: fc.nat(1) }),
    fc.record({ do: fc.constant('deliver'), from: fc.nat(30), to: fc.constant(0) }),
    fc.record({ do: fc.constant('deliver'), from: fc.nat(30), to: fc.constant(0) }),
    fc.record({ do: fc.constant('kill'), from: fc.nat(2), to: fc.nat(3) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { mesh, workers, heard } = await started(3)
      const dead = new Set<number>()
      let sent = 0
      const late: string[] = []
      for (const { do: what, from, to } of steps) {
        const worker = workers[from % 3]!
        if (what === 'send') worker.send(to + 1, Uint8Array.of(++sent))
        else if (what === 'release') worker.release(`n${to}`)
        else if (what === 'claim') {
          worker.claim(`n${to}`).then(
            (owner) => {
              if (heard[from]!.includes(`gone ${owner}`)) late.push(`${from + 1}: ${owner}`)
            },
            () => {},
          )
        } else if (what === 'kill' && dead.size < 2) {
          mesh.kill(from + 1, to)
          dead.add(from + 1)
        } else if (what === 'deliver') {
          const { waiting } = mesh
          if (waiting.length > 0) mesh.deliver(waiting[from % waiting.length])
          // Whoever was answered goes on, through all of its promises, before anything else is delivered.
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
      await mesh.settle()
      assert.deepEqual(late, [])
      for (const [i, facts] of heard.entries()) {
        for (const from of [1, 2, 3]) {
          const mine = facts.filter((fact) => fact.startsWith(`${from}: `))
          const numbers = mine.map((fact) => Number(fact.slice(3)))
          assert.deepEqual(
            numbers,
            numbers.toSorted((a, b) => a - b),
          )
          if (!dead.has(from) || dead.has(i + 1)) continue
          const gone = facts.flatMap((fact, at) => (fact === `gone ${from}` ? [at] : []))
          assert.equal(gone.length, 1)
          assert.ok(facts.findLastIndex((fact) => fact.startsWith(`${from}: `)) < gone[0]!)
        }
      }
      for (const name of ['n0', 'n1']) {
        for (const [i, worker] of workers.entries()) {
          if (dead.has(i + 1)) continue
          const owner = await ownerAfter(mesh, worker.ownerOf(name))
          assert.ok(owner === null || !dead.has(owner), `${owner} is dead and owns ${name}`)
        }
      }
    }),
    { numRuns: 200 },
  )
})
