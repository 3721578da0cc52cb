// The counters of several workers as those of one server.

import { topicCounters } from '../topics/topic-counters.ts'
import type { DeliveryStats, RouteStats, ServerStats } from './statistics.ts'

/** `own` is what only the supervisor knows. A topic that has subscribers in two workers counts twice. */
export function sumStats(
  own: Pick<ServerStats, 'engine' | 'uptimeMs' | 'isDraining'>,
  workers: readonly ServerStats[],
): ServerStats {
  const routes = new Map<string, RouteStats>()
  for (const route of workers.flatMap((stats) => stats.routes)) {
    const sum = routes.get(route.path)
    routes.set(route.path, sum === undefined ? route : sumRoute(sum, route))
  }
  return {
    engine: own.engine,
    workerId: 0,
    uptimeMs: own.uptimeMs,
    connections: sum(workers.map(({ connections }) => connections)),
    isDraining: own.isDraining,
    routes: [...routes.values()],
    closes: sumByKey(workers.map(({ closes }) => closes)),
    failures: sumByKey(workers.map(({ failures }) => failures)),
    refusals: sumByKey(workers.map(({ refusals }) => refusals)),
    topics: sum(workers.map(({ topics }) => topics)),
    subscriptions: sum(workers.map(({ subscriptions }) => subscriptions)),
    delivery: sumDelivery(workers.map(({ delivery }) => delivery)),
  }
}

function sumRoute(one: RouteStats, other: RouteStats): RouteStats {
  return {
    path: one.path,
    model: one.model,
    connections: one.connections + other.connections,
    opened: one.opened + other.opened,
    messagesReceived: one.messagesReceived + other.messagesReceived,
    messagesSent: one.messagesSent + other.messagesSent,
    bytesReceived: one.bytesReceived + other.bytesReceived,
    bytesSent: one.bytesSent + other.bytesSent,
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function sumByKey(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total = new Map<string, number>()
  for (const [key, value] of all.flatMap((counts) => Object.entries(counts))) {
    total.set(key, (total.get(key) ?? 0) + value)
  }
  return Object.fromEntries(total)
}

function sumDelivery(all: readonly DeliveryStats[]): DeliveryStats {
  const total = { ...topicCounters(), lagging: 0 }
  for (const one of all) {
    for (const name of Object.keys(total) as (keyof DeliveryStats)[]) total[name] += one[name]
  }
  return total
}
