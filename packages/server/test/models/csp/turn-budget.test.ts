// Fairness: tasks that always find one another ready share the process with its timers and sockets.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { after, channel, select, send } from 'holdline/csp'
import type { Channel } from 'holdline/csp'

/** For a machine that does other things as well; without a budget it would be for ever. */
const patienceMs = 10_000

/** Runs two tasks that play ping-pong until `until` settles; gives how often they did. */
async function whilePlaying(
  play: (ping: Channel<number>, pong: Channel<number>) => Promise<void>,
  capacity: number,
  until: Promise<unknown>,
): Promise<number> {
  const [ping, pong] = [channel<number>(capacity), channel<number>(capacity)]
  let isOver = false
  let rounds = 0
  void until.then(() => (isOver = true))
  const server = (async () => {
    while (!isOver) {
      await play(ping, pong)
      rounds++
    }
    ping.close()
  })()
  const answerer = (async () => {
    for await (const n of ping) if (!pong.trySend(n)) await pong.send(n)
  })()
  await Promise.all([server, answerer])
  return rounds
}

async function pingPong(ping: Channel<number>, pong: Channel<number>): Promise<void> {
  await ping.send(1)
  await pong.receive()
}

async function pingPongBySelect(ping: Channel<number>, pong: Channel<number>): Promise<void> {
  await select({ out: send(ping, 1) })
  await select({ pong })
}

for (const [name, play, capacity] of [
  ['unbuffered', pingPong, 0],
  ['buffered', pingPong, 4],
  ['by select', pingPongBySelect, 0],
] as const) {
  test(`a task that ping-pongs for ever (${name}) yields: a timer is served`, async () => {
    const startedMs = performance.now()
    const timer = new Promise<void>((resolve) => setTimeout(resolve, 20))
    const rounds = await whilePlaying(play, capacity, timer)
    const tookMs = performance.now() - startedMs
    assert.ok(rounds > 0)
    assert.ok(tookMs < patienceMs, `a timer of 20 ms came after ${tookMs} ms`)
  })
}

test('a task that ping-pongs for ever yields: a socket is served', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const line = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let answers = 0
  const served = new Promise<void>((resolve) => {
    line.on('connect', () => line.write('x'))
    line.on('data', () => {
      if (++answers === 20) resolve()
      else line.write('x')
    })
  })
  const rounds = await whilePlaying(pingPong, 0, served)
  assert.equal(answers, 20)
  assert.ok(rounds > 0)
  line.destroy()
  server.close()
})

test('tasks that do much between their operations yield too', async () => {
  const ch = channel<number>(1)
  let isOver = false
  setTimeout(() => (isOver = true), 5)
  const startedMs = performance.now()
  while (!isOver) {
    await ch.send(1)
    await ch.receive()
    const busyUntilMs = performance.now() + 1
    while (performance.now() < busyUntilMs);
  }
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs < patienceMs, `a timer of 5 ms came after ${tookMs} ms`)
})

test('a channel that is always ready yields to `after`', async () => {
  const ready = channel<never>()
  ready.close()
  const timeout = after(20)
  const waiting = timeout.receive()
  let isOver = false
  void waiting.then(() => (isOver = true))
  while (!isOver) await ready.receive()
  assert.equal((await waiting).ok, true)
})

test('what was delayed to the next turn arrives whole and in order', async () => {
  const ch = channel<number>(1)
  const count = 50_000
  const sending = (async () => {
    for (let i = 0; i < count; i++) await ch.send(i)
    ch.close()
  })()
  let expected = 0
  for await (const value of ch) assert.equal(value, expected++)
  assert.equal(expected, count)
  await sending
})
