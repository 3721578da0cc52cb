// The broker on NATS keeps the contract of brokers, against a real nats-server that is killed, cut off and emptied.

import { nats } from '../../../src/brokers/nats/index.ts'
import { NatsNames } from '../../../src/brokers/nats/nats-names.ts'
import { brokerContract } from '../../../src/testing/index.ts'
import type { BrokerHarness } from '../../../src/testing/index.ts'
import { FaultyProxy } from '../faulty-proxy.ts'
import { NatsServer } from './nats-server.ts'

const names = new NatsNames('contract')

const harness: BrokerHarness = {
  name: 'nats',
  processCounts: [1, 3],
  // nats-server carries 1 MiB unless it is configured otherwise, headers included.
  maxMessageBytes: 1_000_000,
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
    const server = await NatsServer.start()
    const proxies = await Promise.all(
      Array.from({ length: count }, () => FaultyProxy.start(server)),
    )
    const broker = (servers: string) =>
      nats({ servers, prefix: 'contract', client: { ignoreClusterUpdates: true } })
    return {
      brokers: proxies.map(({ address }) => broker(address)),
      join: () => broker(server.url),
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
        cut: (process) => proxies[process]!.cut(),
        hang: (process) => proxies[process]!.hang(),
        heal: (process) => proxies[process]!.heal(),
        slow: (process, ms) => proxies[process]!.slow(ms),
        trim: (topic, keep) =>
          server.operate(async (streams) =>
            streams.purge(await streams.find(names.log(topic)), { keep }),
          ),
        forget: () =>
          server.operate(async (streams) => {
            for await (const name of streams.names()) await streams.delete(name)
          }),
      },
    }
  },
}

brokerContract(harness)
