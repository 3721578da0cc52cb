// What the adoption does in which order; upgrade-gate.test.ts has it over real lines.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import type { HeldConnection } from '../../../src/connection/held-connection.ts'
import { adoptSocket } from '../../../src/engines/node/adopt-socket.ts'
import { NodeTransport } from '../../../src/engines/node/node-transport.ts'
import { dial, eventually } from '../http/line.ts'

for (const head of ['', 'head ']) {
  test(`the connection is made, then given ${JSON.stringify(head)}, then the rest, then its end`, async (t) => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const accepted = once(server, 'connection')
    const line = await dial({ host: '127.0.0.1', port })
    const socket = (await accepted)[0] as Socket
    t.after(() => socket.destroy())
    const calls: string[] = []
    const connection = {
      receive: (bytes: Uint8Array, start: number, end: number) =>
        void calls.push(Buffer.from(bytes.subarray(start, end)).toString()),
      ended: () => void calls.push('ended'),
      transportClosed: () => void calls.push('closed'),
    } as unknown as HeldConnection
    const acceptance = {
      accepted: true,
      connect: (transport: unknown) => {
        assert.ok(transport instanceof NodeTransport)
        calls.push('connect')
        return connection
      },
      abandon: () => assert.fail('the line is there'),
    } as const
    adoptSocket(acceptance, socket, Buffer.from(head))
    assert.deepEqual(calls, head === '' ? ['connect'] : ['connect', head])
    socket.resume()
    line.write('rest').socket.end()
    await eventually('the end', () => calls.includes('ended'))
    socket.destroy()
    await eventually('the close', () => calls.includes('closed'))
    const told = ['connect', ...(head === '' ? [] : [head]), 'rest', 'ended', 'closed']
    assert.deepEqual(calls, told)
  })
}
