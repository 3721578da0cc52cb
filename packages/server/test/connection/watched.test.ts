// The deadlines of a connection: silence, pauses, messages that are not finished, closing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wireClosePayload, wireFrame } from '../../src/testing/wire-frame.ts'
import { held } from './stand.ts'
import type { Line } from './stand.ts'

const closeFrame = (code: number, reason = ''): Uint8Array =>
  wireFrame(8, wireClosePayload(code, reason))

const keepalive = { pingMs: 10_000, timeoutMs: 5_000 }

/** What left, with the seconds since the start in which it did. */
function timeline(line: Line, seconds: number): string[] {
  const seen: string[] = []
  for (let second = 1; second <= seconds; second++) {
    line.stand.clock.advance(1_000)
    for (const frame of line.shown()) seen.push(`${second}: ${frame}`)
    if (line.transport.isDestroyed) return [...seen, `${second}: cut`]
  }
  return seen
}

test('after silence a ping; without an answer the line is cut, and the program told', () => {
  const { stand, line } = held({ keepalive })
  assert.deepEqual(timeline(line, 60), ['10: 9 ', '15: cut'])
  assert.deepEqual(stand.failures, [['ERR_KEEPALIVE', undefined]])
  line.connection.transportClosed()
  assert.equal(stand.calls.at(-2), 'close 1006 ERR_KEEPALIVE')
  assert.equal(stand.clock.timerCount, 0)
})

test('anything that comes is an answer', () => {
  for (const sign of [
    wireFrame(10),
    wireFrame(1, 'x'),
    wireFrame(9),
    wireFrame(1, 'x').subarray(0, 1),
  ]) {
    const { line } = held({ keepalive })
    assert.deepEqual(timeline(line, 12), ['10: 9 '])
    line.receive(sign)
    line.frames()
    assert.deepEqual(timeline(line, 9), [])
    assert.ok(!line.transport.isDestroyed)
  }
})

test('a paused connection is not asked and not cut, and has time again when it is resumed', () => {
  const { stand, line } = held({ keepalive })
  timeline(line, 12)
  line.connection.pause()
  assert.deepEqual(timeline(line, 100), [])
  line.connection.resume()
  stand.clock.runTurns()
  assert.deepEqual(timeline(line, 9), [])
  assert.deepEqual(
    timeline(line, 3).map((text) => text.slice(3)),
    ['9 '],
  )
})

test('a paused connection that takes nothing is closed with 1013: a handler waits for room that never comes', () => {
  const stalledMs = keepalive.pingMs + keepalive.timeoutMs
  const { stand, line } = held({ keepalive })
  line.transport.writesTaken = 0
  line.connection.send('never read')
  stand.clock.runTurns()
  line.connection.pause()
  timeline(line, stalledMs / 1_000 - 1)
  assert.deepEqual(stand.failures, [])
  // Something was taken: it is only slow, and has time again.
  line.connection.send('more')
  line.transport.takeUnderWay()
  timeline(line, stalledMs / 1_000 - 1)
  assert.deepEqual(stand.failures, [])
  timeline(line, 2)
  assert.deepEqual(stand.failures, [['ERR_SLOW_CONSUMER', undefined]])
  timeline(line, 6)
  assert.ok(line.transport.isDestroyed)
})

test('a paused connection that takes nothing is closed also where nothing else happens, and no turn ends', () => {
  const { stand, line } = held({ keepalive })
  line.transport.writesTaken = 0
  line.connection.send('read')
  stand.clock.runTurns()
  line.connection.send('never read')
  stand.clock.runTurns()
  // The first is taken, and the second handed over at once: nothing is left for the end of a turn.
  line.transport.takeUnderWay()
  line.connection.pause()
  timeline(line, 14)
  assert.deepEqual(stand.failures, [])
  timeline(line, 2)
  assert.deepEqual(stand.failures, [['ERR_SLOW_CONSUMER', undefined]])
})

test("the wheel's slot and what else the bits say leave each other alone", () => {
  const { line } = held()
  const { connection } = line
  connection.pause()
  connection.flushScheduled = true
  for (const slot of [255, 0, 128, -1]) {
    connection.wheelSlot = slot
    assert.deepEqual(
      [connection.wheelSlot, connection.isOpen, connection.halted, connection.flushScheduled],
      [slot, true, true, true],
    )
  }
  connection.wheelSlot = 255
  connection.flushScheduled = false
  connection.resume()
  connection.terminate()
  assert.deepEqual(
    [connection.wheelSlot, connection.isOpen, connection.flushScheduled],
    [255, false, false],
  )
  connection.wheelSlot = -1
})

test('while a connection is paused no deadline runs; resumed, each begins anew', () => {
  const half = wireFrame(1, 'in two halves')
  const limits = { incompleteMessageMs: 5_000 }
  for (const options of [{ limits }, { limits: { idleMs: 5_000 } }, { limits, keepalive }]) {
    const { stand, line } = held(options)
    line.receive(half.subarray(0, 9))
    timeline(line, 4)
    line.connection.pause()
    assert.deepEqual(timeline(line, 100), [])
    line.connection.resume()
    stand.clock.runTurns()
    assert.deepEqual(timeline(line, 4), [])
    assert.equal(timeline(line, 2).length, 1)
  }
})

test('a message that is not finished in time closes with 1008, and the next one has time of its own', () => {
  const limits = { incompleteMessageMs: 5_000 }
  const { line } = held({ limits })
  line.receive(wireFrame(1, 'a', { final: false }))
  timeline(line, 4)
  line.receive(wireFrame(0, 'b'), wireFrame(1, 'c').subarray(0, 3))
  assert.deepEqual(timeline(line, 4), [])
  line.receive(wireFrame(1, 'c').subarray(3))
  assert.deepEqual(timeline(line, 20), [])
  line.receive(wireFrame(1, 'd', { final: false }))
  for (let i = 0; i < 4; i++) {
    timeline(line, 1)
    line.receive(wireFrame(0, 'drip', { final: false }), wireFrame(9))
  }
  line.frames()
  assert.deepEqual(timeline(line, 3), ['1: 8 1008 ERR_MESSAGE_INCOMPLETE'])
})

test('without messages for idleMs a connection closes with 1001; pings and pongs are no messages', () => {
  const { line } = held({ limits: { idleMs: 10_000 }, keepalive })
  for (let i = 0; i < 5; i++) {
    timeline(line, 4)
    line.text('busy')
  }
  for (let i = 0; i < 9; i++) {
    timeline(line, 1)
    line.receive(wireFrame(9), wireFrame(10))
  }
  line.frames()
  assert.deepEqual(timeline(line, 3), ['1: 8 1001 ERR_IDLE'])
})

test('closing takes at most closeMs, whoever began and whatever is missing', () => {
  const begin: Record<string, (line: Line) => void> = {
    program: (line) => line.connection.close(1000),
    'other side': (line) => line.receive(closeFrame(1000)),
    refusal: (line) => line.receive(wireFrame(3)),
    end: (line) => line.connection.ended(),
    blocked: (line) => {
      line.transport.writesTaken = 0
      line.connection.send('x')
      line.connection.close()
    },
  }
  for (const [who, f] of Object.entries(begin)) {
    const { stand, line } = held({ limits: { closeMs: 3_000 }, keepalive })
    timeline(line, 2)
    f(line)
    stand.clock.runTurns()
    line.frames()
    // Drips do not prolong it.
    assert.deepEqual(timeline(line, 2), [], who)
    line.receive(wireFrame(10))
    assert.deepEqual(timeline(line, 10).slice(0, 1), ['1: cut'], who)
  }
})

test('a connection without deadlines leaves the wheel alone', () => {
  const { stand, line } = held()
  assert.equal(stand.context.wheel.size, 0)
  line.receive(wireFrame(1, 'a').subarray(0, 3))
  assert.equal(stand.context.wheel.size, 1)
  line.receive(wireFrame(1, 'a').subarray(3))
  stand.clock.advance(60_000)
  assert.equal(stand.context.wheel.size, 0)
  assert.equal(stand.clock.timerCount, 0)
})

// --- Rates
