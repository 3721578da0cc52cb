// The contract of a kernel: random scripts of peers give the same on epoll, on node:net and in the simulation, wherever
// readiness is defined. How often a descriptor is told is not; what its callback reads and in which order is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AGAIN, Backend, EDGE, ONESHOT, PERSIST, READ, WRITE } from 'holdline/loop'
import type { LoopEvent } from 'holdline/loop'
import { backends, LoopHarness } from './loop-harness.ts'

type Step =
  | { readonly do: 'send'; readonly line: number; readonly text: string }
  | { readonly do: 'end' | 'wait' | 'rearm' | 'delete'; readonly line: number }

interface Script {
  /** One per line. */
  readonly flags: readonly number[]
  /** Bytes that a callback reads at once; level-triggered ones read once in a callback. */
  readonly readBytes: number
  readonly steps: readonly Step[]
  /** Of the simulation. */
  readonly seed: number
}

const line = fc.nat(2)
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('send' as const),
        line,
        text: fc.stringMatching(/^[a-z]{1,40}$/),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('wait' as const, 'rearm' as const), line }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'delete' as const), line }),
    },
  ),
  { maxLength: 25 },
)
const mode = fc.constantFrom(
  READ | PERSIST,
  READ | PERSIST | EDGE,
  READ | PERSIST | ONESHOT,
  READ,
  READ | WRITE | PERSIST | EDGE,
)
const script: fc.Arbitrary<Script> = fc.record({
  flags: fc.array(mode, { minLength: 3, maxLength: 3 }),
  readBytes: fc.integer({ min: 1, max: 64 }),
  steps,
  seed: fc.integer(),
})

/** What the callbacks of each line read, with its end as `$`; and what came back to its peer. */
async function play(
  backend: Backend,
  { flags, readBytes, steps: todo, seed }: Script,
): Promise<string[]> {
  const h = new LoopHarness(backend, {}, { seed, spurious: 0.2, splits: true })
  try {
    const lines = [await h.line(), await h.line(), await h.line()]
    const read = lines.map(() => '')
    const echoed = lines.map(() => '')
    const sent = lines.map(() => '')
    const hasEnded = lines.map(() => false)
    const isDeleted = lines.map(() => false)
    const events = lines.map(({ fd }, i) => h.loop.watch(fd, flags[i]!, onReady, i))
    function onReady(event: LoopEvent<number>): void {
      assert.equal(isDeleted[event.data], false, 'told after del')
      const buffer = Buffer.alloc(readBytes)
      const drains = (event.flags & PERSIST) === 0 || (event.flags & (EDGE | ONESHOT)) !== 0
      let n: number
      do {
        n = event.read(buffer)
        if (n > 0) {
          read[event.data] += buffer.toString('latin1', 0, n)
          for (let at = 0; at < n;) at += Math.max(0, event.write(buffer.subarray(at, n)))
        } else if (n === 0) {
          read[event.data] += '$'
          event.del()
          isDeleted[event.data] = true
        }
      } while (n > 0 && drains)
      if (n < 0) assert.equal(n, AGAIN)
    }
    for (const step of todo) {
      const i = step.line
      const event = events[i]!
      if (step.do === 'wait') await h.quiet(3)
      else if (step.do === 'send' && !hasEnded[i]) {
        lines[i]!.peer.send(step.text)
        sent[i] += step.text
      } else if (step.do === 'end' && !hasEnded[i]) {
        lines[i]!.peer.end()
        hasEnded[i] = true
      } else if (step.do === 'rearm' && !isDeleted[i]) event.add()
      else if (step.do === 'delete') {
        // Until the end: what has been read by then depends on how fast bytes travel.
        event.del()
        isDeleted[i] = true
        await h.quiet(3)
        isDeleted[i] = false
        if (!read[i]!.endsWith('$')) event.add()
        else isDeleted[i] = true
      }
    }
    await h.until(() => {
      for (const [i, event] of events.entries()) if (!isDeleted[i]) event.add()
      for (const [i, { peer }] of lines.entries()) echoed[i] += peer.take()
      return lines.every(
        (_, i) => read[i] === sent[i]! + (hasEnded[i] ? '$' : '') && echoed[i] === sent[i],
      )
    })
    assert.deepEqual(h.failures, [])
    return read
  } finally {
    h.close()
  }
}

test('random scripts of peers: the same on every backend', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (played) => {
      const [first, ...others] = await Promise.all(backends.map((name) => play(name, played)))
      for (const other of others) assert.deepEqual(other, first)
    }),
    { numRuns: 40 },
  )
})

test('the backends have their names', () => {
  assert.deepEqual(Object.values(Backend), backends)
})

/** Ends of turns in which each backend was told of a script that leaves nothing to the speed of bytes. */
async function told(backend: Backend, flags: number): Promise<string> {
  const h = new LoopHarness(backend)
  try {
    const { fd, peer } = await h.line()
    let log = ''
    const buffer = Buffer.alloc(2)
    h.loop.stop()
    const event = h.loop.watch(fd, flags, (e, what) => {
      log += `${what === READ ? 'r' : what === WRITE ? 'w' : 'b'}${Math.max(-1, e.read(buffer))} `
    })
    const turns = async (): Promise<void> => {
      await h.quiet()
      for (let i = 0; i < 3; i++) {
        const count = h.loop.runOnce()
        if (count === 0) log += '. '
      }
    }
    await turns()
    peer.send('abcde')
    await turns()
    peer.send('f')
    await turns()
    if (!event.isPending || (flags & ONESHOT) !== 0) event.add()
    await turns()
    peer.end()
    await turns()
    event.update(READ | PERSIST)
    if (!event.isPending) event.add()
    await turns()
    return log
  } finally {
    h.close()
  }
}

for (const [name, flags] of Object.entries({
  'level-triggered': READ | PERSIST,
  'edge-triggered': READ | PERSIST | EDGE,
  'one-shot': READ | PERSIST | ONESHOT,
  'not persistent': READ,
  'both directions, edge-triggered': READ | WRITE | PERSIST | EDGE,
  'both directions, one-shot': READ | WRITE | PERSIST | ONESHOT,
  'writing only': WRITE | PERSIST,
})) {
  test(`${name}: the same turns on every backend`, async () => {
    const logs = await Promise.all(backends.map((backend) => told(backend, flags)))
    assert.deepEqual(logs, [logs[0], logs[0], logs[0]])
    assert.match(logs[0]!, /r|w|b/)
  })
}
