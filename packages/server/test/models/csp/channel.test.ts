// The properties of Go's channels, each a test named after it. That they hold in any order of operations is checked
// against a reference in channel-model.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { channel } from 'holdline/csp'
import { quiet, settling } from './settling.ts'

const rejections: unknown[] = []
process.on('unhandledRejection', (reason) => rejections.push(reason))

test('Go: an unbuffered send completes only after the receive', async () => {
  const ch = channel<string>()
  const calls: string[] = []
  const sending = ch.send('value').then(() => calls.push('sent'))
  await quiet()
  assert.equal(calls.length, 0)
  const receiving = ch.receive()
  calls.push('receive')
  assert.deepEqual(await receiving, { value: 'value', ok: true })
  await sending
  assert.deepEqual(calls, ['receive', 'sent'])
})

test('Go: an unbuffered send to a receiver that waits completes at once', async () => {
  const ch = channel<string>()
  const receiving = ch.receive()
  await ch.send('value')
  assert.deepEqual(await receiving, { value: 'value', ok: true })
})

test('Go: with capacity C the k-th receive precedes completion of send k+C', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(5), fc.integer({ min: 1, max: 20 }), async (capacity, count) => {
      const ch = channel<number>(capacity)
      const sends = Array.from({ length: count }, (_, i) => settling(ch.send(i)))
      const completed = (): number => sends.filter(({ isSettled }) => isSettled).length
      for (let received = 0; received < count; received++) {
        await quiet()
        assert.equal(completed(), Math.min(received + capacity, count))
        assert.deepEqual(await ch.receive(), { value: received, ok: true })
      }
    }),
    { numRuns: 30 },
  )
})

test('Go: waiting receivers are served first in, first out', async () => {
  const ch = channel<number>()
  const order: string[] = []
  for (const name of ['a', 'b', 'c']) {
    void ch.receive().then(({ value }) => order.push(`${name}${value}`))
  }
  assert.equal(ch.waitingReceivers, 3)
  for (let i = 0; i < 3; i++) await ch.send(i)
  await quiet()
  assert.deepEqual(order, ['a0', 'b1', 'c2'])
  assert.equal(ch.waitingReceivers, 0)
})

test('Go: waiting senders are served first in, first out, behind the buffer', async () => {
  const ch = channel<number>(2)
  for (let i = 0; i < 5; i++) void ch.send(i)
  assert.equal(ch.length, 2)
  assert.equal(ch.waitingSenders, 3)
  for (let i = 0; i < 5; i++) assert.deepEqual(await ch.receive(), { value: i, ok: true })
  assert.equal(ch.waitingSenders, 0)
})

test('Go: a closed channel drains its buffer, then gives ok=false for ever', async () => {
  const ch = channel<number>(2)
  await ch.send(1)
  await ch.send(2)
  ch.close()
  assert.equal(ch.isClosed, true)
  assert.deepEqual(await ch.receive(), { value: 1, ok: true })
  assert.deepEqual(await ch.receive(), { value: 2, ok: true })
  for (let i = 0; i < 3; i++) assert.deepEqual(await ch.receive(), { value: undefined, ok: false })
})

test('Go: close wakes everyone who receives', async () => {
  const ch = channel<number>()
  const all = [ch.receive(), ch.receive(), ch.receive()]
  ch.close()
  for (const one of await Promise.all(all)) assert.deepEqual(one, { value: undefined, ok: false })
  assert.equal(ch.waitingReceivers, 0)
})

test('Go: close wakes everyone who sends, with an error', async () => {
  const ch = channel<number>(1)
  await ch.send(0)
  const sends = [settling(ch.send(1)), settling(ch.send(2))]
  ch.close()
  await quiet()
  for (const { error } of sends) assert.equal(error?.code, 'ERR_CHANNEL_CLOSED')
  assert.equal(ch.waitingSenders, 0)
  // What they did not send is not received.
  assert.deepEqual(await ch.receiveMany(), [0])
})

test('Go: send on a closed channel throws', async () => {
  for (const capacity of [0, 1]) {
    const ch = channel<number>(capacity)
    ch.close()
    await assert.rejects(ch.send(1), { name: 'HoldlineError', code: 'ERR_CHANNEL_CLOSED' })
    assert.throws(() => ch.trySend(1), { code: 'ERR_CHANNEL_CLOSED' })
  }
})

test('Go: closing a closed channel throws', () => {
  const ch = channel<number>()
  ch.close()
  assert.throws(() => ch.close(), { name: 'HoldlineError', code: 'ERR_CHANNEL_CLOSED_TWICE' })
})

test('Go: range ends when the channel is closed and empty', async () => {
  const ch = channel<number>(2)
  const seen: number[] = []
  const reading = (async () => {
    for await (const value of ch) seen.push(value)
  })()
  for (let i = 0; i < 5; i++) await ch.send(i)
  ch.close()
  await reading
  assert.deepEqual(seen, [0, 1, 2, 3, 4])
})

test('Go: undefined and null are values as others', async () => {
  const ch = channel<undefined | null>(2)
  await ch.send(undefined)
  await ch.send(null)
  ch.close()
  assert.deepEqual(await ch.receive(), { value: undefined, ok: true })
  assert.deepEqual(await ch.receive(), { value: null, ok: true })
  assert.deepEqual(await ch.receive(), { value: undefined, ok: false })
})

test('a value with a `then` is a value: nobody waits for it', async () => {
  class Thenable {
    // oxlint-disable-next-line unicorn/no-thenable -- it is what the test is about
    then(): void {
      assert.fail('it was waited for')
    }
  }
  const thenable = new Thenable()
  const ch = channel<Thenable>(1)
  await ch.send(thenable)
  assert.equal((await ch.receive()).value, thenable)
})

test('trySend sends only where that need not wait', async () => {
  const ch = channel<number>()
  assert.equal(ch.trySend(1), false)
  const receiving = ch.receive()
  assert.equal(ch.trySend(2), true)
  assert.deepEqual(await receiving, { value: 2, ok: true })
  const buffered = channel<number>(1)
  assert.equal(buffered.trySend(1), true)
  assert.equal(buffered.trySend(2), false)
  assert.equal(buffered.length, 1)
})

test('a capacity that is none is refused', () => {
  for (const capacity of [-1, 0.5, Number.NaN, Infinity, 2 ** 30 + 1]) {
    assert.throws(() => channel(capacity), { code: 'ERR_CHANNEL_CAPACITY' })
  }
  assert.throws(() => channel('1' as never), { code: 'ERR_CHANNEL_CAPACITY' })
  assert.equal(channel(2 ** 30).capacity, 2 ** 30)
})

test('producers and consumers at any pace: nothing is lost, twice, or out of the order of its producer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.nat(3),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (scheduler, capacity, producerCount, consumerCount) => {
        const ch = channel<{ from: number; n: number }>(capacity)
        const seen: { from: number; n: number }[][] = []
        const pause = (): Promise<void> => scheduler.schedule(Promise.resolve())
        const produce = async (from: number): Promise<void> => {
          for (let n = 0; n < 6; n++) {
            await pause()
            await ch.send({ from, n })
          }
        }
        const consume = async (consumer: number): Promise<void> => {
          const own: { from: number; n: number }[] = (seen[consumer] = [])
          for await (const value of ch) {
            own.push(value)
            await pause()
          }
        }
        const consumers = Array.from({ length: consumerCount }, (_, i) => consume(i))
        const producers = Array.from({ length: producerCount }, (_, i) => produce(i))
        void Promise.all(producers).then(() => ch.close())
        await scheduler.waitFor(Promise.all(consumers))
        const all = seen.flat().map(({ from, n }) => `${from}:${n}`)
        assert.equal(all.length, producerCount * 6)
        assert.equal(new Set(all).size, all.length)
        for (const own of seen) {
          for (let from = 0; from < producerCount; from++) {
            const numbers = own.filter((value) => value.from === from).map(({ n }) => n)
            assert.deepEqual(
              numbers,
              numbers.toSorted((a, b) => a - b),
            )
          }
        }
      },
    ),
    { numRuns: 50 },
  )
  assert.deepEqual(rejections, [])
})
