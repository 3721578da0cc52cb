import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteText, countOf, rateFigures, withBottleneckNotes } from '../../src/scenarios/figures.ts'

const cpu = { userUs: 2000, systemUs: 6000, cpuUs: 8000 }

test('CPU is divided by what was answered, the rate by the time', () => {
  const figures = rateFigures({ elapsedMs: 500, generatorCpuUs: 250_000 }, cpu, 1000)
  assert.deepEqual(figures, {
    ...{ count: 1000, elapsedMs: 500 },
    ...{ cpuUs: 8, userUs: 2, systemUs: 6, perSecond: 2000, generatorBusy: 50 },
  })
})

test('a generator that was busy in most rounds was the bottleneck', () => {
  const measured = (...busy: number[]) => ({
    rival: 'x',
    rounds: busy.map((generatorBusy) => ({ generatorBusy })),
    notes: [],
  })
  const [bound, free, failed] = withBottleneckNotes([
    measured(98, 99, 50),
    measured(98, 96, 50),
    measured(),
  ])
  assert.match(bound.notes[0], /the load generator was the bottleneck/)
  assert.deepEqual([free.notes, failed.notes], [[], []])
})

test('sizes and counts are written for readers', () => {
  assert.deepEqual([20, 1024, 262_144].map(byteText), ['20 B', '1 KiB', '256 KiB'])
  assert.equal(countOf(1, 'connection'), '1 connection')
  assert.equal(countOf(15_000, 'connection'), '15,000 connections')
})
