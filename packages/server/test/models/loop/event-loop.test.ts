// The properties of a raw event loop (select, epoll, kqueue, libevent), by name, on every backend.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AGAIN, EDGE, ONESHOT, PERSIST, READ, TIMEOUT, WRITE } from 'holdline/loop'
import type { LoopEvent } from 'holdline/loop'
import { backends, LoopHarness, onEach } from './loop-harness.ts'

const room = Buffer.alloc(1_024)

/** All that is there now. */
function readAll(event: LoopEvent<unknown>, buffer: Uint8Array = room): string {
  let text = ''
  for (let n: number; (n = event.read(buffer)) > 0;) {
    text += Buffer.from(buffer.subarray(0, n)).toString('latin1')
  }
  return text
}

onEach('readiness is not completion: being told moves no byte, reading does', async (h) => {
  const { fd, peer } = await h.line()
  let told = 0
  const event = h.loop.watch(fd, READ | PERSIST, () => told++)
  peer.send('hello')
  await h.until(() => told >= 3)
  const two = Buffer.alloc(2)
  assert.equal(event.read(two), 2)
  assert.equal(two.toString(), 'he')
  assert.equal(readAll(event), 'llo')
  assert.equal(event.read(room), AGAIN)
})

onEach('readiness is not completion: it may be gone when the callback comes', async (h) => {
  const [one, two] = [await h.line(), await h.line()]
  const seen: string[] = []
  const read = (event: LoopEvent<string>): void => {
    seen.push(event.data)
    // Whoever comes first reads both.
    readAll(first)
    readAll(second)
    assert.equal(event.read(room), AGAIN)
  }
  h.loop.stop()
  const first = h.loop.watch(one.fd, READ | PERSIST, read, 'one')
  const second = h.loop.watch(two.fd, READ | PERSIST, read, 'two')
  one.peer.send('x')
  two.peer.send('y')
  await h.quiet()
  h.loop.runOnce()
  assert.deepEqual(seen.toSorted(), ['one', 'two'])
})

onEach(
  'spurious wake-ups are allowed: a callback that reads AGAIN goes on unharmed',
  async (h) => {
    const [{ fd, peer }, silent] = [await h.line(), await h.line()]
    let text = ''
    let empty = 0
    const read = (event: LoopEvent): void => {
      const n = event.read(room)
      if (n === AGAIN) empty++
      else text += room.toString('latin1', 0, n)
    }
    h.loop.watch(fd, READ | PERSIST, read)
    h.loop.watch(silent.fd, READ | PERSIST, read)
    const sent = 'abcdefghijklmnopqrstuvwxyz'.repeat(4)
    for (const letter of sent) {
      peer.send(letter)
      await h.turn()
    }
    await h.until(() => text === sent)
    if (h.backend === 'sim') assert.ok(empty > 0, 'the simulation told nothing spurious')
  },
  { seed: 7, spurious: 0.5 },
)

onEach('level-triggered: refires while data remain, and only then', async (h) => {
  const { fd, peer } = await h.line()
  const one = Buffer.alloc(1)
  let text = ''
  let told = 0
  h.loop.watch(fd, READ | PERSIST, (event) => {
    told++
    if (event.read(one) === 1) text += one.toString()
  })
  peer.send('0123456789')
  await h.until(() => text === '0123456789')
  assert.ok(told >= 10)
  await h.quiet()
  const before = told
  await h.quiet()
  assert.equal(told, before)
})

onEach('edge-triggered: only on change, also while data remain', async (h) => {
  const { fd, peer } = await h.line()
  let told = 0
  const event = h.loop.watch(fd, READ | PERSIST | EDGE, () => told++)
  peer.send('ab')
  await h.until(() => told > 0)
  await h.quiet()
  const before = told
  await h.quiet()
  assert.equal(told, before, 'nothing changed')
  event.read(Buffer.alloc(1))
  await h.quiet()
  assert.equal(told, before, 'reading is no change')
  peer.send('c')
  await h.until(() => told > before)
  assert.equal(readAll(event), 'bc')
})

onEach('edge-triggered: what is ready when it is watched is a change', async (h) => {
  const { fd, peer } = await h.line()
  peer.send('early')
  await h.quiet()
  let text = ''
  h.loop.watch(fd, READ | PERSIST | EDGE, (event) => (text += readAll(event)))
  await h.until(() => text === 'early')
})

onEach('edge-triggered: the end is a change', async (h) => {
  const { fd, peer } = await h.line()
  const results: number[] = []
  h.loop.watch(fd, READ | PERSIST | EDGE, (event) => {
    readAll(event)
    results.push(event.read(room))
  })
  peer.end()
  await h.until(() => results.includes(0))
})

onEach('WRITE: AGAIN when the line is full, told when there is room again', async (h) => {
  const { fd, peer } = await h.line()
  peer.pause()
  const bytes = Buffer.alloc(65_536, 'x')
  let written = 0
  let isFull = false
  let told = 0
  const event = h.loop.watch(fd, WRITE | PERSIST | EDGE, () => told++)
  while (!isFull) {
    for (let n: number; (n = event.write(bytes)) > 0;) written += n
    const toldBefore = told
    await h.quiet()
    // The kernel moves bytes to the other side meanwhile.
    isFull = told === toldBefore && event.write(bytes) === AGAIN
  }
  assert.ok(written >= 65_536)
  const before = told
  peer.resume()
  let received = 0
  await h.until(() => {
    received += peer.take().length
    return received >= written && told > before
  })
  assert.equal(event.write(Buffer.from('y')), 1)
})

onEach('without PERSIST: fires once, and again after `add`', async (h) => {
  const { fd, peer } = await h.line()
  let told = 0
  const event = h.loop.watch(fd, READ, () => {
    assert.equal(event.isPending, false)
    told++
  })
  assert.equal(event.isPending, true)
  peer.send('x')
  await h.until(() => told === 1)
  peer.send('y')
  await h.quiet()
  assert.equal(told, 1)
  event.add()
  await h.until(() => told === 2)
  assert.equal(readAll(event), 'xy')
})

onEach('ONESHOT: disarmed when it fired, armed by `update` or `add`', async (h) => {
  const { fd, peer } = await h.line()
  let told = 0
  const event = h.loop.watch(fd, READ | PERSIST | ONESHOT, () => told++)
  peer.send('x')
  await h.until(() => told === 1)
  await h.quiet()
  assert.equal(told, 1)
  assert.equal(event.isPending, true)
  event.update(READ | PERSIST | ONESHOT)
  await h.until(() => told === 2)
  await h.quiet()
  event.add()
  await h.until(() => told === 3)
  await h.quiet()
  assert.equal(told, 3)
})

onEach('deleting inside a callback: itself', async (h) => {
  const { fd, peer } = await h.line()
  let told = 0
  const event = h.loop.watch(fd, READ | PERSIST, () => {
    told++
    event.del()
  })
  peer.send('x')
  await h.until(() => told === 1)
  await h.quiet()
  assert.equal(told, 1)
  assert.equal(readAll(event), 'x')
})

onEach('deleting inside a callback: another that is ready in the same turn', async (h) => {
  const lines = [await h.line(), await h.line(), await h.line()]
  h.loop.stop()
  const told: number[] = []
  const events = lines.map(({ fd }, i) =>
    h.loop.watch(fd, READ | PERSIST, () => {
      told.push(i)
      for (const [j, other] of events.entries()) if (j !== i) other.del()
    }),
  )
  for (const { peer } of lines) peer.send('x')
  await h.quiet()
  h.loop.runOnce()
  assert.equal(told.length, 1)
  h.loop.runOnce()
  assert.deepEqual(told, [told[0], told[0]])
})

onEach('deleting inside a callback: closing another that is ready in the same turn', async (h) => {
  const lines = [await h.line(), await h.line(), await h.line()]
  h.loop.stop()
  let told = 0
  const events = lines.map(({ fd }) =>
    h.loop.watch(fd, READ | PERSIST, (event) => {
      told++
      for (const other of events) if (other !== event) other.close()
      readAll(event)
    }),
  )
  for (const { peer } of lines) peer.send('x')
  await h.quiet()
  h.loop.runOnce()
  h.loop.runOnce()
  assert.equal(told, 1)
  assert.equal(events.filter(({ isClosed }) => isClosed).length, 2)
})

onEach('deleting inside a callback: a descriptor used again is not told of its past', async (h) => {
  const a = await h.line()
  const b = await h.line()
  h.loop.stop()
  const late: string[] = []
  let again = -1
  const swap = (event: LoopEvent<LoopEvent<unknown> | null>): void => {
    // The number of the other is free from here on, and the next descriptor gets it.
    const other = event === first ? second : first
    const { fd } = other
    other.close()
    const unused: number[] = []
    const next = (): number => h.loop.connect({ port: 9, host: '127.0.0.1' })
    for (again = next(); again !== fd; again = next()) unused.push(again)
    for (const other of unused) h.loop.close(other)
    h.loop.watch(again, READ | PERSIST, () => late.push('told'))
    readAll(event)
  }
  const first = h.loop.watch(a.fd, READ | PERSIST, swap, null)
  const second = h.loop.watch(b.fd, READ | PERSIST, swap, null)
  a.peer.send('x')
  b.peer.send('y')
  await h.quiet()
  assert.equal(h.loop.runOnce(), 1)
  assert.deepEqual(late, [])
})

onEach('timeouts: a silent line is told with TIMEOUT, one that speaks is not', async (h) => {
  const { fd, peer } = await h.line()
  const told: number[] = []
  const event = h.loop.watch(
    fd,
    READ | PERSIST,
    (e, what) => {
      told.push(what)
      if (what === READ) readAll(e)
    },
    undefined,
    { timeoutMs: 1_000 },
  )
  await h.pass(900)
  peer.send('x')
  await h.until(() => told.length === 1)
  await h.pass(900)
  assert.deepEqual(told, [READ])
  await h.pass(100)
  assert.deepEqual(told, [READ, TIMEOUT])
  await h.pass(1_000)
  assert.deepEqual(told, [READ, TIMEOUT, TIMEOUT], 'PERSIST: the time begins anew')
  event.del()
  await h.pass(5_000)
  assert.equal(told.length, 3)
})

onEach('timeouts: without PERSIST once, whether silent or not', async (h) => {
  const { fd, peer } = await h.line()
  const told: number[] = []
  const watch = (): LoopEvent =>
    h.loop.watch(fd, READ, (_, what) => told.push(what), undefined, { timeoutMs: 50 })
  const event = watch()
  await h.pass(60)
  assert.deepEqual(told, [TIMEOUT])
  peer.send('x')
  await h.pass(60)
  assert.deepEqual(told, [TIMEOUT], 'it is over')
  event.add()
  await h.until(() => told.length === 2)
  await h.pass(60)
  assert.deepEqual(told, [TIMEOUT, READ])
})

onEach(
  'timers: in the same loop, once or again and again, in the order of their times',
  async (h) => {
    const told: string[] = []
    h.loop.timer(30, () => told.push('30'))
    h.loop.timer(10, () => told.push('10'))
    const dropped = h.loop.timer(20, () => told.push('20'))
    const tick = h.loop.timer(25, () => told.push('tick'), { repeats: true })
    dropped.del()
    await h.pass(60)
    assert.deepEqual(told, ['10', 'tick', '30', 'tick'])
    tick.del()
    const again = h.loop.timer(10, () => told.push('again'))
    again.restart(100)
    await h.pass(50)
    assert.equal(told.length, 4)
    await h.pass(50)
    assert.equal(told.at(-1), 'again')
    again.restart()
    await h.pass(100)
    assert.deepEqual(told.slice(-2), ['again', 'again'])
  },
)

onEach('signals: in the same loop', async (h) => {
  const told: string[] = []
  const signal = h.loop.signal('SIGWINCH', (name) => told.push(name))
  const raise = (): void => {
    if (h.backend === 'sim') h.network.raise('SIGWINCH')
    else process.kill(process.pid, 'SIGWINCH')
  }
  raise()
  await h.until(() => told.length === 1)
  assert.deepEqual(told, ['SIGWINCH'])
  signal.del()
  raise()
  await h.quiet()
  assert.equal(told.length, 1)
})

onEach('priorities: lower ones first in one turn, events, timers and signals alike', async (h) => {
  const [high, low] = [await h.line(), await h.line()]
  h.loop.stop()
  const told: string[] = []
  h.loop.watch(low.fd, READ | PERSIST, () => told.push('line 6'), undefined, { priority: 6 })
  h.loop.timer(0, () => told.push('timer 5'), { priority: 5 })
  h.loop.timer(0, () => told.push('timer 0'), { priority: 0 })
  h.loop.watch(high.fd, READ | PERSIST, () => told.push('line 1'), undefined, { priority: 1 })
  const isRaised = new Promise<void>((resolve) => process.once('SIGWINCH', () => resolve()))
  h.loop.signal('SIGWINCH', () => told.push('signal 3'), { priority: 3 })
  low.peer.send('x')
  high.peer.send('x')
  if (h.backend === 'sim') h.network.raise('SIGWINCH')
  process.kill(process.pid, 'SIGWINCH')
  await isRaised
  await h.quiet()
  assert.deepEqual(told, [])
  h.loop.runOnce()
  assert.deepEqual(told, ['timer 0', 'line 1', 'signal 3', 'timer 5', 'line 6'])
})

onEach('stop: nothing runs behind the callback that is under way, until run', async (h) => {
  const lines = [await h.line(), await h.line(), await h.line()]
  let told = 0
  h.loop.stop()
  const events = lines.map(({ fd }) =>
    h.loop.watch(fd, READ | PERSIST, (event) => {
      told++
      readAll(event)
      if (told === 1) h.loop.stop()
    }),
  )
  for (const { peer } of lines) peer.send('x')
  await h.quiet()
  const running = h.loop.run()
  await h.until(() => told === 1)
  await running
  await h.quiet()
  assert.equal(told, 1)
  const again = h.loop.run()
  await h.until(() => told === 3)
  for (const event of events) event.close()
  await again
})

onEach('run ends when there is nothing left to wait for', async (h) => {
  await h.loop.run()
  let told = 0
  h.loop.timer(10, () => told++)
  h.loop.signal('SIGWINCH', () => {})
  const running = h.loop.run()
  let isOver = false
  void running.then(() => (isOver = true))
  await h.quiet()
  assert.equal(isOver, false)
  await h.pass(10)
  await running
  assert.equal(told, 1)
})

onEach(
  'a callback that throws costs its descriptor, is reported, and the loop lives',
  async (h) => {
    const [bad, good] = [await h.line(), await h.line()]
    let text = ''
    const event = h.loop.watch(bad.fd, READ | PERSIST, () => {
      throw new Error('oh')
    })
    h.loop.watch(good.fd, READ | PERSIST, (e) => (text += readAll(e)))
    bad.peer.send('x')
    good.peer.send('y')
    await h.until(() => text === 'y' && event.isClosed)
    const [failure] = h.failures.splice(0)
    assert.equal(failure!.error.code, 'ERR_LOOP_CALLBACK')
    assert.equal((failure!.error.cause as Error).message, 'oh')
    assert.equal(failure!.fd, bad.fd)
    await h.until(() => bad.peer.isEnded || bad.peer.isReset)
    good.peer.send('z')
    await h.until(() => text === 'yz')
  },
)

onEach('a callback that rejects costs its descriptor too', async (h) => {
  const { fd, peer } = await h.line()
  const event = h.loop.watch(fd, READ | PERSIST, async (e) => {
    readAll(e)
    await Promise.resolve()
    throw new Error('later')
  })
  peer.send('x')
  await h.until(() => event.isClosed)
  const [failure] = h.failures.splice(0)
  assert.equal((failure!.error.cause as Error).message, 'later')
})

onEach('a timer or a signal that throws is reported', async (h) => {
  h.loop.timer(1, () => {
    throw new Error('timer')
  })
  h.loop.timer(1, async () => {
    throw new Error('async timer')
  })
  let told = 0
  h.loop.timer(2, () => told++)
  await h.pass(5)
  assert.deepEqual(
    h.failures.splice(0).map(({ error, fd }) => [(error.cause as Error).message, fd]),
    [
      ['timer', null],
      ['async timer', null],
    ],
  )
  assert.equal(told, 1)
})

onEach('shutDown: closes every descriptor; then everything is refused', async (h) => {
  const { fd, peer } = await h.line()
  const event = h.loop.watch(fd, READ | PERSIST, () => assert.fail('told after the end'))
  const running = h.loop.run()
  h.loop.shutDown()
  h.loop.shutDown()
  await running
  await h.until(() => peer.isEnded || peer.isReset)
  assert.equal(event.isClosed, true)
  const closed = { code: 'ERR_LOOP_CLOSED' }
  assert.throws(() => h.loop.watch(fd, READ, () => {}), closed)
  assert.throws(() => h.loop.timer(1, () => {}), closed)
  assert.throws(() => h.loop.connect({ port: 1 }), closed)
  assert.throws(() => h.loop.runOnce(), closed)
  assert.throws(() => h.loop.run(), closed)
  await assert.rejects(
    h.loop.listen({ port: 0 }, () => {}),
    closed,
  )
})

onEach('connect: WRITE when the line is made', async (h) => {
  const accepted: LoopEvent[] = []
  const listener = await h.listen((fd) => {
    accepted.push(h.loop.watch(fd, READ | PERSIST, (e) => void e.write(Buffer.from(readAll(e)))))
  })
  const fd = h.loop.connect({ port: listener.port })
  let text = ''
  let isMade = false
  const event = h.loop.watch(fd, WRITE, () => {
    assert.equal(event.error(), 0)
    isMade = true
    event.update(READ | PERSIST)
    event.add()
    assert.equal(event.write(Buffer.from('over and back')), 13)
  })
  await h.until(() => isMade)
  const reading = event.flags
  assert.equal(reading, READ | PERSIST)
  await h.until(() => {
    text += readAll(event)
    return text === 'over and back'
  })
})

onEach('connect: a line that is refused is told with WRITE, and `error` says it', async (h) => {
  const listener = await h.listen(() => {})
  const { port } = listener
  listener.close()
  await h.quiet()
  const errors: number[] = []
  const event = h.loop.watch(h.loop.connect({ port }), WRITE, () => errors.push(event.error()))
  await h.until(() => errors.length > 0)
  assert.deepEqual(errors, [-111])
})

onEach('a reset line reads ECONNRESET', async (h) => {
  const { fd, peer } = await h.line()
  const results: number[] = []
  h.loop.watch(fd, READ | PERSIST, (event) => {
    results.push(event.read(room))
    event.close()
  })
  peer.reset()
  await h.until(() => results.length > 0)
  assert.deepEqual(results, [-104])
})

onEach('endWriting ends one direction only', async (h) => {
  const { fd, peer } = await h.line()
  let text = ''
  const event = h.loop.watch(fd, READ | PERSIST, (e) => (text += readAll(e)))
  event.write(Buffer.from('bye'))
  event.endWriting()
  await h.until(() => peer.isEnded)
  assert.equal(peer.take(), 'bye')
  peer.send('still here')
  await h.until(() => text === 'still here')
  assert.equal(event.write(Buffer.from('x')), -32)
})

test('promises of a callback go on before the next turn of Node (epoll)', async () => {
  for (const backend of backends.filter((name) => name !== 'sim')) {
    const h = new LoopHarness(backend)
    try {
      const { fd, peer } = await h.line()
      const order: string[] = []
      h.loop.watch(fd, READ | PERSIST, (event) => {
        readAll(event)
        setImmediate(() => order.push('immediate'))
        void Promise.resolve().then(() => order.push('promise'))
        process.nextTick(() => order.push('tick'))
      })
      peer.send('x')
      await h.until(() => order.length === 3)
      assert.equal(order.at(-1), 'immediate')
    } finally {
      h.close()
    }
  }
})
