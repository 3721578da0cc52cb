import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { BrokerServer } from '../../src/process/broker-server.ts'

for (const [kind, words] of [
  ['nats', /^nats-server \d+\.\d+/],
  ['redis', /^redis-server \d+\.\d+/],
] as const) {
  test(`${kind}: it says its version, takes connections, and is gone afterwards`, async () => {
    let port = 0
    {
      await using server = await BrokerServer.start(kind, '0,1')
      port = server.port
      assert.match(server.version, words)
      const line = net.connect(port, '127.0.0.1')
      await once(line, 'connect')
      line.destroy()
    }
    const line = net.connect(port, '127.0.0.1')
    const [error] = (await once(line, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNREFUSED')
  })
}
