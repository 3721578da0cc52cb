import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { Subscriber } from '../../rivals/brokers/subscriber.ts'
import { replyFrame } from '../../src/load/request-frame.ts'

async function conversation() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[net.Socket]>
  const { port } = server.address() as net.AddressInfo
  const opening = Subscriber.open(net.connect(port, '127.0.0.1'), '/t/plain')
  const [line] = await accepted
  await once(line, 'data')
  line.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  line.write(replyFrame('text', Buffer.from('2')))
  const subscriber = await opening
  return {
    subscriber,
    line,
    [Symbol.dispose]() {
      line.destroy()
      server.close()
    },
  }
}

function publication(number: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32LE(number)
  return replyFrame('binary', bytes)
}

const never = new AbortController().signal

test('publications are counted, whatever the chunks, from round to round', async () => {
  using talk = await conversation()
  const { subscriber, line } = talk
  assert.equal(subscriber.workerId, 2)
  for (const round of [0, 1]) {
    subscriber.begin()
    const bytes = Buffer.concat([0, 1, 2].map((i) => publication(round * 3 + i)))
    line.write(bytes.subarray(0, 70))
    line.write(bytes.subarray(70))
    await subscriber.reached(3, never)
    assert.deepEqual([subscriber.count, subscriber.disorderCount], [3, 0])
  }
})

test('one that is left out and one that comes twice are seen', async () => {
  using talk = await conversation()
  const { subscriber, line } = talk
  subscriber.begin()
  line.write(Buffer.concat([0, 2, 2].map(publication)))
  await subscriber.reached(3, never)
  assert.equal(subscriber.disorderCount, 2)
})

test('what does not come is given up, and so is a line that ends', async () => {
  using talk = await conversation()
  const { subscriber, line } = talk
  subscriber.begin()
  await subscriber.reached(1, AbortSignal.timeout(20))
  assert.equal(subscriber.count, 0)
  const reached = subscriber.reached(1, never)
  line.destroy()
  await reached
  assert.equal(subscriber.count, 0)
})
