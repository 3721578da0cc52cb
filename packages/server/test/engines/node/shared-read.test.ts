// Reading into the shared buffer: what it does with a socket as Node makes them, and that it says no to all others.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import { readBuffer, readShared } from '../../../src/engines/node/shared-read.ts'

/** Both ends of a TCP connection. */
async function pair(): Promise<{ accepted: Socket; far: Socket; end(): void }> {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  const end = (): void => {
    far.destroy()
    accepted.destroy()
    server.close()
  }
  return { accepted, far, end }
}

test('what an accepted socket receives is in the shared buffer, in order; pause and end are kept', async () => {
  const { accepted, far, end } = await pair()
  const received: Buffer[] = []
  const total = 1_000_000
  let count = 0
  const whole = Promise.withResolvers<void>()
  const isShared = readShared(accepted, function (this: Socket, bytes: number) {
    assert.equal(this, accepted)
    received.push(Buffer.from(readBuffer.subarray(0, bytes)))
    count += bytes
    if (received.length === 3) {
      this.pause()
      setImmediate(() => this.resume())
    }
    if (count === total) whole.resolve()
    return true
  })
  assert.equal(isShared, true, 'this version of Node keeps `onread` elsewhere')
  accepted.on('data', () => assert.fail('read into memory of its own'))
  accepted.resume()
  const sent = Buffer.from(Array.from({ length: total }, (_, i) => i % 251))
  far.end(sent)
  await Promise.all([whole.promise, once(accepted, 'end')])
  assert.ok(Buffer.concat(received).equals(sent))
  end()
})

test('a paused socket receives nothing until it is resumed', async () => {
  const { accepted, far, end } = await pair()
  let count = 0
  const first = Promise.withResolvers<void>()
  const more = Promise.withResolvers<void>()
  readShared(accepted, function (this: Socket, bytes: number) {
    count += bytes
    if (count === 1) {
      this.pause()
      first.resolve()
    } else more.resolve()
    return true
  })
  accepted.resume()
  far.write('a')
  await first.promise
  await new Promise<void>((resolve) => far.write('b', () => resolve()))
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(count, 1)
  accepted.resume()
  await more.promise
  assert.equal(count, 2)
  end()
})

test('it says no, and changes nothing, where Node is not as expected', async () => {
  const { accepted, far, end } = await pair()
  const onRead = (): boolean => assert.fail('called')
  const handle = { useUserBuffer: (): void => assert.fail('called') }
  const strangers: unknown[] = [
    {},
    { _handle: null },
    { _handle: {} },
    // Another implementation: the handle fits, the fields are missing or in use.
    { _handle: handle },
    { _handle: handle, [Symbol('kBuffer')]: null, [Symbol('kBufferCb')]: null },
  ]
  for (const stranger of strangers) {
    const before = Reflect.ownKeys(stranger as object).length
    assert.equal(readShared(stranger as Socket, onRead), false)
    assert.equal(Reflect.ownKeys(stranger as object).length, before)
  }
  const whole = once(accepted, 'data')
  far.write('untouched')
  assert.equal(String((await whole)[0]), 'untouched')
  end()
})

test('a socket that reads into a buffer already keeps it', async () => {
  const { accepted, end } = await pair()
  assert.equal(
    readShared(accepted, () => true),
    true,
  )
  assert.equal(
    readShared(accepted, () => true),
    false,
  )
  end()
})
