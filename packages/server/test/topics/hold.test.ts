// Publishers that wait: in order, no longer than they may, for subscribers of other processes too, whose word has a lease.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../src/testing/index.ts'
import { Hold, HOLD_LEASE_MS } from '../../src/topics/hold.ts'

function stand(): { clock: FakeClock; hold: Hold; told: string[] } {
  const clock = new FakeClock()
  const told: string[] = []
  const hold = new Hold({
    clock,
    processName: () => 'me',
    tell: (message) => void told.push(message),
  })
  return { clock, hold, told }
}

function other(isHeld: boolean, process = 'other'): string {
  return JSON.stringify([process, 'news', isHeld])
}

async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

test('a held topic is told once, again while it is held, and when it is free', async () => {
  const { clock, hold, told } = stand()
  hold.hold('news')
  hold.hold('news')
  assert.deepEqual(told, ['["me","news",true]'])
  await clock.pass(HOLD_LEASE_MS / 3)
  assert.equal(told.length, 2)
  hold.release('news')
  assert.equal(hold.isHeld('news'), true)
  hold.release('news')
  assert.equal(hold.isHeld('news'), false)
  assert.equal(told.at(-1), '["me","news",false]')
  await clock.pass(HOLD_LEASE_MS)
  assert.equal(told.length, 3)
  assert.equal(clock.timerCount, 0)
})

test('who waits goes on when it is free, in order, and nobody overtakes', async () => {
  const { hold } = stand()
  const order: number[] = []
  hold.hold('news')
  for (const i of [1, 2]) void hold.wait('news', 10, 5_000).then(() => order.push(i))
  assert.equal(hold.waitingBytes('news'), 20)
  hold.release('news')
  assert.equal(hold.isHeld('news'), true, 'somebody waits before whoever comes now')
  void hold.wait('news', 10, 5_000).then(() => order.push(3))
  await turns()
  assert.deepEqual(order, [1, 2, 3])
  assert.deepEqual([hold.isHeld('news'), hold.waitingBytes('news')], [false, 0])
})

test('nobody waits longer than blockMs', async () => {
  const { clock, hold } = stand()
  let isDone = false
  hold.hold('news')
  void hold.wait('news', 1, 2_000).then(() => (isDone = true))
  await turns()
  for (let i = 0; i < 3; i++) {
    await clock.pass(600)
    await turns()
  }
  assert.equal(isDone, false)
  await clock.pass(300)
  await turns()
  assert.equal(isDone, true)
})

test('another process holds until it says otherwise, its lease is over, or it is gone', async () => {
  const { clock, hold } = stand()
  hold.heard(other(true))
  assert.equal(hold.isHeld('news'), true)
  hold.heard(other(true, 'third'))
  hold.heard(other(false))
  assert.equal(hold.isHeld('news'), true)
  hold.processGone('third')
  assert.equal(hold.isHeld('news'), false)
  hold.heard(other(true))
  await clock.pass(HOLD_LEASE_MS - 1)
  assert.equal(hold.isHeld('news'), true)
  await clock.pass(1)
  assert.equal(hold.isHeld('news'), false)
})

test('its own words, and what is none, hold nothing', () => {
  const { hold } = stand()
  for (const message of [JSON.stringify(['me', 'news', true]), '{', '[]', '[1,2,3]', 'null', '7']) {
    hold.heard(message)
    assert.equal(hold.isHeld('news'), false, message)
  }
})

test('when it stops nobody waits', async () => {
  const { clock, hold } = stand()
  hold.hold('news')
  const waiting = hold.wait('news', 1, 60_000)
  await turns()
  hold.stop()
  await waiting
  assert.equal(clock.timerCount, 0)
})
