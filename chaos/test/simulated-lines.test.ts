// The whole way in a simulation: `live` of the real client, lines of holdline.v1, topics, presence, a broker behind a bad
// network, and processes that die. What was acknowledged is shown once and in order or told as a gap, and who is present in
// the end is who is there.
//
// As many histories as fit into five seconds; HISTORIES_SEED runs the same ones again.

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { line } from 'holdline/line'
import { Chaos, faultKinds, ReliabilityChecker, simulate } from 'holdline/testing'
import type { FaultKind, ReliabilityReport, Simulation } from 'holdline/testing'
import { live } from 'holdline-client'
import type { Cursor, LiveLine } from 'holdline-client'

const firstSeed = Number(process.env['HISTORIES_SEED'] ?? randomInt(2 ** 32))
const TOPICS = ['news.a', 'news.b'] as const
const ROOM = 'room'
const URL_OF_LINES = 'ws://simulated/live'

type Line = LiveLine<Record<string, { id: string }>, Record<string, { id: string }>>

interface History extends ReliabilityReport {
  readonly faults: Chaos['done']
  readonly hash: string
}

/** What clients are shown of a topic must not depend on their policy; here it is always `replay`. */
async function runHistory(
  seed: number,
  chaosMs: number,
  kinds: readonly FaultKind[] = faultKinds,
): Promise<History> {
  const checker = new ReliabilityChecker()
  const simulation = await simulate({
    seed,
    processes: 2,
    serve: () => ({
      presence: { leaseMs: 3_000 },
      topics: {
        'news.*': {
          history: { count: 500, ageMs: 3_600_000 },
          lagBytes: 2_000,
          overflow: 'replay',
          authorize: () => true,
        },
        [ROOM]: { authorize: () => true },
      },
      routes: { '/live': line({ secret: 'a secret of more than thirty-two bytes' }) },
    }),
  })
  const lines: Line[] = []
  const open = (): Line => {
    const opened: Line = live(URL_OF_LINES, {
      environment: simulation.environment,
      backoff: { baseMs: 100, capMs: 1_000 },
      heartbeatMs: 1_000,
      answerTimeoutMs: 3_000,
      onError: () => {},
    })
    lines.push(opened)
    return opened
  }
  try {
    const followers = Array.from({ length: 4 }, (_, i) =>
      follow(simulation, checker, open(), `f${i}`, TOPICS[i % 2]!),
    )
    const publishers = TOPICS.map((topic, i) =>
      publish(simulation, checker, open(), topic, `p${i}`),
    )
    await simulation.until('all to follow', () => followers.every(({ cursor }) => cursor !== null))
    const chaos = new Chaos(simulation, { pauseMs: [50, 1_000], lastsMs: [20, 2_500], kinds })
    chaos.start()
    await simulation.pass(chaosMs)
    chaos.stop()
    for (const publisher of publishers) publisher.isEnding = true
    await simulation.until('all to be published', () => publishers.every(({ last }) => last))
    await simulation.until('all to be shown', () =>
      followers.every(({ cursor, topic }) => {
        const last = publishers[TOPICS.indexOf(topic)]!.last!
        return cursor !== null && cursor.epoch === last.epoch && cursor.offset >= last.offset
      }),
    )
    await allPresent(simulation, 'f0,f1,f2,f3')
    return { ...checker.check(), faults: chaos.done, hash: simulation.events.hash }
  } catch (error) {
    const last = simulation.events.last.slice(-60).join('\n')
    throw new Error(`HISTORIES_SEED=${seed}: ${(error as Error).message}\n${last}`, {
      cause: error,
    })
  } finally {
    for (const opened of lines) opened.close()
    await simulation.stop()
  }
}

/** Every process knows who is there, and nobody else, within the lease of whoever was killed. */
async function allPresent(simulation: Simulation, expected: string): Promise<void> {
  const { processes } = simulation
  await simulation.until('all processes to run', () => processes.every(({ server }) => server))
  let found: string[] = []
  for (let passedMs = 0; passedMs < 20_000; passedMs += 100) {
    const asked = processes.map(({ server }) => server!.topic(ROOM).members())
    const members = await simulation.settled(Promise.all(asked))
    found = members.map((one) => String(one.map(({ state }) => String(state)).toSorted()))
    if (found.every((one) => one === expected)) return
    await simulation.pass(100)
  }
  throw new Error(`present are ${found.join(' and ')}`)
}

function follow(
  simulation: Simulation,
  checker: ReliabilityChecker,
  opened: Line,
  name: string,
  topic: (typeof TOPICS)[number],
): { readonly topic: (typeof TOPICS)[number]; readonly cursor: Cursor | null } {
  let hasBegun = false
  /** It was told that it begins anew, and not yet where. */
  let lostFrom: Cursor | null = null
  const subscription = opened.subscribe(topic, {
    onState: (state, { cursor }) => {
      simulation.note(`${name} ${state} ${cursor?.offset}`)
      if (state !== 'subscribed') return
      if (!hasBegun) checker.subscribed(name, topic, cursor!)
      else if (lostFrom !== null) checker.gap(name, topic, lostFrom, cursor!)
      hasBegun = true
      lostFrom = null
    },
    onMessage: ({ data, offset }) => {
      const { epoch } = subscription.cursor!
      simulation.note(`${name} shown ${data.id} ${offset}`)
      checker.received(name, topic, { epoch, offset: offset! }, data.id)
    },
    onGap: ({ from, to, reason }) => {
      simulation.note(`${name} gap ${reason}`)
      if (to === null) lostFrom ??= from
      else checker.gap(name, topic, from, to)
    },
  })
  opened.subscribe(ROOM, { state: name, presence: true, onMessage: () => {} })
  return {
    topic,
    get cursor() {
      return subscription.state === 'subscribed' ? subscription.cursor : null
    },
  }
}

function publish(
  simulation: Simulation,
  checker: ReliabilityChecker,
  opened: Line,
  topic: string,
  name: string,
): { isEnding: boolean; last: Cursor | null } {
  const progress = { isEnding: false, last: null as Cursor | null }
  let count = 0
  const publishUntilAcknowledged = async (id: string): Promise<Cursor> => {
    for (;;) {
      const cursor = await opened.publish(topic, { id }, { idempotencyKey: id }).catch(() => null)
      if (cursor !== null) return cursor
      await new Promise<void>((resolve) => simulation.after(50, resolve))
    }
  }
  const next = (): void => {
    const isLast = progress.isEnding
    const id = isLast ? `${name} last` : `${name}/${++count}`
    void publishUntilAcknowledged(id).then((cursor) => {
      checker.acknowledged(topic, id, cursor)
      if (isLast) progress.last = cursor
      else simulation.after(simulation.random.between(1, 200), next)
    })
  }
  next()
  return progress
}

test('clients on lines are shown all that was acknowledged, or told; nobody is a ghost', async (t) => {
  t.diagnostic(`HISTORIES_SEED=${firstSeed}`)
  const startedAt = performance.now()
  const done: Record<string, number> = {}
  let [count, received, gaps] = [0, 0, 0]
  while (count < 5 || performance.now() - startedAt < 5_000) {
    const history = await runHistory(firstSeed + count, 10_000)
    for (const [kind, times] of Object.entries(history.faults)) {
      done[kind] = (done[kind] ?? 0) + times
    }
    received += history.received
    gaps += history.gaps
    count++
  }
  t.diagnostic(JSON.stringify({ count, received, gaps, done }))
  assert.ok(received > count * 20, `${received} in ${count} histories`)
  assert.ok(done['processKilled']! > 0 && done['clientCut']! > 0, JSON.stringify(done))
})

test('the same seed gives the same history, lines and all', async () => {
  const { hash } = await runHistory(7, 10_000)
  assert.equal((await runHistory(7, 10_000)).hash, hash)
  assert.notEqual((await runHistory(8, 10_000)).hash, hash)
})
