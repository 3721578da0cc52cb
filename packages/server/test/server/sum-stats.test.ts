import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServerStats } from '../../src/server/statistics.ts'
import { topicCounters } from '../../src/topics/topic-counters.ts'
import { sumStats } from '../../src/server/sum-stats.ts'

const own = { engine: 'node', uptimeMs: 9, isDraining: false }

function stats(workerId: number, path: string, n: number): ServerStats {
  const traffic = { messagesReceived: n, messagesSent: n, bytesReceived: n, bytesSent: n }
  return {
    engine: 'node',
    workerId,
    uptimeMs: 5,
    connections: n,
    isDraining: false,
    routes: [{ path, model: 'callbacks', connections: n, opened: n, ...traffic }],
    closes: { 1000: n },
    failures: { ERR_IDLE: n, [`ERR_${workerId}`]: 1 },
    refusals: {},
    topics: n,
    subscriptions: n,
    delivery: { ...topicCounters(), publications: n, lagging: 1 },
  }
}

test('counters are summed, by route, code and name; what is the supervisor’s own stays', () => {
  const sum = sumStats(own, [stats(1, '/a', 2), stats(2, '/a', 3), stats(3, '/b', 4)])
  assert.deepEqual(
    [sum.engine, sum.workerId, sum.uptimeMs, sum.connections, sum.topics, sum.subscriptions],
    ['node', 0, 9, 9, 9, 9],
  )
  assert.deepEqual(sum.closes, { 1000: 9 })
  assert.deepEqual(sum.delivery, { ...topicCounters(), publications: 9, lagging: 3 })
  assert.deepEqual(sum.failures, { ERR_IDLE: 9, ERR_1: 1, ERR_2: 1, ERR_3: 1 })
  assert.deepEqual(
    sum.routes.map(({ path, ...counters }) => [path, ...Object.values(counters)]),
    [
      ['/a', 'callbacks', 5, 5, 5, 5, 5, 5],
      ['/b', 'callbacks', 4, 4, 4, 4, 4, 4],
    ],
  )
})

test('without workers there is nothing', () => {
  const { connections, routes, closes } = sumStats(own, [])
  assert.deepEqual([connections, routes, closes], [0, [], {}])
})
