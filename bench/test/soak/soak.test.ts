// Two seconds of what the command does for ten minutes, and servers that do each thing that it must find.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { commandRival, repositoryRival } from '../../src/process/rivals.ts'
import { hasPassed, runSoak } from '../../src/soak/run-soak.ts'
import type { SoakReport } from '../../src/soak/soak-report.ts'
import { burstOf, type SoakSettings } from '../../src/soak/soak.ts'

const settings: SoakSettings = {
  ...{ connectionCount: 100, durationMs: 1500, sampleMs: 250, messagesPerSecond: 2000 },
  // Two seconds are too short to say anything of memory.
  ...{ settleMs: 200, maxGrowthBytes: 256 * 2 ** 20 },
}

async function soaked(rival: Parameters<typeof runSoak>[1][number], changes = {}) {
  const printed: string[] = []
  const report: SoakReport = await runSoak(
    {
      ...{ serverCores: '0', generatorCores: '1', generator: 'of the test', missing: {} },
      ...{ print: (text) => printed.push(text), progress() {} },
    },
    [rival],
    { ...settings, ...changes },
  )
  const [result] = report.results
  return { report, result, printed: printed.join('\n') }
}

function faulty(fault: string) {
  const program = fileURLToPath(new URL('faulty-server.ts', import.meta.url))
  return commandRival(`faulty='${process.execPath}' -C source '${program}' {port} '${fault}'`)
}

test('a hundred connections talk, are held, and leave nothing behind', async () => {
  const { report, result, printed } = await soaked(repositoryRival('holdline-node'))
  assert.deepEqual(result.verdict.faults, [])
  assert.equal(hasPassed(report), true)
  assert.ok(result.samples.length >= 4, `${result.samples.length} samples`)
  for (const { descriptorCount, residentBytes, messageCount } of result.samples) {
    assert.equal(descriptorCount, result.before.descriptorCount + 100)
    assert.ok(residentBytes > 10 * 2 ** 20)
    assert.ok(messageCount >= 500)
  }
  // Five hundred on the schedule; the second round also has one of 1 KiB for each connection.
  assert.equal(result.samples[1]?.messageCount, 600)
  assert.match(printed, /holdline-node, 100 connections held/)
})

for (const [fault, expected] of [
  ['changes', /byte \d+ of the reply/],
  ['loses one', /connection \d+: (the server closed it|recv: ECONNRESET)/],
  ['leaks', /descriptors are open after the connections are gone/],
  ['grows', /resident memory grew by/],
] as const) {
  test(`a server that ${fault} fails the run`, async () => {
    const short = { durationMs: 750, maxGrowthBytes: 32 * 2 ** 20 }
    const { report, result } = await soaked(faulty(fault), short)
    assert.match(result.verdict.faults.join('\n'), expected)
    assert.equal(hasPassed(report), false)
  })
}

test('each minute has a burst on all connections and a few large messages', () => {
  const minute = Array.from({ length: 6 }, (_, round) => burstOf(round)?.payloadBytes)
  assert.deepEqual(minute, [undefined, 1024, undefined, 262_144, undefined, undefined])
  assert.deepEqual(burstOf(7), burstOf(1))
})
