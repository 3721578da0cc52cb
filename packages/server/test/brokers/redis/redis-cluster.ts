// A real Redis cluster for tests: masters that have the slots among them, no replicas. Owns its processes; must not know
// what is tested.

import { setTimeout } from 'node:timers/promises'
import { freePort, RedisServer } from './redis-server.ts'

export const SLOT_COUNT = 16_384

export class RedisCluster {
  readonly nodes: readonly RedisServer[]

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes
  }

  static async start(count = 3): Promise<RedisCluster> {
    const nodes = await Promise.all(
      Array.from({ length: count }, async () => {
        const busPort = await freePort()
        return RedisServer.start({
          keeps: 'append',
          options: [
            ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'],
            ...['--cluster-port', `${busPort}`, '--cluster-node-timeout', '1000'],
            // A node that is down keeps nobody from the slots of the others.
            ...['--cluster-require-full-coverage', 'no'],
          ],
        })
      }),
    )
    const cluster = new RedisCluster(nodes)
    const [first, ...others] = nodes
    for (const [at, node] of nodes.entries()) {
      const from = Math.floor((at * SLOT_COUNT) / count)
      const to = Math.floor(((at + 1) * SLOT_COUNT) / count) - 1
      node.cli('cluster', 'addslotsrange', `${from}`, `${to}`)
      node.cli('cluster', 'set-config-epoch', `${at + 1}`)
    }
    for (const { host, port, busPort } of others.map((node) => ({ ...address(node) }))) {
      first!.cli('cluster', 'meet', host, `${port}`, `${busPort}`)
    }
    await cluster.whole()
    return cluster
  }

  /** Resolves when each node says that all slots are served. */
  async whole(): Promise<void> {
    const giveUpAt = performance.now() + 20_000
    while (!this.nodes.every((node) => isWhole(node))) {
      if (performance.now() > giveUpAt) throw new Error('the cluster does not come together')
      await setTimeout(50)
    }
  }

  /** Gives slots of one node to another, with the keys that are in them. */
  move(slots: readonly number[], from: RedisServer, to: RedisServer): void {
    const [fromId, toId] = [from.cli('cluster', 'myid'), to.cli('cluster', 'myid')]
    for (const slot of slots) {
      to.cli('cluster', 'setslot', `${slot}`, 'importing', fromId)
      from.cli('cluster', 'setslot', `${slot}`, 'migrating', toId)
      const keys = from.cli('cluster', 'getkeysinslot', `${slot}`, '1000').split('\n')
      const held = keys.filter((key) => key !== '')
      if (held.length > 0) {
        from.cli('migrate', to.host, `${to.port}`, '', '0', '5000', 'KEYS', ...held)
      }
      for (const node of [to, from, ...this.nodes]) {
        node.cli('cluster', 'setslot', `${slot}`, 'node', toId)
      }
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()))
  }
}

function address(node: RedisServer): { host: string; port: number; busPort: string } {
  const [, busPort] = /cluster-port\s+(\d+)/.exec(node.cli('config', 'get', 'cluster-port'))!
  return { host: node.host, port: node.port, busPort: busPort! }
}

function isWhole(node: RedisServer): boolean {
  try {
    const info = node.cli('cluster', 'info')
    return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info)
  } catch {
    return false
  }
}
