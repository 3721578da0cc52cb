// So many connections in each second: the bucket by itself, and on each engine through a whole server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callbacks } from 'holdline/callbacks'
import { FakeClock } from 'holdline/testing'
import { Admission, resolveAdmission } from '../../src/server/admission.ts'
import { wireEngines, wireServer } from './wire-server.ts'

function secondsOf(response: string): number {
  return Number(/\r\nRetry-After: (\d+)\r\n/.exec(response)![1])
}

test('a burst at first, then so many in each second, and never more than a burst at once', () => {
  const clock = new FakeClock()
  const admission = new Admission({ perSecond: 10, burst: 5 }, clock, 1)
  const taken = (): number => {
    let count = 0
    while (admission.take()) count++
    return count
  }
  assert.equal(taken(), 5)
  assert.equal(taken(), 0)
  clock.advance(99)
  assert.equal(taken(), 0)
  clock.advance(1)
  assert.equal(taken(), 1)
  clock.advance(300)
  assert.equal(taken(), 3)
  clock.advance(60_000)
  assert.equal(taken(), 5)
})

test('a worker lets its share in, and at least one at a time', () => {
  const clock = new FakeClock()
  const admission = new Admission({ perSecond: 2, burst: 2 }, clock, 1 / 4)
  assert.ok(admission.take())
  assert.ok(!admission.take())
  clock.advance(1_999)
  assert.ok(!admission.take())
  clock.advance(1)
  assert.ok(admission.take())
})

test('Retry-After is spread over the time that letting all in takes, one minute at most', () => {
  const clock = new FakeClock()
  const drawn = [0, 0.5, 0.999]
  let place = 0
  const random = (): number => drawn[place++ % 3]!
  const admission = new Admission({ perSecond: 100, burst: 100 }, clock, 1, random)
  assert.equal(secondsOf(admission.refusal()), 1)
  for (let i = 0; i < 998; i++) admission.refusal()
  place = 2
  assert.equal(secondsOf(admission.refusal()), 10)
  for (let i = 0; i < 20_000; i++) admission.refusal()
  place = 2
  assert.equal(secondsOf(admission.refusal()), 60)
  // As time passes there is room for those who wait.
  clock.advance(300_000)
  admission.take()
  place = 2
  assert.equal(secondsOf(admission.refusal()), 1)
})

test('what comes back when it was asked to is a ramp: nobody waits for much longer than it takes', () => {
  const clock = new FakeClock()
  let seed = 7
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const admission = new Admission({ perSecond: 500, burst: 500 }, clock, 1, random)
  let most = 0
  let inside = 0
  let attempts = 0
  const come = (): void => {
    attempts++
    if (admission.take()) inside++
    else clock.setTimer(secondsOf(admission.refusal()) * 1_000 + random() * 1_000, come)
  }
  for (let i = 0; i < 10_000; i++) come()
  let seconds = 0
  while (inside < 10_000 && seconds < 120) {
    const before = inside
    clock.advance(1_000)
    seconds++
    most = Math.max(most, inside - before)
  }
  assert.equal(inside, 10_000)
  assert.ok(most <= 1_000, `${most} in a second`)
  // 20 seconds is what the rate allows.
  assert.ok(seconds < 60, `all are in after ${seconds} s`)
  assert.ok(attempts < 60_000, `${attempts} attempts`)
})

test('options out of range are refused', () => {
  for (const options of [
    { perSecond: 0 },
    { perSecond: 1.5 },
    { perSecond: 1, burst: 0 },
    { perSecond: 1, more: 1 },
    {},
    7,
    null,
  ]) {
    assert.throws(() => resolveAdmission(options as never), { code: 'ERR_OPTION_INVALID' })
  }
  assert.equal(resolveAdmission(undefined), null)
  assert.deepEqual(resolveAdmission({ perSecond: 7 }), { perSecond: 7, burst: 7 })
})

for (const engine of wireEngines) {
  test(`${engine}: beyond the burst 503 with Retry-After, before any function of the route, and counted`, async () => {
    let asked = 0
    await using wire = await wireServer(engine, {
      admission: { perSecond: 1, burst: 3 },
      routes: {
        '/': callbacks({
          upgrade: () => void asked++,
          message: (c, data) => void c.send(data),
        }),
      },
    })
    const open = [await wire.connect(), await wire.connect(), await wire.connect()]
    for (let i = 0; i < 5; i++) {
      const peer = await wire.dial()
      await peer.answered()
      assert.equal(peer.status, 503)
      assert.match(peer.header('retry-after')!, /^\d+$/)
    }
    assert.equal(asked, 3)
    assert.deepEqual((await wire.server.stats()).refusals, { ERR_UPGRADE_ADMISSION: 5 })
    for (const peer of open) {
      peer.text('still here')
      assert.equal(await peer.message(), 'still here')
    }
    await wire.pass(1_100)
    await wire.connect()
  })
}

test('who would not be let in anyway takes nobody’s place', async () => {
  await using wire = await wireServer('memory', {
    admission: { perSecond: 1 },
    routes: { '/': callbacks({ message: () => {} }) },
  })
  for (const [path, headers, status] of [
    ['/none', {}, 404],
    ['/', { origin: 'https://evil.example' }, 403],
    ['/', { 'sec-websocket-version': '8' }, 426],
  ] as const) {
    const peer = await wire.dial(path, { headers })
    await peer.answered()
    assert.equal(peer.status, status)
  }
  await wire.connect()
})

test('a refused request does not count against the limit of connections', async () => {
  await using wire = await wireServer('memory', {
    admission: { perSecond: 1 },
    routes: { '/': callbacks({ limits: { connections: 2 }, message: () => {} }) },
  })
  await wire.connect()
  for (let i = 0; i < 3; i++) await (await wire.dial()).answered()
  await wire.pass(2_000)
  await wire.connect()
})
