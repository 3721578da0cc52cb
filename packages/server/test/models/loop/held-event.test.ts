// What a program can get wrong with a watched descriptor, and what changing its mind in a callback does.
import assert from 'node:assert/strict'
import { AGAIN, EDGE, ONESHOT, PERSIST, READ, WRITE } from 'holdline/loop'
import { onEach } from './loop-harness.ts'

const unknown = { code: 'ERR_LOOP_DESCRIPTOR' }
const room = Buffer.alloc(64)

onEach('a descriptor that is not open here is refused', async (h) => {
  const { fd } = await h.line()
  for (const other of [0, fd + 1_000, -1, 1.5, NaN]) {
    assert.throws(() => h.loop.watch(other, READ, () => {}), unknown)
    assert.throws(() => h.loop.close(other), unknown)
  }
  h.loop.close(fd)
  assert.throws(() => h.loop.close(fd), unknown)
  assert.throws(() => h.loop.watch(fd, READ, () => {}), unknown)
})

onEach('a closed event does nothing but say so', async (h) => {
  const { fd } = await h.line()
  const event = h.loop.watch(fd, READ | PERSIST, () => {})
  event.close()
  event.close()
  event.del()
  assert.equal(event.isClosed, true)
  assert.equal(event.isPending, false)
  assert.throws(() => event.read(room), unknown)
  assert.throws(() => event.write(room), unknown)
  assert.throws(() => event.add(), unknown)
  assert.throws(() => event.update(READ), unknown)
  assert.throws(() => event.error(), unknown)
  assert.throws(() => event.endWriting(), unknown)
  assert.throws(() => event.remoteAddress, unknown)
  assert.throws(() => event.localAddress, unknown)
})

onEach('a descriptor is watched by one event at a time', async (h) => {
  const { fd, peer } = await h.line()
  const first = h.loop.watch(fd, READ | PERSIST, () => assert.fail('the first one'))
  assert.throws(() => h.loop.watch(fd, WRITE, () => {}), { code: 'ERR_LOOP_WATCHED' })
  first.del()
  let told = 0
  const second = h.loop.watch(fd, READ | PERSIST, (event) => {
    told += event.read(room)
  })
  peer.send('x')
  await h.until(() => told === 1)
  // Its number is the second one's now, and may be another line's later.
  assert.equal(first.isClosed, true)
  assert.throws(() => first.read(room), unknown)
  first.close()
  assert.equal(second.isClosed, false)
})

onEach('flags, timeouts and priorities that make no sense are refused', async (h) => {
  const { fd } = await h.line()
  const code = 'ERR_OPTION_INVALID'
  for (const flags of [0, PERSIST, EDGE | ONESHOT, 64, READ | 128, NaN, 1.5]) {
    assert.throws(() => h.loop.watch(fd, flags, () => {}), { code })
  }
  const watch = (options: object) => () => h.loop.watch(fd, READ, () => {}, null, options)
  for (const timeoutMs of [0, -1, NaN, 2 ** 31]) assert.throws(watch({ timeoutMs }), { code })
  for (const priority of [-1, 8, 0.5, NaN]) assert.throws(watch({ priority }), { code })
  assert.throws(() => h.loop.timer(-1, () => {}), { code })
  assert.throws(() => h.loop.timer(1, () => {}, { priority: 9 }), { code })
  const event = h.loop.watch(fd, READ, () => {})
  assert.throws(() => event.update(PERSIST), { code })
  assert.equal(event.flags, READ)
})

onEach(
  'reading into nothing is refused, for 0 is the end; writing nothing writes nothing',
  async (h) => {
    const { fd } = await h.line()
    const event = h.loop.watch(fd, READ, () => {})
    assert.throws(() => event.read(new Uint8Array(0)), TypeError)
    assert.equal(event.write(new Uint8Array(0)), 0)
    assert.equal(event.read(new Uint8Array(1)), AGAIN)
  },
)

onEach(
  'update in the callback of another takes the readiness that is no longer wanted',
  async (h) => {
    const lines = [await h.line(), await h.line()]
    h.loop.stop()
    const told: number[] = []
    const events = lines.map(({ fd }, i) =>
      h.loop.watch(fd, READ | PERSIST, () => {
        told.push(i)
        events[1 - i]!.update(WRITE | PERSIST)
        events[1 - i]!.del()
        events[1 - i]!.update(WRITE)
      }),
    )
    for (const { peer } of lines) peer.send('x')
    await h.quiet()
    h.loop.runOnce()
    assert.equal(told.length, 1)
    const [other] = events.filter(({ isPending }) => !isPending)
    assert.equal(other!.flags, WRITE)
  },
)

onEach('update alone takes it too', async (h) => {
  const lines = [await h.line(), await h.line()]
  h.loop.stop()
  let count = 0
  const events = lines.map(({ fd }) =>
    h.loop.watch(fd, READ | PERSIST, (_, what) => {
      if (what === READ) count++
      for (const event of events) event.update(WRITE | PERSIST)
    }),
  )
  for (const { peer } of lines) peer.send('x')
  await h.quiet()
  h.loop.runOnce()
  assert.equal(count, 1)
})

onEach(
  'small memory, parts of memory and large memory are read into and written from',
  async (h) => {
    const { fd, peer } = await h.line()
    const event = h.loop.watch(fd, READ | PERSIST, () => {})
    event.del()
    const text = 'abcdefghijklmnopqrstuvwxyz'.repeat(4)
    peer.send(text)
    await h.quiet()
    const whole = Buffer.alloc(1_000, '.')
    const tiny = new Uint8Array(3)
    assert.equal(event.read(tiny), 3)
    assert.equal(event.read(whole.subarray(500, 510)), 10)
    assert.equal(event.read(whole), text.length - 13)
    assert.equal(Buffer.from(tiny).toString(), 'abc')
    assert.equal(whole.toString('latin1', 0, text.length - 13), text.slice(13))
    assert.equal(event.write(tiny), 3)
    assert.equal(event.write(Buffer.from('..xyz..').subarray(2, 5)), 3)
    tiny.fill(0)
    let echoed = ''
    await h.until(() => (echoed += peer.take()).length === 6)
    assert.equal(echoed, 'abcxyz')
  },
)

onEach('a line knows both of its addresses', async (h) => {
  const addresses: unknown[] = []
  const listener = await h.listen((fd) => {
    const event = h.loop.watch(fd, READ, () => {})
    addresses.push(event.localAddress)
    assert.ok('host' in event.remoteAddress)
    assert.equal(event.remoteAddress.host, '127.0.0.1')
    assert.ok(event.remoteAddress.port > 0)
  })
  await h.dial(listener.port)
  await h.until(() => addresses.length === 1)
  assert.deepEqual(addresses, [{ host: '127.0.0.1', port: listener.port }])
})
