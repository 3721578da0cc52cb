// One short run of each kind of scenario, against the server of this repository and two that fail.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { commandRival, repositoryRival } from '../../src/process/rivals.ts'
import type { ScenarioResult } from '../../src/report/results.ts'
import type { Bench, Scenario } from '../../src/scenarios/bench.ts'
import { Echo } from '../../src/scenarios/echo.ts'
import { FanOut } from '../../src/scenarios/fan-out.ts'
import { HandshakeRate, ReconnectStorm } from '../../src/scenarios/handshakes.ts'
import { IdleMemory } from '../../src/scenarios/idle-memory.ts'
import { Latency } from '../../src/scenarios/latency.ts'
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
