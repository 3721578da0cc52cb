// The properties of libevent's bufferevent, by name, on every backend.
import assert from 'node:assert/strict'
import { bufferEvent, Happened, READ, WRITE } from 'holdline/loop'
import type { BufferEvent } from 'holdline/loop'
import { onEach } from './loop-harness.ts'

onEach('bufferevent: the read callback comes at or above the low mark', async (h) => {
  const { fd, peer } = await h.line()
  const lengths: number[] = []
  const buffer = bufferEvent(
    h.loop,
    fd,
    { read: ({ input }) => lengths.push(input.length) },
    { readLowBytes: 10 },
  )
  peer.send('12345')
  await h.until(() => buffer.input.length === 5)
  await h.quiet()
  assert.deepEqual(lengths, [])
  peer.send('67890')
  await h.until(() => lengths.length > 0)
  assert.deepEqual(lengths, [10])
  await h.quiet()
  assert.deepEqual(lengths, [10], 'told of what came, not of what lies there')
  peer.send('x')
  await h.until(() => lengths.length === 2)
  assert.deepEqual(lengths, [10, 11])
})

onEach('bufferevent: reading stops at the high mark, and goes on below it', async (h) => {
  const { fd, peer } = await h.line()
  let mostBytes = 0
  const buffer = bufferEvent(
    h.loop,
    fd,
    { read: ({ input }) => (mostBytes = Math.max(mostBytes, input.length)) },
    { readHighBytes: 100 },
  )
  const sent = 'abcdefghij'.repeat(50)
  peer.send(sent)
  await h.until(() => buffer.input.length === 100)
  await h.quiet()
  assert.equal(buffer.input.length, 100)
  let received = ''
  while (received.length < sent.length) {
    await h.until(() => buffer.input.length > 0)
    received += Buffer.from(buffer.input.take(30)).toString()
  }
  assert.equal(received, sent)
  assert.equal(mostBytes, 100)
})

onEach('bufferevent: the write callback comes at or below the low mark', async (h) => {
  const { fd, peer } = await h.line()
  peer.pause()
  const lengths: number[] = []
  const buffer = bufferEvent(
    h.loop,
    fd,
    { write: ({ output }) => lengths.push(output.length) },
    { writeLowBytes: 1_000 },
  )
  const megabyte = Buffer.alloc(1_000_000, 'x')
  for (let i = 0; i < 16; i++) buffer.write(megabyte)
  await h.quiet(40)
  assert.ok(buffer.output.length > 1_000, 'the line is full')
  assert.deepEqual(lengths, [])
  peer.resume()
  let received = 0
  await h.until(() => {
    received += peer.take().length
    return received === 16_000_000
  })
  assert.ok(lengths.length > 0)
  assert.ok(lengths.every((length) => length <= 1_000))
  assert.equal(lengths.at(-1), 0)
})

onEach('bufferevent: connected, or why not', async (h) => {
  const listener = await h.listen((fd) => {
    bufferEvent(h.loop, fd, { read: (b) => b.write(b.input.take()) })
  })
  const told: (string | number)[] = []
  const event = (_: BufferEvent, happened: Happened, errno: number): void => {
    told.push(happened, errno)
  }
  let text = ''
  const read = ({ input }: BufferEvent): void => {
    text += Buffer.from(input.take()).toString()
  }
  const fd = h.loop.connect({ port: listener.port })
  const made = bufferEvent(h.loop, fd, { event, read }, { connects: true })
  made.write('early')
  await h.until(() => text === 'early')
  assert.deepEqual(told.splice(0), [Happened.CONNECTED, 0])
  listener.close()
  await h.quiet()
  const refused = h.loop.connect({ port: listener.port })
  bufferEvent(h.loop, refused, { event, read }, { connects: true })
  await h.until(() => told.length > 0)
  await h.quiet()
  assert.deepEqual(told, [Happened.ERROR, -111])
})

onEach('bufferevent: the end comes behind the last bytes, once', async (h) => {
  const { fd, peer } = await h.line()
  const told: string[] = []
  const buffer = bufferEvent(h.loop, fd, {
    read: ({ input }) => told.push(Buffer.from(input.take()).toString()),
    event: (_, happened) => told.push(happened),
  })
  peer.send('last words')
  peer.end()
  await h.until(() => told.includes(Happened.EOF))
  await h.quiet()
  assert.equal(told.join(' '), 'last words eof')
  assert.equal(buffer.enabled, WRITE)
  buffer.write('answer')
  buffer.end()
  buffer.write('too late')
  await h.until(() => peer.isEnded)
  assert.equal(peer.take(), 'answer')
})

onEach('bufferevent: an error is told with its errno', async (h) => {
  const { fd, peer } = await h.line()
  const told: (string | number)[] = []
  bufferEvent(h.loop, fd, { event: (_, happened, errno) => told.push(happened, errno) })
  peer.reset()
  await h.until(() => told.length > 0)
  await h.quiet()
  assert.deepEqual(told, [Happened.ERROR, -104])
})

onEach(
  'bufferevent: a line that says nothing times out, and is read again when enabled',
  async (h) => {
    const { fd, peer } = await h.line()
    const told: string[] = []
    const buffer = bufferEvent(
      h.loop,
      fd,
      { read: ({ input }) => input.clear(), event: (_, happened) => told.push(happened) },
      { readTimeoutMs: 100 },
    )
    await h.pass(90)
    peer.send('x')
    await h.quiet()
    await h.pass(90)
    assert.deepEqual(told, [])
    await h.pass(20)
    assert.deepEqual(told, [Happened.READ_TIMEOUT])
    assert.equal(buffer.enabled, WRITE)
    await h.pass(500)
    buffer.enable(READ)
    await h.pass(110)
    assert.deepEqual(told, [Happened.READ_TIMEOUT, Happened.READ_TIMEOUT])
    buffer.close()
    await h.pass(500)
    assert.equal(told.length, 2)
  },
)

onEach('bufferevent: a line that takes nothing times out', async (h) => {
  const { fd, peer } = await h.line()
  peer.pause()
  const told: string[] = []
  const buffer = bufferEvent(
    h.loop,
    fd,
    { event: (_, happened) => told.push(happened) },
    { writeTimeoutMs: 100 },
  )
  await h.pass(500)
  assert.deepEqual(told, [], 'nothing waits to leave')
  const megabyte = Buffer.alloc(1_000_000)
  for (let i = 0; i < 16; i++) buffer.write(megabyte)
  for (let before = -1; before !== buffer.output.length;) {
    before = buffer.output.length
    await h.quiet(40)
  }
  await h.pass(110)
  assert.deepEqual(told, [Happened.WRITE_TIMEOUT])
  buffer.close()
})

onEach('bufferevent: what a callback throws closes the line, timers and all', async (h) => {
  const [one, two] = [await h.line(), await h.line()]
  const event = (): void => assert.fail('told after the end')
  const options = { readTimeoutMs: 100, writeTimeoutMs: 100 }
  const read = (): void => {
    throw new Error('oh')
  }
  const reading = bufferEvent(h.loop, one.fd, { read, event }, options)
  one.peer.send('x')
  await h.until(() => reading.isClosed)
  await h.pass(500)
  assert.equal((h.failures.splice(0)[0]!.error.cause as Error).message, 'oh')
  const silent = bufferEvent(h.loop, two.fd, { event: read }, options)
  await h.pass(500)
  assert.equal(silent.isClosed, true)
  assert.equal(h.failures.splice(0).length, 1)
})

onEach('bufferevent: closed by its descriptor, no callback comes', async (h) => {
  const { fd, peer } = await h.line()
  const never = (): void => assert.fail('told after the end')
  const buffer = bufferEvent(h.loop, fd, { read: never, event: never }, { readTimeoutMs: 50 })
  peer.send('x')
  h.loop.close(fd)
  assert.equal(buffer.isClosed, true)
  buffer.write('nowhere')
  buffer.end()
  buffer.enable(READ)
  await h.pass(100)
})

onEach('bufferevent: disabled, nothing is read or written', async (h) => {
  const { fd, peer } = await h.line()
  let told = 0
  const buffer = bufferEvent(h.loop, fd, { read: () => told++ })
  buffer.disable(READ | WRITE)
  peer.send('x')
  buffer.write('y')
  await h.quiet()
  assert.deepEqual([told, buffer.input.length, peer.take()], [0, 0, ''])
  buffer.enable(READ)
  await h.until(() => told === 1)
  await h.quiet()
  assert.equal(buffer.output.length, 1)
  buffer.enable(WRITE)
  let text = ''
  await h.until(() => (text += peer.take()) === 'y')
})

onEach('bufferevent: marks that make no sense are refused', async (h) => {
  const { fd } = await h.line()
  const code = 'ERR_OPTION_INVALID'
  const of = (options: object) => () => bufferEvent(h.loop, fd, {}, options)
  assert.throws(of({ readLowBytes: 10, readHighBytes: 9 }), { code })
  assert.throws(of({ readHighBytes: 0 }), { code })
  assert.throws(of({ writeLowBytes: -1 }), { code })
  assert.throws(of({ readLowBytes: 1.5 }), { code })
  assert.throws(of({ readTimeoutMs: -5 }), { code })
  of({})()
})
