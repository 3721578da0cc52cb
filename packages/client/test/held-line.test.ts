// What Client and LiveLine share; most of it is said in client.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldLine } from '../src/held-line.ts'
import type { LineOptions } from '../src/options.ts'
import { FakeEnvironment } from './fake-environment.ts'

function setUp(options: LineOptions = {}): { line: HeldLine; world: FakeEnvironment } {
  const world = new FakeEnvironment()
  const line: HeldLine = new HeldLine(
    'ws://a/',
    [],
    { environment: world, ...options },
    {
      opened: () => {},
      received: () => {},
      ended: () => 0,
    },
  )
  line.start()
  return { line, world }
}

test('an open WebSocket is no open line until the speaker says so, within the connect timeout', () => {
  const { line, world } = setUp()
  world.socket.open()
  assert.equal(line.state, 'connecting')
  world.advance(10_000)
  assert.equal(line.state, 'reconnecting')
  line.retry()
  world.socket.open()
  line.establish()
  assert.equal(line.state, 'open')
})

test('it leaves at once where it was steady, and with backoff where it was not', () => {
  const waits: number[] = []
  const { line, world } = setUp({
    onState: (_, { retryInMs }) => {
      if (retryInMs !== undefined) waits.push(retryInMs)
    },
  })
  for (let round = 0; round < 4; round += 1) {
    world.socket.open()
    line.establish()
    line.leave(undefined)
    line.retry()
  }
  world.socket.open()
  line.establish()
  world.advance(5000)
  line.leave('ws://b/')
  assert.deepEqual(waits, [0, 1000, 2000, 4000, 0])
  assert.equal(line.url, 'ws://b/')
  world.advance(0)
  assert.equal(world.socket.url, 'ws://b/')
})

test('a line that is away cannot leave', () => {
  const { line, world } = setUp()
  world.socket.lose()
  line.leave(undefined)
  assert.equal(world.sockets.length, 1)
  assert.equal(world.timerCount, 1)
})
