import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, slopeOf, windowOf, type Sample, type SoakRun } from '../../src/soak/verdict.ts'

const mib = 2 ** 20

/** Ten minutes, a sample each ten seconds. */
function samples(residentAt: (minute: number) => number, descriptorCount = 125): Sample[] {
  return Array.from({ length: 60 }, (_, i) => ({
    ...{ elapsedMs: (i + 1) * 10_000, residentBytes: residentAt((i + 1) / 6), descriptorCount },
    ...{ messageCount: 20_000, cpuUs: 100_000, intervalMs: 10_000 },
  }))
}

function run(changes: Partial<SoakRun> = {}): SoakRun {
  return {
    connectionCount: 100,
    before: { residentBytes: 90 * mib, descriptorCount: 25 },
    opened: { residentBytes: 100 * mib, descriptorCount: 125 },
    samples: samples(() => 100 * mib),
    gone: { residentBytes: 92 * mib, descriptorCount: 25 },
    ...changes,
  }
}

test('the slope is that of the least-squares line', () => {
  assert.equal(
    slopeOf([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
    2,
  )
  // Worked by hand: means 2 and 3, products 4, squares 8.
  const points = [
    [0, 2],
    [2, 4],
    [4, 3],
  ] as const
  assert.equal(slopeOf(points), 0.25)
  assert.ok(Number.isNaN(slopeOf([[1, 1]])))
})

test('of ten minutes the last eight count', () => {
  const window = windowOf(samples(() => 0))
  assert.equal(window[0]?.elapsedMs, 120_000)
  assert.equal(window.length, 49)
})

test('memory that stays passes, and so does memory that goes up and down or grew at first', () => {
  const curves: ((minute: number) => number)[] = [
    () => 100 * mib,
    (minute) => (100 + 4 * Math.sin(minute * 20)) * mib,
    (minute) => (minute < 2 ? 80 + 10 * minute : 100) * mib,
    (minute) => (100 - minute) * mib,
  ]
  for (const curve of curves) {
    const verdict = judge(run({ samples: samples(curve) }), 2 * mib)
    assert.deepEqual(verdict.faults, [])
    assert.equal(verdict.keptBytes, 2 * mib)
    assert.equal(verdict.leakedDescriptorCount, 0)
  }
})

test('memory that grows by more than is allowed fails', () => {
  const growing = (perMinute: number): SoakRun =>
    run({ samples: samples((minute) => (100 + minute * perMinute) * mib) })
  assert.deepEqual(judge(growing(0.24), 2 * mib).faults, [])
  const verdict = judge(growing(0.5), 2 * mib)
  assert.deepEqual(verdict.faults, ['resident memory grew by 4096 KiB; 2048 are allowed'])
  assert.ok(Math.abs(verdict.slopeBytesPerMinute - mib / 2) < 1)
  assert.ok(Math.abs(verdict.windowMinutes - 8) < 1e-9)
})

test('descriptors that are left fail', () => {
  const verdict = judge(run({ gone: { residentBytes: 0, descriptorCount: 28 } }), mib)
  assert.equal(verdict.leakedDescriptorCount, 3)
  assert.deepEqual(verdict.faults, ['3 descriptors are open after the connections are gone'])
})

test('a connection without a descriptor fails, and so do descriptors that become more', () => {
  const flat = samples(() => 100 * mib)
  const lost = flat.with(30, { ...flat[30], descriptorCount: 123 })
  assert.deepEqual(judge(run({ samples: lost }), mib).faults, [
    '2 connections had no descriptor in the server',
  ])
  const more = flat.with(59, { ...flat[59], descriptorCount: 130 })
  assert.deepEqual(judge(run({ samples: more }), mib).faults, [
    '5 descriptors were opened during the traffic and stayed',
  ])
})

test('a run that broke off fails with its reason, one without samples or an end is not complete', () => {
  const { gone: _, ...broken } = run({ failure: 'connection 7: recv: ECONNRESET', samples: [] })
  assert.deepEqual(judge(broken, mib).faults, ['connection 7: recv: ECONNRESET'])
  const { failure: _failure, ...unfinished } = broken
  assert.deepEqual(judge(unfinished, mib).faults, ['the run is not complete'])
  assert.deepEqual(judge(run({ samples: [] }), mib).faults, ['the run is not complete'])
})
