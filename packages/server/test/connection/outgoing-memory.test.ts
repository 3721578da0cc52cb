// What sending connections share: outboxes, slabs, large memory. However late transports take what they were given,
// nobody's bytes get into another one's stream, and nothing that is lent is written to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { giveOutbox, takeOutbox } from '../../src/connection/outbox.ts'
import { LARGE_BYTES } from '../../src/connection/send-arena.ts'
import type { Slab } from '../../src/connection/slab.ts'
import type { TopicHub } from '../../src/connection/topic-hub.ts'
import { emptyHub } from '../../src/testing/contract-acceptor.ts'
import type { WireFrame } from '../../src/testing/wire-frame.ts'
import { TopicLog } from '../../src/topics/topic-log.ts'
import { Stand } from './stand.ts'
import type { Line } from './stand.ts'

// --- Idle lines

test('an idle line has given its outbox back, a blocked one keeps it until the last byte', () => {
  const stand = new Stand()
  const only = stand.open()
  const known = takeOutbox()
  giveOutbox(known)
  only.connection.send('taken at once')
  assert.notEqual(takeOutbox(), known)
  stand.clock.runTurns()
  assert.equal(takeOutbox(), known)

  giveOutbox(known)
  only.transport.writesTaken = 0
  only.connection.send('under way')
  stand.clock.runTurns()
  only.connection.send('waits')
  only.transport.takeUnderWay()
  assert.notEqual(takeOutbox(), known)
  only.transport.takeUnderWay()
  assert.equal(takeOutbox(), known)
  assert.equal(only.connection.bufferedBytes, 0)
})

test('a line that breaks gives its outbox back, and its pins', () => {
  const stand = new Stand()
  const only = stand.open()
  const known = takeOutbox()
  giveOutbox(known)
  only.transport.writesTaken = 0
  only.connection.send('under way')
  stand.clock.runTurns()
  only.connection.send('waits')
  const slabs = only.transport.lentSlabs
  assert.deepEqual(
    slabs.map(({ pins }) => pins),
    [1],
  )
  only.transport.breakOff()
  assert.deepEqual(
    slabs.map(({ pins }) => pins),
    [0],
  )
  const again = takeOutbox()
  assert.equal(again, known)
  assert.ok(again.isEmpty && again.underWayBytes === 0)
})

test('a subscriber for whom nothing was published takes no outbox to find that out', () => {
  const log = keptLog()
  const hub = new LogHub(log)
  const stand = new Stand({ hub })
  const only = stand.open()
  void only.connection.subscribe('topic')
  only.connection.flushLater()
  stand.clock.runTurns()
  assert.deepEqual([hub.takes, only.transport.writes.length], [0, 0])
  log.append('published')
  only.connection.flushLater()
  stand.clock.runTurns()
  assert.deepEqual([hub.takes, only.shown()], [1, ['1 published']])
})

// --- Large memory

/** Sees every slab that goes back to the pool of a stand. */
function watchPool(stand: Stand, isGiven: (slab: Slab) => void): void {
  const { pool } = stand.context.turn.arena
  const give = pool.give.bind(pool)
  pool.give = (slab) => {
    if (slab.isPooled) isGiven(slab)
    give(slab)
  }
}

test('large memory goes back behind the write that reads from it, and is used again', () => {
  const stand = new Stand()
  const given: Slab[] = []
  watchPool(stand, (slab) => given.push(slab))
  const [slow, other] = [stand.open(), stand.open()]
  slow.transport.writesTaken = 0
  slow.connection.send(new Uint8Array(100_000).fill(1))
  stand.clock.runTurns()
  const [slab] = slow.transport.lentSlabs
  assert.deepEqual(given, [])
  other.connection.send(new Uint8Array(100_000).fill(2))
  stand.clock.runTurns()
  assert.equal(given.length, 1)
  assert.notEqual(given[0], slab)
  slow.transport.takeUnderWay()
  assert.deepEqual([given.length, given[1]], [2, slab])

  other.transport.writesTaken = 0
  other.connection.send(new Uint8Array(100_000).fill(3))
  stand.clock.runTurns()
  assert.equal(other.transport.lentSlabs[0], slab)
})

test('large memory among pieces goes back when all of them were taken', () => {
  const stand = new Stand()
  const given: Slab[] = []
  watchPool(stand, (slab) => given.push(slab))
  const only = stand.open()
  only.transport.writesTaken = 0
  // While this one is under way the others wait for one another.
  only.connection.send('under way')
  stand.clock.runTurns()
  only.connection.send('short')
  only.connection.send(new Uint8Array(40_000))
  only.connection.send('short')
  only.connection.send(new Uint8Array(80_000))
  stand.clock.runTurns()
  only.transport.takeUnderWay()
  const slabs = new Set(only.transport.lentSlabs)
  assert.deepEqual([given.length, slabs.size], [0, 3])
  only.transport.takeUnderWay()
  assert.deepEqual(
    given.map((slab) => [slabs.has(slab), slab.pins]),
    [
      [true, 0],
      [true, 0],
    ],
  )
  assert.ok([...slabs].every(({ pins }) => pins === 0))
})

// --- Everything at once

function keptLog(): TopicLog {
  return new TopicLog(() => 0)
}

/** One topic: its log's slabs are lent to several lines at the same time. */
class LogHub implements TopicHub {
  readonly #log: TopicLog
  takes = 0

  constructor(log: TopicLog) {
    this.#log = log
  }

  subscribe: TopicHub['subscribe'] = (connection) => {
    connection.subscriptions = this.#log.head
    return Promise.resolve({ topic: '', cursor: null, recovered: false, reason: null })
  }

  publish: TopicHub['publish'] = emptyHub.publish
  history: TopicHub['history'] = emptyHub.history
  listen: TopicHub['listen'] = emptyHub.listen

  unsubscribe: TopicHub['unsubscribe'] = emptyHub.unsubscribe

  leave: TopicHub['leave'] = (connection) => {
    connection.subscriptions = null
  }

  take: TopicHub['take'] = (connection, pieces) => {
    this.takes++
    const from = connection.subscriptions as number
    connection.subscriptions = this.#log.head
    return this.#log.slice(from, pieces)
  }

  lagBytes: TopicHub['lagBytes'] = (connection) =>
    this.#log.head - (connection.subscriptions as number)
}

type Step =
  | {
      readonly kind: 'send'
      readonly line: number
      readonly size: number
      readonly isText: boolean
    }
  | { readonly kind: 'take' | 'replace'; readonly line: number }
  | { readonly kind: 'allow'; readonly line: number; readonly writes: number }
  | { readonly kind: 'publish'; readonly size: number }
  | { readonly kind: 'end'; readonly line: number; readonly isBroken: boolean }
  | { readonly kind: 'turn' }

const LINES = 5
/** A frame of a kind that does not exist. */
const BROKEN = Uint8Array.of(0x83, 0x80, 0, 0, 0, 0)
const line = fc.nat(LINES - 1)
const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 8, max: 200 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1_000, max: 16_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: 16_000, max: 140_000 }) },
  // About where a message leaves at once, alone or with its header; and the sizes of slabs.
  { weight: 3, arbitrary: fc.integer({ min: LARGE_BYTES - 24, max: LARGE_BYTES + 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(20_480, 32_768, 65_530, 65_536, 131_072) },
)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('send'), line, size, isText: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('turn') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take'), line }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('allow'), line, writes: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish'), size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace'), line }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('end'), line, isBroken: fc.boolean() }),
  },
) as fc.Arbitrary<Step>

/** A message that says whose it is in every part of it. */
function messageOf(owner: string, number: number, bytes: number): string {
  const mark = `${owner}.${number} `
  return mark.repeat(Math.ceil(bytes / mark.length)).slice(0, Math.max(bytes, mark.length))
}

function textOf({ payload }: WireFrame): string {
  return Buffer.from(payload).toString('latin1')
}

/** One line of the play, and what it has to get: its own messages, and what was published while it was there. */
class Player {
  readonly line: Line
  readonly #name: string
  readonly #sent: string[] = []
  readonly #published: string[] = []
  /** Whether a message was queued since the last drain. */
  #isDrainOwed = false

  constructor(stand: Stand, name: string) {
    this.#name = name
    this.line = stand.open()
    void this.line.connection.subscribe('topic')
    this.line.transport.writesTaken = 0
  }

  send(bytes: number, isText: boolean): void {
    const message = messageOf(this.#name, this.#sent.length, bytes)
    this.#sent.push(message)
    const content = isText ? message : Buffer.from(message)
    const result = this.line.connection.send(content)
    assert.notEqual(result, 'closed')
    if (result === 'queued') this.#isDrainOwed = true
    // The caller may do with its memory what it likes.
    if (typeof content !== 'string') content.fill(0)
  }

  drained(): void {
    assert.ok(this.#isDrainOwed, `${this.#name}: a drain too many`)
    this.#isDrainOwed = false
  }

  published(message: string): void {
    this.#published.push(message)
    this.line.connection.flushLater()
  }

  /** The program closes, or the other side breaks the rules; then all is taken. A close frame is the last. */
  end(isBroken: boolean): void {
    const { connection, transport } = this.line
    if (isBroken) this.line.receiveOnly(BROKEN)
    else connection.close(1000)
    transport.writesTaken = Infinity
    transport.takeUnderWay()
    connection.flush()
    const frames = this.line.frames()
    assert.equal(frames.pop()?.opcode, 8, `${this.#name}: nothing behind the close frame`)
    // A failure does not wait for what the topics have.
    this.#check(frames.map(textOf), isBroken ? 'sent' : 'all')
    connection.transportClosed()
  }

  /** What has come so far is the beginning of what has to come, or all of it. */
  check(isAll: boolean): void {
    this.#check(this.line.frames().map(textOf), isAll ? 'all' : 'some')
    if (isAll) assert.ok(!this.#isDrainOwed, `${this.#name}: no drain`)
  }

  #check(frames: readonly string[], which: 'all' | 'sent' | 'some'): void {
    const published = frames.filter((text) => text.startsWith('topic.'))
    const sent = frames.filter((text) => !text.startsWith('topic.'))
    const sentCount = which === 'some' ? sent.length : Infinity
    const publishedCount = which === 'all' ? Infinity : published.length
    assert.ok(same(sent, this.#sent.slice(0, sentCount)), `${this.#name}: messages`)
    assert.ok(
      same(published, this.#published.slice(0, publishedCount)),
      `${this.#name}: publications`,
    )
  }
}

/** Without a report of the difference, which would take longer than everything else here. */
function same(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, i) => text === others[i])
}

class Play {
  readonly #log: TopicLog = keptLog()
  readonly #stand: Stand = new Stand({
    limits: { bufferedBytes: 1_000_000_000, highWaterBytes: 1_000 },
    hub: new LogHub(this.#log),
    behavior: {
      drain: (c) => this.#players.find(({ line: { connection } }) => connection === c)!.drained(),
    },
  })
  readonly #players: Player[]
  #named = 0
  #publications = 0

  constructor() {
    this.#players = Array.from({ length: LINES }, () => this.#newPlayer())
    watchPool(this.#stand, (slab) => {
      assert.equal(slab.pins, 0, 'large memory went back with a write under way')
    })
    const { pool } = this.#stand.context.turn.arena
    const take = pool.take.bind(pool)
    pool.take = (bytes) => {
      const slab = take(bytes)
      for (const { line: each } of this.#players) {
        assert.ok(!each.transport.lentSlabs.includes(slab), 'lent memory was taken')
      }
      return slab
    }
  }

  #newPlayer(): Player {
    return new Player(this.#stand, `line${this.#named++}`)
  }

  run(next: Step): void {
    if (next.kind === 'turn') this.#stand.clock.runTurn()
    else if (next.kind === 'publish') this.#publish(next.size)
    else this.#runOn(next)
    for (const { line: each } of this.#players) each.transport.checkLent()
  }

  #publish(bytes: number): void {
    const message = messageOf('topic', this.#publications++, bytes)
    this.#log.append(message)
    for (const player of this.#players) player.published(message)
  }

  #runOn(next: Extract<Step, { readonly line: number }>): void {
    const player = this.#players[next.line]!
    const { transport } = player.line
    if (next.kind === 'send') player.send(next.size, next.isText)
    else if (next.kind === 'take') transport.takeUnderWay()
    else if (next.kind === 'allow') transport.writesTaken = next.writes
    else {
      // The line ends, or breaks, whatever it had to send; another one opens with what it gave back.
      if (next.kind === 'end') player.end(next.isBroken)
      else {
        transport.breakOff()
        player.check(false)
      }
      this.#players[next.line] = this.#newPlayer()
    }
  }

  end(): void {
    for (const { line: each } of this.#players) each.transport.writesTaken = Infinity
    this.#stand.clock.runTurns()
    for (const { line: each } of this.#players) each.transport.takeUnderWay()
    this.#stand.clock.runTurns()
    // Once more: a second drain would come here.
    for (const { line: each } of this.#players) each.connection.flushLater()
    this.#stand.clock.runTurns()
    for (const player of this.#players) {
      player.check(true)
      assert.equal(player.line.connection.bufferedBytes, 0)
    }
    const { arena } = this.#stand.context.turn
    assert.equal(arena.slab.pins, 0, 'a pin outlived its write')
  }
}

test('property: every line gets its own bytes in order, and lent memory stays as it was', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 150 }), (steps) => {
      const play = new Play()
      for (const next of steps) play.run(next)
      play.end()
    }),
    { numRuns: 100 },
  )
})
