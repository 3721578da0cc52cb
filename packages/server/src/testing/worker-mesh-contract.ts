// Owns the contract of what carries between workers as tests: each MUST and MUST NOT of connection/worker-mesh.ts has
// its case, run for every implementation from one place. Knows none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorkerMesh } from '../connection/worker-mesh.ts'
import { HoldlineError } from '../protocol/errors.ts'

/** Three workers of one machine that hear one another when started; numbered 1, 2, 3. */
export interface WorkerMeshGroup {
  readonly meshes: readonly WorkerMesh[]
  /** The process of that worker ends, without a word. */
  kill(workerId: number): void
  /** The process of that worker, whose mesh was stopped, has ended. */
  ended(workerId: number): void
  /** Called last. */
  remove(): Promise<void>
}

export interface WorkerMeshHarness {
  readonly name: string
  create(): Promise<WorkerMeshGroup>
}

/** A worker, and what it was told: `from 1: text`, `drained 1`, `gone 1`. */
export interface WorkerMeshParticipant {
  readonly mesh: WorkerMesh
  readonly heard: string[]
  /** Called with each that is heard, when it was kept. */
  onHeard: ((fact: string) => void) | null
  start(): Promise<void>
}

export interface WorkerMeshCase {
  readonly name: string
  readonly run: (
    one: WorkerMeshParticipant,
    two: WorkerMeshParticipant,
    three: WorkerMeshParticipant,
    group: WorkerMeshGroup,
  ) => Promise<void>
}

/** Registers the tests of the contract for one implementation. */
export function workerMeshContract(harness: WorkerMeshHarness): void {
  for (const meshCase of workerMeshCases) {
    test(`${meshCase.name} (${harness.name})`, () => runWorkerMeshCase(harness, meshCase))
  }
}

/** Runs one case; whatever it says, all are stopped. */
export async function runWorkerMeshCase(
  harness: WorkerMeshHarness,
  meshCase: WorkerMeshCase,
): Promise<void> {
  const group = await harness.create()
  try {
    const [one, two, three] = group.meshes.map(participant)
    await meshCase.run(one!, two!, three!, group)
  } finally {
    for (const mesh of group.meshes) await mesh.stop()
    await group.remove()
  }
}

/** What carries between workers must do and must not do. */
export const workerMeshCases: readonly WorkerMeshCase[] = [
  {
    name: 'MUST deliver what one worker sends another in order, each once, and to nobody else',
    async run(one, two, three) {
      await startAll(one, two, three)
      const count = 3_000
      for (let i = 0; i < count; i++) {
        one.mesh.send(2, bytesOf(`a${i}`))
        two.mesh.send(1, bytesOf(`b${i}`))
        three.mesh.send(2, bytesOf(`c${i}`))
        if (i % 700 === 0) await turn()
      }
      await heardBy(one, count)
      await heardBy(two, 2 * count)
      await quiet()
      const numbers = Array.from({ length: count }, (_, i) => i)
      assert.deepEqual(
        one.heard,
        numbers.map((i) => `from 2: b${i}`),
      )
      assert.deepEqual(
        two.heard.filter((fact) => fact.startsWith('from 1: ')),
        numbers.map((i) => `from 1: a${i}`),
      )
      assert.deepEqual(
        two.heard.filter((fact) => fact.startsWith('from 3: ')),
        numbers.map((i) => `from 3: c${i}`),
      )
      assert.equal(two.heard.length, 2 * count)
      assert.deepEqual(three.heard, [])
    },
  },
  {
    name: 'MUST NOT look into bytes: any content and length',
    async run(one, two, three) {
      const got: Uint8Array[] = []
      await Promise.all([one.start(), three.start()])
      await two.mesh.start({
        message: (_from, bytes) => void got.push(Uint8Array.from(bytes)),
        drained() {},
        workerGone() {},
      })
      const sent = [
        new Uint8Array(0),
        Uint8Array.from({ length: 256 }, (_, i) => i),
        new Uint8Array(3_000_000).fill(7),
        new Uint8Array(0),
        bytesOf('last'),
      ]
      for (const bytes of sent) one.mesh.send(2, bytes)
      await until('all to arrive', () => got.length >= sent.length)
      assert.deepEqual(got, sent)
    },
  },
  {
    name: 'MUST NOT keep the bytes it was given after send returns',
    async run(one, two, three) {
      await startAll(one, two, three)
      const small = bytesOf('before')
      const large = new Uint8Array(100_000).fill(65)
      one.mesh.send(2, small)
      one.mesh.send(2, large)
      small.fill(0)
      large.fill(0)
      await heardBy(two, 2)
      assert.deepEqual(two.heard, ['from 1: before', `from 1: ${'A'.repeat(100_000)}`])
    },
  },
  {
    name: 'MUST NOT call a listener before send returns',
    async run(one, two, three) {
      await startAll(one, two, three)
      let isSending = false
      let wasCalled = false
      for (const each of [one, two]) {
        each.onHeard = () => {
          wasCalled ||= isSending
          if (each.heard.length >= 50) return
          isSending = true
          each.mesh.send(each === one ? 2 : 1, bytesOf('on'))
          isSending = false
        }
      }
      isSending = true
      one.mesh.send(2, bytesOf('begin'))
      isSending = false
      await heardBy(two, 50)
      assert.equal(wasCalled, false)
    },
  },
  {
    name: 'MUST say gone of a worker that there is not: a stranger, itself, one not started, one that stopped',
    async run(one, two, three, group) {
      assert.equal(one.mesh.send(2, bytesOf('x')), 'gone')
      await Promise.all([one.start(), two.start()])
      assert.equal(one.mesh.send(1, bytesOf('x')), 'gone')
      assert.equal(one.mesh.send(3, bytesOf('x')), 'gone')
      assert.equal(one.mesh.send(99, bytesOf('x')), 'gone')
      await three.start()
      assert.equal(one.mesh.send(3, bytesOf('welcome')), 'sent')
      await heardBy(three, 1)
      await three.mesh.stop()
      await until('it to be gone', () => one.mesh.send(3, bytesOf('x')) === 'gone')
      group.ended(3)
      await until('it to be told', () => one.heard.includes('gone 3'))
      assert.equal(one.mesh.send(3, bytesOf('x')), 'gone')
      assert.deepEqual(three.heard.slice(0, 1), ['from 1: welcome'])
    },
  },
  {
    name: 'MUST say queued while much waits, drained once when less does, and drop nothing',
    async run(one, two, three) {
      await startAll(one, two, three)
      const bytes = new Uint8Array(65_536).fill(65)
      let sent = 0
      let answer: string
      do {
        answer = one.mesh.send(2, bytes)
        sent++
      } while (answer === 'sent' && sent < 2_000)
      assert.equal(answer, 'queued')
      for (let i = 0; i < 5; i++, sent++) assert.equal(one.mesh.send(2, bytes), 'queued')
      assert.equal(one.mesh.send(3, bytesOf('another way is free')), 'sent')
      await heardBy(two, sent)
      await heardBy(one, 1)
      await quiet()
      assert.deepEqual(one.heard, ['drained 2'])
      assert.equal(two.heard.length, sent)
      assert.equal(one.mesh.send(2, bytes), 'sent')
    },
  },
  {
    name: 'MUST refuse what is too long to be carried, and go on',
    async run(one, two, three) {
      await startAll(one, two, three)
      const tooLong = new Uint8Array(67_108_865)
      assert.throws(() => one.mesh.send(2, tooLong), { code: 'ERR_MESH_MESSAGE_TOO_BIG' })
      one.mesh.send(2, bytesOf('on'))
      await heardBy(two, 1)
      assert.deepEqual(two.heard, ['from 1: on'])
    },
  },
  {
    name: 'MUST give a name at most one owner, whoever asks at once, and tell all of them who',
    async run(one, two, three) {
      const all = [one, two, three]
      // Asked for before the start has ended: answered then.
      const starting = startAll(...all)
      for (let i = 0; i < 50; i++) {
        const owners = await Promise.all(all.map(({ mesh }) => mesh.claim(`name ${i}`)))
        assert.equal(new Set(owners).size, 1, `${owners.join()} own name ${i}`)
        assert.ok([1, 2, 3].includes(owners[0]!))
        const asked = await Promise.all(all.map(({ mesh }) => mesh.ownerOf(`name ${i}`)))
        assert.deepEqual(asked, owners)
        // Asked for again, it is still the owner's.
        assert.deepEqual(await Promise.all(all.map(({ mesh }) => mesh.claim(`name ${i}`))), owners)
      }
      await starting
    },
  },
  {
    name: 'MUST do what a worker asks of names in the order in which it asked',
    async run(one, two, three) {
      await startAll(one, two, three)
      const first = one.mesh.claim('n')
      one.mesh.release('n')
      const free = one.mesh.ownerOf('n')
      const second = one.mesh.claim('n')
      const owned = one.mesh.ownerOf('n')
      assert.deepEqual(await Promise.all([first, free, second, owned]), [1, null, 1, 1])
    },
  },
  {
    name: 'MUST give a name that was released to the next who claims it, and MUST NOT take it from its owner otherwise',
    async run(one, two, three) {
      await startAll(one, two, three)
      assert.equal(await one.mesh.ownerOf('n'), null)
      assert.equal(await one.mesh.claim('n'), 1)
      two.mesh.release('n')
      assert.equal(await two.mesh.claim('n'), 1)
      one.mesh.release('n')
      assert.equal(await one.mesh.ownerOf('n'), null)
      assert.equal(await two.mesh.claim('n'), 2)
      assert.equal(await three.mesh.claim('n'), 2)
    },
  },
  {
    name: 'MUST refuse a name without characters or with too many, and take any other',
    async run(one, two, three) {
      await startAll(one, two, three)
      for (const name of ['', 'x'.repeat(1_025)]) {
        await assert.rejects(one.mesh.claim(name), { code: 'ERR_WORKER_NAME' })
        await assert.rejects(one.mesh.ownerOf(name), { code: 'ERR_WORKER_NAME' })
        one.mesh.release(name)
      }
      for (const name of [
        'x'.repeat(1_024),
        '\u0000é漢 😀',
        '__proto__',
        'constructor',
        '\ud800',
      ]) {
        assert.equal(await one.mesh.ownerOf(name), null, name)
        assert.equal(await one.mesh.claim(name), 1, name)
        assert.equal(await two.mesh.ownerOf(name), 1, name)
      }
    },
  },
  {
    name: 'MUST tell once that a worker is gone, after all that arrives of it, when its names are free',
    async run(one, two, three, group) {
      await startAll(one, two, three)
      const names = Array.from({ length: 20 }, (_, i) => `name ${i}`)
      await Promise.all(names.map((name) => one.mesh.claim(name)))
      const claims: Promise<number>[] = []
      for (const each of [two, three]) {
        each.onHeard = (fact) => {
          if (fact !== 'gone 1') return
          for (const name of names) claims.push(each.mesh.claim(name))
        }
      }
      for (let i = 0; i < 500; i++) one.mesh.send(2, bytesOf(`${i}`))
      await turn()
      await turn()
      group.kill(1)
      await until('both to be told', () => claims.length === 2 * names.length)
      const owners = await Promise.all(claims)
      assert.ok(!owners.includes(1), `${owners.join()} own them`)
      for (const i of names.keys()) assert.equal(owners[i], owners[i + names.length])
      await quiet()
      const texts = two.heard.filter((fact) => fact.startsWith('from 1'))
      assert.deepEqual(
        texts,
        texts.map((_, i) => `from 1: ${i}`),
      )
      assert.equal(two.heard.at(-1), 'gone 1')
      for (const { heard } of [two, three]) {
        assert.equal(heard.filter((fact) => fact === 'gone 1').length, 1)
      }
      assert.equal(two.mesh.send(1, bytesOf('x')), 'gone')
      two.mesh.send(3, bytesOf('on'))
      await until('those that are left to go on', () => three.heard.at(-1) === 'from 2: on')
    },
  },
  {
    name: 'MUST NOT name a worker in an answer after it has told that this worker is gone',
    async run(one, two, three, group) {
      await startAll(one, two, three)
      await one.mesh.claim('n')
      const late: string[] = []
      let asked = 0
      const ask = async (): Promise<void> => {
        while (asked < 2_000 && !two.heard.includes('gone 1')) {
          asked++
          const owner = asked % 2 === 0 ? await two.mesh.ownerOf('n') : await two.mesh.claim('n')
          if (owner === 1 && two.heard.includes('gone 1')) late.push(`answer ${asked}`)
        }
      }
      const asking = Promise.all([ask(), ask(), ask()])
      for (let turns = 0; turns < 10; turns++) await turn()
      group.kill(1)
      await until('it to be told', () => two.heard.includes('gone 1'))
      await asking
      assert.deepEqual(late, [])
    },
  },
  {
    name: 'MUST wait with an answer that would name a worker that cannot be sent to, until it has ended',
    async run(one, two, three, group) {
      await startAll(one, two, three)
      await one.mesh.claim('n')
      await one.mesh.stop()
      await until('it to be gone', () => two.mesh.send(1, bytesOf('x')) === 'gone')
      const claimed = two.mesh.claim('n')
      const owner = three.mesh.ownerOf('n')
      await quiet()
      group.ended(1)
      assert.equal(await claimed, 2)
      assert.ok([2, null].includes(await owner))
    },
  },
  {
    name: 'MUST NOT drop what was sent before stop',
    async run(one, two, three, group) {
      await startAll(one, two, three)
      for (let i = 0; i < 500; i++) one.mesh.send(2, bytesOf(`${i}`))
      await one.mesh.stop()
      await heardBy(two, 500)
      group.ended(1)
      await until('it to be told', () => two.heard.at(-1) === 'gone 1')
      assert.equal(two.heard.length, 501)
      await one.mesh.stop()
    },
  },
  {
    name: 'MUST NOT deliver, send or name anything before start and after stop',
    async run(one, two, three) {
      await assert.rejects(one.mesh.claim('n'), { code: 'ERR_MESH_STOPPED' })
      await assert.rejects(one.mesh.ownerOf('n'), { code: 'ERR_MESH_STOPPED' })
      one.mesh.release('n')
      await startAll(one, two, three)
      for (let i = 0; i < 500; i++) two.mesh.send(1, bytesOf('under way'))
      const heardBefore = one.heard.length
      const stopped = one.mesh.stop()
      assert.equal(one.mesh.send(2, bytesOf('late')), 'gone')
      await assert.rejects(one.mesh.claim('n'), HoldlineError)
      await assert.rejects(one.mesh.ownerOf('n'), { code: 'ERR_MESH_STOPPED' })
      one.mesh.release('n')
      await stopped
      await quiet()
      assert.equal(one.heard.length, heardBefore)
      assert.ok(!two.heard.some((fact) => fact.startsWith('from 1')))
    },
  },
  {
    name: 'MUST refuse what was asked and not answered when it stops',
    async run(one, two, three) {
      await startAll(one, two, three)
      const asked = [one.mesh.claim('n'), one.mesh.ownerOf('n')]
      const settled = Promise.allSettled(asked)
      await one.mesh.stop()
      for (const result of await settled) {
        if (result.status === 'rejected') assert.equal(result.reason.code, 'ERR_MESH_STOPPED')
      }
    },
  },
  {
    name: 'lets a worker that starts later take part in everything',
    async run(one, two, three) {
      await Promise.all([one.start(), two.start()])
      await one.mesh.claim('n')
      await three.start()
      assert.equal(await three.mesh.claim('n'), 1)
      assert.equal(three.mesh.send(1, bytesOf('hello')), 'sent')
      await heardBy(one, 1)
      assert.equal(one.mesh.send(3, bytesOf('welcome')), 'sent')
      await heardBy(three, 1)
      assert.deepEqual([one.heard, three.heard], [['from 3: hello'], ['from 1: welcome']])
    },
  },
]

function participant(mesh: WorkerMesh): WorkerMeshParticipant {
  const decoder = new TextDecoder()
  const heard: string[] = []
  const it: WorkerMeshParticipant = {
    mesh,
    heard,
    onHeard: null,
    start() {
      return mesh.start({
        message: (from, bytes) => hear(`from ${from}: ${decoder.decode(bytes)}`),
        drained: (workerId) => hear(`drained ${workerId}`),
        workerGone: (workerId) => hear(`gone ${workerId}`),
      })
    },
  }
  function hear(fact: string): void {
    heard.push(fact)
    it.onHeard?.(fact)
  }
  return it
}

/** Resolves when each can send to each. */
async function startAll(...participants: WorkerMeshParticipant[]): Promise<void> {
  await Promise.all(participants.map((each) => each.start()))
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function heardBy({ heard }: WorkerMeshParticipant, count: number): Promise<void> {
  await until(`${count} facts`, () => heard.length >= count)
}

/** Waits until something is so, and fails when it is not within five seconds. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 5_000
  while (!isSo()) {
    if (performance.now() > giveUpAt) assert.fail(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Time in which something that must not happen would have happened. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50))
}
