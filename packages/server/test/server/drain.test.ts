// Connections are sent away at an even rate, on each engine; who can be told is told, and keeps the slot.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Behavior, Leave } from '../../src/connection/connection.ts'
import type { HeldConnection } from '../../src/connection/held-connection.ts'
import type { Route } from '../../src/connection/route.ts'
import { Drain, pacing, resolveSpread, shuffled } from '../../src/server/drain.ts'
import { callbacks } from 'holdline/callbacks'
import { FakeClock } from 'holdline/testing'
import type { WirePeer } from 'holdline/testing'
import { wireEngines, wireServer } from './wire-server.ts'

class Leaver {
  readonly canBeToldToLeave: boolean
  readonly events: [ms: number, what: string, more: unknown][] = []
  readonly clock: FakeClock

  constructor(clock: FakeClock, canBeToldToLeave: boolean) {
    this.clock = clock
    this.canBeToldToLeave = canBeToldToLeave
  }

  close(code: number): void {
    this.events.push([this.clock.now() - 1_000, 'close', code])
  }

  tellToLeave(leave: Leave): void {
    this.events.push([this.clock.now() - 1_000, 'told', leave])
  }
}

function leavers(clock: FakeClock, count: number, canBeTold: boolean) {
  const all = Array.from({ length: count }, () => new Leaver(clock, canBeTold))
  return { all, connections: all as unknown as HeldConnection[] }
}

const farewell = { code: 1001, reason: 'maintenance', spreadMs: 2_000, marginMs: 500, url: null }

test('the slots of a thousand are even over the spread, and in no order', () => {
  const clock = new FakeClock()
  const { all, connections } = leavers(clock, 1_000, false)
  const drain = new Drain(clock, connections, farewell)
  clock.advance(5_000)
  const times = all.map(({ events }) => {
    assert.equal(events.length, 1)
    assert.deepEqual(events[0]!.slice(1), ['close', 1001])
    return events[0]![0]
  })
  for (let from = 0; from < 2_000; from += 100) {
    const count = times.filter((ms) => ms >= from && ms < from + 100).length
    assert.equal(count, 50, `from ${from} ms`)
  }
  const inOrder = times.filter((ms, i) => i > 0 && ms >= times[i - 1]!).length
  assert.ok(inOrder < 700, 'those who came together do not leave together')
  assert.equal(clock.timerCount, 0)
  drain.stop()
})

test('who can be told is told its slot first, and closed a margin after it, with 1012', () => {
  const clock = new FakeClock()
  const { all, connections } = leavers(clock, 2_500, true)
  const drain = new Drain(clock, connections, { ...farewell, url: 'wss://b.example/' })
  clock.advance(5_000)
  const toldAtOnce = all.filter(({ events }) => events[0]![0] === 0)
  assert.equal(toldAtOnce.length, 1_000)
  for (const { events } of all) {
    const [[toldAtMs, , leave], [closedAtMs, , code]] = events as [
      [number, string, Leave],
      [number, string, number],
    ]
    assert.ok(toldAtMs <= 40, 'a thousand in a tick')
    assert.deepEqual([leave.reason, leave.url], ['maintenance', 'wss://b.example/'])
    assert.equal(code, 1012)
    const slotMs = toldAtMs + leave.afterMs
    assert.ok(slotMs < 2_000)
    assert.ok(closedAtMs >= slotMs + 500 && closedAtMs <= slotMs + 520, `${closedAtMs} ${slotMs}`)
  }
  drain.stop()
})

test('one that is stopped sends nobody more away', () => {
  const clock = new FakeClock()
  const { all, connections } = leavers(clock, 100, false)
  const drain = new Drain(clock, connections, farewell)
  clock.advance(990)
  drain.stop()
  clock.advance(5_000)
  assert.equal(all.filter(({ events }) => events.length > 0).length, 50)
  assert.equal(clock.timerCount, 0)
})

test('a drain ends within the grace, with time for close handshakes', () => {
  assert.deepEqual(pacing(10, 10_000, null), { spreadMs: 10, marginMs: 1_000 })
  assert.deepEqual(pacing(50_000, 10_000, null), { spreadMs: 5_000, marginMs: 1_000 })
  assert.deepEqual(pacing(10, 1_000, 4_000), { spreadMs: 500, marginMs: 250 })
  assert.deepEqual(pacing(10, 0, null), { spreadMs: 0, marginMs: 0 })
})

test('options out of range are refused', () => {
  for (const options of [{ spreadMs: -1 }, { spreadMs: 5_001 }, { wrong: 1 }, 7, null]) {
    assert.throws(() => resolveSpread(options as never, 10_000), { code: 'ERR_OPTION_INVALID' })
  }
  assert.equal(resolveSpread({ spreadMs: 5_000 }, 10_000), 5_000)
  assert.equal(resolveSpread({}, 10_000), null)
  assert.equal(resolveSpread(undefined, 10_000), null)
})

test('every order is as likely', () => {
  const counts = new Map<string, number>()
  let seed = 11
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  for (let i = 0; i < 6_000; i++) {
    const order = shuffled(['a', 'b', 'c'], random).join('')
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  assert.equal(counts.size, 6)
  for (const [order, count] of counts) assert.ok(count > 850 && count < 1_150, `${order} ${count}`)
})

// --- Through a whole server

const COUNT = 1_000

for (const engine of wireEngines) {
  test(`${engine}: 1,000 connections leave over two seconds at an even rate`, async () => {
    const wire = await wireServer(engine, {
      graceMs: 20_000,
      drain: { spreadMs: 2_000 },
      routes: { '/': callbacks({ message: () => {} }) },
    })
    const peers: WirePeer[] = []
    while (peers.length < COUNT) {
      peers.push(...(await Promise.all(Array.from({ length: 50 }, () => wire.connect()))))
    }
    let isOver = false
    const closing = wire.server.close().then(() => (isOver = true))
    const told = new Set<WirePeer>()
    // How many have been told by each tenth of the spread.
    const byTenth: number[] = []
    const startedAt = performance.now()
    while (!isOver) {
      for (const peer of peers) {
        if (told.has(peer) || peer.frameCount === 0) continue
        told.add(peer)
        assert.deepEqual(await peer.closeFrame(), [1001, ''])
        peer.close(1001)
        peer.end()
      }
      byTenth.push(told.size)
      if (engine === 'memory') await wire.pass(200)
      else {
        const dueMs = byTenth.length * 200 - (performance.now() - startedAt)
        if (dueMs > 0) await wire.pass(dueMs)
      }
    }
    await closing
    // A machine under load is late, never early.
    const spread = byTenth.slice(0, 11)
    for (const [tenth, count] of spread.entries()) {
      assert.ok(count <= (tenth + 1) * 100 + 60, `${count} after ${tenth} tenths`)
    }
    assert.ok(byTenth.at(-1)! >= COUNT * 0.99 || told.size >= COUNT * 0.99)
    assert.ok(byTenth.length >= 10, 'not at once')
  })
}

/** A route whose other side is told in words. */
function talking(heard: Leave[]): Route {
  const behavior: Behavior = {
    message: () => {},
    close: () => {},
    leaving(c, leave) {
      heard.push(leave)
      c.send(`goaway ${leave.afterMs} ${leave.url}`)
    },
  }
  return { model: 'talking', behavior }
}

for (const engine of wireEngines) {
  test(`${engine}: who is told and leaves is not closed; who stays is, with 1012`, async () => {
    const heard: Leave[] = []
    const wire = await wireServer(engine, {
      graceMs: 2_000,
      routes: { '/': talking(heard), '/plain': callbacks({ message: () => {} }) },
    })
    const [leaves, stays, plain] = [
      await wire.connect(),
      await wire.connect(),
      await wire.connect('/plain'),
    ]
    const closing = wire.server.close({ reason: 'new version' })
    assert.match(String(await leaves.message()), /^goaway \d+ null$/)
    leaves.close(1000)
    assert.deepEqual(await leaves.closeFrame(), [1000, ''])
    leaves.end()
    assert.deepEqual(await plain.closeFrame(), [1001, 'new version'])
    plain.close(1001)
    plain.end()
    await stays.message()
    assert.deepEqual(await stays.closeFrame(), [1012, 'new version'])
    stays.close(1012)
    stays.end()
    await wire.settled(closing)
    assert.equal(heard.length, 2)
    assert.equal(heard[0]!.reason, 'new version')
  })
}

test('a behavior that throws when it should say goodbye closes that connection alone', async () => {
  const behavior: Behavior = {
    message: () => {},
    close: () => {},
    leaving() {
      throw new Error('mine')
    },
  }
  const wire = await wireServer('memory', { routes: { '/': { model: 'bad', behavior } } })
  const peer = await wire.connect()
  const closing = wire.server.close()
  assert.equal((await peer.closeFrame())?.[0], 1011)
  peer.end()
  await wire.settled(closing)
})

test('shed: a part of the connections is sent elsewhere, the others stay', async () => {
  const heard: Leave[] = []
  await using wire = await wireServer('memory', {
    routes: { '/': talking(heard), '/plain': callbacks({ message: (c, m) => void c.send(m) }) },
  })
  const told = [await wire.connect(), await wire.connect()]
  const plain = [await wire.connect('/plain'), await wire.connect('/plain')]
  assert.equal(await wire.server.shed({ fraction: 0.5, overMs: 1_000, url: 'wss://b.example/' }), 2)
  await wire.pass(20_000)
  const gone = [...told, ...plain].filter(({ isClosed }) => isClosed)
  assert.equal(gone.length, 2)
  for (const peer of gone) {
    while (peer.frameCount > 1) await peer.frame()
    assert.deepEqual(await peer.closeFrame(), [1012, ''])
  }
  for (const leave of heard) assert.equal(leave.url, 'wss://b.example/')
  assert.equal((await wire.server.stats()).connections, 2)
  assert.equal((await wire.server.stats()).isDraining, false)
  await wire.connect()
  assert.throws(() => wire.server.shed({}), { code: 'ERR_OPTION_INVALID' })
})
