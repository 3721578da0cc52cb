// The test's end of a TCP line does on the wire what it says.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import { dialTcp, untilInTime } from '../../src/testing/tcp-wire-line.ts'

test('it sends the head with the headers as they are set, left out where null, and what is behind it', async () => {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const line = await dialTcp(port, {
    method: 'GET',
    path: '/a?b',
    headers: { 'sec-websocket-version': '12', connection: null, 'x-more': '1' },
    behind: Uint8Array.of(0x89, 0x80),
  })
  const [far] = await accepted
  far.on('error', () => {}) // `cut` resets it
  let text = ''
  far.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  await untilInTime('the head', () => text.endsWith('\x89\x80'))
  assert.match(text, /^GET \/a\?b HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/)
  assert.match(text, /\r\nsec-websocket-version: 12\r\n/)
  assert.match(text, /\r\nx-more: 1\r\n\r\n/)
  assert.doesNotMatch(text, /connection:/)

  const received: number[] = []
  line.onBytes = (bytes) => received.push(...bytes)
  far.end(Buffer.from([1, 2, 3]))
  await untilInTime('the end', () => line.hasEnded)
  assert.deepEqual(received, [1, 2, 3])
  line.cut()
  await untilInTime('the close', () => line.isClosed)
  line.write(Uint8Array.of(1))
  far.destroy()
  server.close()
})

test('waiting ends with an error that says for what', async (t) => {
  t.mock.method(performance, 'now', () => 0)
  const waiting = untilInTime('nothing', () => false)
  t.mock.method(performance, 'now', () => 10_001)
  await assert.rejects(waiting, /Waited in vain for nothing/)
})
