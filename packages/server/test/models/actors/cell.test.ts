// A cell by itself: its host is a list of what it was told, and nothing runs unless a test runs it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from 'holdline/testing'
import { Method, noProtocol } from '../../../src/models/actors/actor-class.ts'
import type { ActorKind } from '../../../src/models/actors/actor-class.ts'
import type { Asked } from '../../../src/models/actors/ask.ts'
import { Cell } from '../../../src/models/actors/cell.ts'
import { CellBit } from '../../../src/models/actors/cell-bits.ts'
import type { CellHost } from '../../../src/models/actors/cell-bits.ts'
import type { Holdable } from '../../../src/models/actors/held-senders.ts'
import { MailboxPool } from '../../../src/models/actors/mailbox.ts'
import { Refusal } from 'holdline/actors'
import { standOf } from './stand.ts'

class Host implements CellHost {
  readonly clock = new FakeClock()
  readonly mailboxes = new MailboxPool()
  current: Cell | null = null
  readonly told: string[] = []
  readonly refs = standOf('remote').system

  schedule(): void {
    this.told.push('schedule')
  }

  refOf() {
    return this.refs.newRef('Room')
  }

  forget(): void {
    this.told.push('forget')
  }

  report(_cell: Cell, reason: unknown): void {
    this.told.push(`report ${String(reason)}`)
  }
}

class Question implements Asked {
  isDone = false
  readonly heard: unknown[] = []

  reply(value: unknown): void {
    this.heard.push(['reply', value])
  }

  fail(reason: unknown): void {
    this.heard.push(['fail', reason])
  }

  refuse(error: unknown): void {
    this.heard.push(['refuse', error])
  }
}

class Line implements Holdable {
  held = 0
  holdBack(): void {
    this.held++
  }
  letGo(): void {
    this.held--
  }
}

const kindOf = (over: Partial<ActorKind> = {}): ActorKind => ({
  name: 'Room',
  protocol: noProtocol,
  limit: Infinity,
  refuses: false,
  hasStarted: false,
  hasStopped: false,
  ...over,
})

function cellOf(over: Partial<ActorKind> = {}) {
  const host = new Host()
  const cell = new Cell(host, kindOf(over), 1)
  const handled: unknown[] = []
  cell.actor = {
    started: () => {},
    stopped: (reason) => void handled.push(`stopped ${String(reason)}`),
    down: () => {},
    exit: ({ reason }) => void handled.push(`exit ${String(reason)}`),
  }
  const note = new Method('note', (value) => {
    handled.push(value)
    return value
  })
  return { host, cell, handled, note }
}

test('it is put into the queue once, and by nothing while a handler is under way', async () => {
  const { host, cell, handled, note } = cellOf()
  cell.accept(note, [1], null)
  cell.accept(note, [2], null)
  assert.deepEqual(host.told, ['schedule'])
  assert.equal(cell.run(16), 2)
  assert.equal(cell.settleQueue(), false)
  assert.deepEqual(handled, [1, 2])
  assert.equal(cell.mailbox, null)
  const door = Promise.withResolvers<void>()
  cell.accept(new Method('slow', () => door.promise), [], null)
  assert.equal(cell.run(16), 1)
  cell.settleQueue()
  cell.accept(note, [3], null)
  assert.equal(cell.run(16), 0)
  assert.deepEqual(host.told, ['schedule', 'schedule'])
  door.resolve()
  await host.clock.settle()
  assert.deepEqual(host.told, ['schedule', 'schedule', 'schedule'])
  assert.equal(cell.run(16), 1)
  assert.deepEqual(handled, [1, 2, 3])
})

test('a run handles no more than it may', () => {
  const { cell, handled, note } = cellOf()
  for (let i = 0; i < 20; i++) cell.accept(note, [i], null)
  assert.equal(cell.run(16), 16)
  assert.equal(cell.settleQueue(), true)
  assert.equal(cell.run(16), 4)
  assert.equal(cell.settleQueue(), false)
  assert.equal(handled.length, 20)
})

test('the handler that runs is the current one, and whoever was is again', () => {
  const { host, cell } = cellOf()
  const other = new Cell(host, kindOf(), 2)
  host.current = other
  let during: Cell | null = null
  cell.handle(
    new Method('look', () => {
      during = host.current
    }),
    [],
    null,
  )
  assert.equal(during, cell)
  assert.equal(host.current, other)
  const boom = new Method('boom', () => {
    throw new Error('meant')
  })
  cell.handle(boom, [], null)
  assert.equal(host.current, other)
  assert.deepEqual(host.told, ['forget', 'report Error: meant'])
})

test('an ask is answered with what is returned, refused by a Refusal, and failed by an error', async () => {
  const { host, cell, note } = cellOf()
  const asks = Array.from({ length: 4 }, () => new Question())
  const refusal = new Error('no')
  const error = new Error('meant')
  cell.handle(note, [7], asks[0]!)
  cell.handle(new Method('soon', () => Promise.resolve(8)), [], asks[1]!)
  await host.clock.settle()
  const refuse = new Method('refuse', () => {
    throw new Refusal(refusal)
  })
  cell.handle(refuse, [], asks[2]!)
  assert.equal(cell.isDead, false)
  cell.handle(new Method('boom', () => Promise.reject(error)), [], asks[3]!)
  await host.clock.settle()
  assert.deepEqual(
    asks.map(({ heard }) => heard),
    [[['reply', 7]], [['reply', 8]], [['refuse', refusal]], [['fail', error]]],
  )
  assert.equal(cell.isDead, true)
})

test('a Refusal that nobody asked for ends the actor', () => {
  const { host, cell } = cellOf()
  const refuse = new Method('refuse', () => {
    throw new Refusal('no')
  })
  cell.handle(refuse, [], null)
  assert.equal(cell.isDead, true)
  assert.equal(host.told.length, 2)
})

test("onFull 'refuse': ERR_ACTOR_MAILBOX_FULL, but not for signals, nor for what it sends itself", () => {
  const { host, cell, handled, note } = cellOf({ limit: 2, refuses: true })
  cell.accept(note, [1], null)
  cell.accept(note, [2], null)
  assert.throws(() => cell.accept(note, [3], null), {
    code: 'ERR_ACTOR_MAILBOX_FULL',
    message: /2 messages/,
  })
  const signal = new Method('signal', () => void handled.push('signal'), true)
  cell.accept(signal, [], null)
  host.current = cell
  cell.accept(note, [4], null)
  host.current = null
  assert.equal(cell.run(16), 4)
  assert.deepEqual(handled, [1, 2, 'signal', 4])
  cell.accept(note, [5], null)
})

test("onFull 'pause': who sends is held back once, until half of it is free", () => {
  const { cell, note } = cellOf({ limit: 4 })
  const line = new Line()
  for (let i = 0; i < 4; i++) cell.accept(note, [i], null, line)
  assert.equal(line.held, 0)
  cell.accept(note, [4], null, line)
  cell.accept(note, [5], null, line)
  assert.equal(line.held, 1)
  cell.run(3)
  assert.equal(line.held, 1)
  cell.run(1)
  assert.equal(line.held, 0)
  assert.equal(cell.bits & CellBit.FULL, 0)
})

test('who is held back goes on when the actor ends', () => {
  const { cell, note } = cellOf({ limit: 1 })
  const line = new Line()
  for (let i = 0; i < 3; i++) cell.accept(note, [i], null, line)
  assert.equal(line.held, 1)
  cell.die('killed')
  assert.equal(line.held, 0)
})

test('what waits when it ends fails; what comes later does too', () => {
  const { cell, note } = cellOf()
  const [waits, late] = [new Question(), new Question()]
  cell.accept(note, [], waits)
  cell.exitSignal(null, 'shutdown', false)
  cell.accept(note, [], late)
  assert.deepEqual([waits.heard, late.heard], [[['fail', 'shutdown']], [['fail', 'noproc']]])
})

test('exit signals: normal is nothing, a trapped one a message, a kill the end', () => {
  const { host, cell, handled } = cellOf({ hasStopped: true })
  cell.exitSignal(null, 'normal', false)
  assert.equal(cell.isGone, false)
  cell.bits |= CellBit.TRAPPING
  cell.exitSignal(null, 'boom', false)
  cell.run(16)
  assert.deepEqual(handled, ['exit boom'])
  cell.exitSignal(null, 'kill', false)
  cell.exitSignal(null, 'kill', false)
  assert.equal(cell.isDead, true)
  assert.deepEqual(host.told, ['schedule', 'forget', 'report killed'])
  assert.deepEqual(handled, ['exit boom'])
})

test('stopped is called once; where it fails after an end that was as it should be, that is the reason', () => {
  const { host, cell } = cellOf({ hasStopped: true })
  let calls = 0
  cell.actor!.stopped = () => {
    calls++
    throw new Error('of stopped')
  }
  cell.terminate('normal')
  cell.terminate('normal')
  assert.equal(calls, 1)
  assert.deepEqual(host.told, ['forget', 'report Error: of stopped'])
})

test('an end that was lost with a worker or a line is not reported', () => {
  const { host, cell } = cellOf()
  cell.terminate('noconnection')
  assert.deepEqual(host.told, ['forget'])
})

test('stop waits for the message it is at, and for nothing where it is at none', () => {
  const { cell } = cellOf()
  const quit = new Method('quit', () => {
    cell.stop('normal')
    assert.equal(cell.isGone, false)
  })
  cell.accept(quit, [], null)
  cell.accept(quit, [], null)
  assert.equal(cell.run(16), 1)
  assert.equal(cell.isDead, true)
  const idle = cellOf().cell
  idle.stop('normal')
  assert.equal(idle.isDead, true)
})

test('receive looks through a mailbox of many rings, and takes the one that fits from its middle', async () => {
  const { cell, handled, note } = cellOf()
  for (let i = 0; i < 3_000; i++) cell.accept(note, [i], null)
  const received = await cell.receive(({ args }) => args[0] === 2_000, 0)
  assert.deepEqual(received!.args, [2_000])
  while (cell.settleQueue()) cell.run(16)
  assert.equal(handled.length, 2_999)
  assert.deepEqual(handled.slice(1_998, 2_002), [1_998, 1_999, 2_001, 2_002])
})
