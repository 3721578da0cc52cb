// One short run of each kind of scenario, against the server of this repository and two that fail.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { modelRival } from '../../src/process/model-rivals.ts'
import { commandRival, repositoryRival } from '../../src/process/rivals.ts'
import { topicRival, topicRivalNames } from '../../src/process/topic-rivals.ts'
import type { ScenarioResult } from '../../src/report/results.ts'
import type { Bench, Scenario } from '../../src/scenarios/bench.ts'
import { BlockedHandler, Crash } from '../../src/scenarios/broken-handler.ts'
import { Acknowledgement, BetweenWorkers } from '../../src/scenarios/broker-scenarios.ts'
import { Echo } from '../../src/scenarios/echo.ts'
import { FanOut } from '../../src/scenarios/fan-out.ts'
import { HandshakeRate, ReconnectStorm } from '../../src/scenarios/handshakes.ts'
import { IdleMemory } from '../../src/scenarios/idle-memory.ts'
import { InProcess } from '../../src/scenarios/in-process.ts'
import { Latency } from '../../src/scenarios/latency.ts'
import { ResumeStorm } from '../../src/scenarios/resume-storm.ts'
import { SlowHandler } from '../../src/scenarios/slow-handler.ts'
import { TwoProcesses } from '../../src/scenarios/two-processes.ts'

const bench: Bench = {
  ...{ serverCores: '0', generatorCores: '1' },
  ...{ roundCount: 2, roundMs: 50, warmUpMs: 50, processCount: 1 },
  progress() {},
}
const message = { kind: 'binary', payloadBytes: 20 } as const
const holdline = repositoryRival('holdline-node')
const crashing = fileURLToPath(new URL('crashing-server.ts', import.meta.url))

const scenarios: readonly Scenario[] = [
  new Echo({ connectionCount: 20, ...message, window: 2 }),
  new FanOut({ topicCount: 1, subscribersPerTopic: 20, inFlight: 4, ...message }),
  new FanOut({ topicCount: 5, subscribersPerTopic: 4, inFlight: 1, ...message }),
  new HandshakeRate(8),
  new ReconnectStorm(50),
  new Latency({
    ...{ connectionCount: 10, ...message },
    ...{ shares: [0.2], shareOfSlowest: 0.1, roundScale: 1 },
  }),
  new IdleMemory({ connectionCount: 200, warmUpCount: 20 }),
  new TwoProcesses({ connectionCount: 20, ...message, window: 1 }),
]

for (const scenario of scenarios) {
  test(`${scenario.name}: every figure of every round is a number`, async () => {
    const results = await scenario.run(bench, [holdline])
    assert.ok(results.length >= 1)
    for (const result of results) assertFigures(result)
  })
}

function assertFigures({ metrics, results }: ScenarioResult): void {
  const [measured] = results
  assert.equal(measured?.failure, undefined)
  assert.ok(measured.rounds.length >= 1)
  for (const round of measured.rounds) {
    for (const { key } of metrics) {
      assert.ok(Number.isFinite(round[key]), `${key} is ${round[key]}`)
    }
    for (const { key, better } of metrics) {
      if (better === 'higher') assert.ok(round[key] > 0, key)
    }
  }
}

const callbacks = modelRival('callbacks')

test('a slow handler: the wait of the others is timed under each trouble, and the trouble was made', async () => {
  const slow = new SlowHandler({
    ...{ connectionCount: 10, messagesPerSecond: 500, roundScale: 4, ...message },
  })
  const results = await slow.run(bench, [callbacks])
  assert.deepEqual(
    results.map(({ parameters }) => parameters['trouble']),
    ['none', 'compute', 'wait'],
  )
  for (const result of results) {
    assertFigures(result)
    for (const { troubleCount } of result.results[0].rounds) {
      assert.equal(troubleCount > 0, result.parameters['trouble'] !== 'none')
    }
  }
})

test('a handler that never returns silences the others of its thread, and loses none', async () => {
  const blocked = new BlockedHandler({ connectionCount: 4, patienceMs: 300 })
  const [result] = await blocked.run(bench, [callbacks])
  assert.equal(result.results[0].failure, undefined)
  const { lostCount, silentCount, otherCount } = result.results[0].rounds[0]
  assert.deepEqual([lostCount, silentCount, otherCount], [0, 4, 4])
})

test('a handler that throws is closed with 1011; the others are answered, and so is the next', async () => {
  const crash = new Crash({ connectionCount: 4, patienceMs: 5000 })
  const [result] = await crash.run(bench, [callbacks])
  assertFigures(result)
  const { lostCount, silentCount, closeCode } = result.results[0].rounds[0]
  assert.deepEqual([lostCount, silentCount, closeCode], [0, 0, 1011])
})

test('a server that ends with its handler loses the others, and is said to serve nobody again', async () => {
  const dying = commandRival(`dying='${process.execPath}' '${crashing}' {port}`)
  const [result] = await new Crash({ connectionCount: 4, patienceMs: 300 }).run(bench, [dying])
  const [measured] = result.results
  if (measured.failure === undefined) {
    const { lostCount, silentCount, againMs } = measured.rounds[0]
    assert.deepEqual([lostCount, silentCount, againMs], [4, 4, Number.NaN])
  } else assert.match(measured.failure, /ended by itself/)
})

test('what is measured in a process is a number in every round', async () => {
  for (const result of await new InProcess().run({ ...bench, roundMs: 20 })) {
    for (const measured of result.results) {
      assert.equal(measured.failure, undefined, measured.rival)
      assert.equal(measured.rounds.length, bench.roundCount)
      for (const { perSecond } of measured.rounds) assert.ok(perSecond > 0)
    }
  }
})

test('every way through topics delivers each publication, byte by byte, to every subscriber', async () => {
  const json = { kind: 'json', payloadBytes: 64 } as const
  const fanOut = new FanOut({ topicCount: 1, subscribersPerTopic: 20, inFlight: 4, ...json })
  const [result] = await fanOut.run(bench, topicRivalNames.map(topicRival))
  assert.deepEqual(
    result.results.map(({ rival, failure, rounds }) => [rival, failure, rounds.length]),
    topicRivalNames.map((name) => [name, undefined, bench.roundCount]),
  )
})

test('each broker acknowledges, beside its own server', async () => {
  const [{ results, notes }] = await new Acknowledgement().run(bench)
  for (const { rival, failure, rounds } of results) {
    assert.equal(failure, undefined, rival)
    assert.equal(rounds.length, bench.roundCount)
    for (const { p50Us, p99Us } of rounds) assert.ok(p50Us > 0 && p99Us >= p50Us, rival)
  }
  const names = new Set(results.map(({ rival }) => rival))
  const compared = results.filter(({ against }) => against !== undefined)
  assert.equal(compared.length, 2)
  for (const { against } of compared) assert.ok(names.has(against))
  assert.match(notes.join(), /nats-server \d.*redis-server \d/s)
})

test('from worker to worker nothing is lost, and nothing out of order', async () => {
  const [{ results }] = await new BetweenWorkers().run(bench)
  assert.equal(results.length, 2)
  for (const { rival, failure, rounds } of results) {
    assert.equal(failure, undefined, rival)
    assert.equal(rounds.length, bench.roundCount)
    for (const { count, perSecond, lostCount, disorderCount } of rounds) {
      assert.ok(count > 0 && perSecond > 0, rival)
      assert.deepEqual([lostCount, disorderCount], [0, 0])
    }
  }
})

test('after a storm each line has exactly what it missed, in both encodings', async () => {
  const storm = new ResumeStorm({ connectionCount: 50, missedCount: 7 })
  const [{ results }] = await storm.run(bench, topicRivalNames.map(topicRival))
  assert.deepEqual(
    results.map(({ rival, failure, rounds }) => [rival, failure, rounds.length]),
    ['line-json', 'line-msgpack'].map((name) => [name, undefined, bench.roundCount]),
  )
  for (const { rounds } of results) for (const { elapsedMs } of rounds) assert.ok(elapsedMs > 0)
})

test('a rival that takes fewer connections has as many as it takes, and that is said', async () => {
  const few = { ...callbacks, name: 'few', maxConnectionCount: 3 }
  const echo = new Echo({ connectionCount: 20, ...message, window: 1 })
  const [result] = await echo.run(bench, [few, callbacks])
  assertFigures(result)
  assert.match(result.results[0].notes.join(), /with 3 connections/)
  assert.doesNotMatch(result.results[1].notes.join(), /connections/)
})

test('a rival that does not start, and one that ends, fail in their cells; the others go on', async () => {
  const rivals = [
    commandRival('absent=false {port}'),
    commandRival(`crashing='${process.execPath}' '${crashing}' {port}`),
    holdline,
  ]
  const echo = new Echo({ connectionCount: 5, ...message, window: 1 })
  const [result] = await echo.run(bench, rivals)
  const [absent, crashed, good] = result.results
  assert.match(absent.failure!, /did not listen/)
  assert.match(crashed.failure!, /ended by itself \(exit code 7\).*out of order/)
  assert.equal(good.failure, undefined)
  assert.equal(good.rounds.length, 2)
})

test('more than 64 MiB in flight is skipped, and said', async () => {
  const echo = new Echo({ connectionCount: 5000, kind: 'text', payloadBytes: 16_384, window: 1 })
  const [result] = await echo.run(bench, [holdline])
  assert.equal(result.skipped, 'skipped: 78 MiB would be in flight at once')
  assert.deepEqual(result.results, [])
})
