// The broker on Redis keeps the contract of brokers, against a real redis-server that is killed, cut off and emptied.

import { brokerContract } from '../../../src/testing/index.ts'
import type { BrokerHarness } from '../../../src/testing/index.ts'
import { redis } from '../../../src/brokers/redis/index.ts'
import { FaultyProxy } from '../faulty-proxy.ts'
import { RedisServer } from './redis-server.ts'

const harness: BrokerHarness = {
  name: 'redis',
  processCounts: [1, 3],
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
    const server = await RedisServer.start({ keeps: 'append' })
    const proxies = await Promise.all(
      Array.from({ length: count }, () => FaultyProxy.start(server)),
    )
    return {
      brokers: proxies.map(({ address }) =>
        redis({ url: `redis://${address}`, prefix: 'contract' }),
      ),
      join: () => redis({ url: server.url, prefix: 'contract' }),
      async remove() {
        for (const proxy of proxies) await proxy.stop()
        await server.remove()
      },
      faults: {
        killServer: () => server.kill(),
        async killServerForgetting() {
          await server.kill()
          server.forget()
        },
        startServer: () => server.start(),
        cut: (process) => done(proxies[process]!.cut()),
        hang: (process) => done(proxies[process]!.hang()),
        heal: (process) => done(proxies[process]!.heal()),
        slow: (process, ms) => done(proxies[process]!.slow(ms)),
        trim: (topic, keep) =>
          done(server.cli('xtrim', `contract:{${topic}}:log`, 'maxlen', `${keep}`)),
        forget: () => done(server.cli('flushall')),
      },
    }
  },
}

function done(_: unknown): Promise<void> {
  return Promise.resolve()
}

brokerContract(harness)
