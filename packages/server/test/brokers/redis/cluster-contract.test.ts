// The broker on a Redis cluster keeps the contract of brokers, against three real nodes that are killed, cut off and emptied.

import { after } from 'node:test'
import { redis } from '../../../src/brokers/redis/index.ts'
import { keyOf, slotOf } from '../../../src/brokers/redis/cluster-slots.ts'
import { brokerContract } from '../../../src/testing/index.ts'
import type { BrokerHarness } from '../../../src/testing/index.ts'
import { FaultyProxy } from '../faulty-proxy.ts'
import { RedisCluster, SLOT_COUNT } from './redis-cluster.ts'

/** A cluster takes two seconds to come together: one that nobody has killed is used again. */
let kept: RedisCluster | null = null
after(() => kept?.remove())

const harness: BrokerHarness = {
  name: 'redis cluster',
  processCounts: [2],
  faults: [
    'killServer',
    'killServerForgetting',
    'startServer',
    'cut',
    'hang',
    'heal',
    'slow',
    'trim',
    'forget',
  ],
  async create(count) {
    const cluster = kept ?? (await RedisCluster.start())
    kept = null
    let isAsItWas = true
    const { nodes } = cluster
    // Each process has a way of its own to each node.
    const ways = await Promise.all(
      Array.from({ length: count }, () =>
        Promise.all(nodes.map((node) => FaultyProxy.start(node))),
      ),
    )
    const urls = nodes.map(({ url }) => url)
    const all = (process: number, work: (way: FaultyProxy) => void): Promise<void> => {
      for (const way of ways[process]!) work(way)
      return Promise.resolve()
    }
    return {
      brokers: ways.map((proxies) =>
        redis({
          prefix: 'contract',
          cluster: {
            nodes: urls,
            addressOf: (address) => {
              const at = nodes.findIndex((node) => keyOf(node) === keyOf(address))
              const [host, port] = proxies[at]!.address.split(':')
              return { host: host!, port: Number(port) }
            },
          },
        }),
      ),
      join: () => redis({ prefix: 'contract', cluster: { nodes: urls } }),
      async remove() {
        for (const proxies of ways) for (const proxy of proxies) await proxy.stop()
        if (!isAsItWas) return cluster.remove()
        for (const node of nodes) node.cli('flushall')
        kept = cluster
      },
      faults: {
        async killServer() {
          isAsItWas = false
          await Promise.all(nodes.map((node) => node.kill()))
        },
        async killServerForgetting() {
          isAsItWas = false
          await Promise.all(nodes.map((node) => node.kill()))
          // What a node has on disk is its data, and who it is in the cluster: only the former is lost.
          for (const node of nodes) node.forget('nodes.conf')
        },
        startServer: async () => void (await Promise.all(nodes.map((node) => node.start()))),
        cut: (process) => all(process, (way) => way.cut()),
        hang: (process) => all(process, (way) => way.hang()),
        heal: (process) => all(process, (way) => way.heal()),
        slow: (process, ms) => all(process, (way) => way.slow(ms)),
        trim: (topic, keep) => {
          const key = `contract:{${topic}}:log`
          const node = nodes[Math.floor((slotOf(key) * nodes.length) / SLOT_COUNT)]!
          node.cli('xtrim', key, 'maxlen', `${keep}`)
          return Promise.resolve()
        },
        forget: () => {
          for (const node of nodes) node.cli('flushall')
          return Promise.resolve()
        },
      },
    }
  },
}

brokerContract(harness)
