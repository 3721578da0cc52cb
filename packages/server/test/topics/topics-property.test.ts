// Whatever publishers, subscribers, slow readers and a faulty broker do: a subscriber's stream is what was published after
// its cursor, in order, once, but for gaps that it is told of.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Overflow } from '../../src/connection/topic-hub.ts'
import type { StandLine } from './topic-stand.ts'
import { checkStream, TopicStand } from './topic-stand.ts'

const overflow = fc.constantFrom<Overflow>(
  'dropOldest',
  'dropNewest',
  'conflate',
  'replay',
  'disconnect',
)

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      key: fc.nat(3),
      bytes: fc.nat(120),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('tell', 'tellTwice', 'lose'),
      place: fc.nat(4),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('tellAll' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('burst' as const), count: fc.nat(8) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      since: fc.constantFrom('none', 'start', 'seen', 'future', 'other'),
      back: fc.nat(12),
      overflow,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('block', 'unblock'), line: fc.nat(3) }),
  },
  // One that takes nothing while more is published than it may lag.
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('stall' as const), line: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('goAway', 'comeBack', 'beginAnew') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('turn', 'settle', 'pass') }) },
)

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

class Run {
  readonly stand: TopicStand
  readonly lines: StandLine[] = []
  readonly #seen: { epoch: string; offset: number }[] = []
  #count = 0

  constructor(stand: TopicStand) {
    this.stand = stand
  }

  async do(what: Step): Promise<void> {
    const { broker, clock } = this.stand
    if (what.kind === 'publish') this.#publish(what.key, what.bytes)
    else if (what.kind === 'burst') this.#burst(what.count)
    else if (what.kind === 'stall') {
      this.#window(what.line, 0)
      for (const count of [1, 1, 5]) this.#burst(count)
      await this.stand.settle()
    } else if (what.kind === 'tell') broker.tell(what.place)
    else if (what.kind === 'tellTwice') broker.tellTwice(what.place)
    else if (what.kind === 'lose') broker.lose(what.place)
    else if (what.kind === 'tellAll') broker.tellAll()
    else if (what.kind === 'goAway') broker.goAway()
    else if (what.kind === 'comeBack') broker.comeBack()
    else if (what.kind === 'beginAnew') broker.beginAnew()
    else if (what.kind === 'block') this.#window(what.line, 0)
    else if (what.kind === 'unblock') this.#window(what.line, Infinity)
    else if (what.kind === 'turn') clock.runTurn()
    else if (what.kind === 'settle') await this.stand.settle()
    else if (what.kind === 'pass') await this.stand.pass(300)
    else if (what.kind === 'subscribe' && this.lines.length < 4) await this.#subscribe(what)
  }

  #burst(count: number): void {
    for (let i = 0; i < count; i++) this.#publish(i % 3, 100)
    this.stand.broker.tellAll()
    this.stand.clock.runTurn()
  }

  #publish(key: number, bytes: number): void {
    const text = `${++this.#count} ${'x'.repeat(bytes)}`
    const done = this.stand.server.topic('news').publish(text, { key: `k${key}` })
    done.then(
      (cursor) => this.#seen.push(cursor!),
      () => {},
    )
  }

  #window(line: number, bytes: number): void {
    const found = this.lines[line]
    if (found !== undefined) found.peer.windowBytes = bytes
  }

  async #subscribe(what: Step & { kind: 'subscribe' }): Promise<void> {
    const line = await this.stand.line()
    this.lines.push(line)
    const seen = this.#seen.at(-1 - what.back)
    const since = {
      none: undefined,
      start: 'start' as const,
      seen,
      future: seen && { epoch: seen.epoch, offset: seen.offset + 1_000 },
      other: { epoch: 'other', offset: 1 },
    }[what.since]
    const options = { overflow: what.overflow, lagBytes: 400, ...(since && { since }) }
    line.subscribe('news', options).catch(() => {})
  }

  /** Everything heals, one more is published, and all that follows has come. */
  async heal(): Promise<void> {
    const { broker } = this.stand
    broker.comeBack()
    for (const { peer } of this.lines) peer.windowBytes = Infinity
    broker.tellAll()
    broker.isPrompt = true
    await this.stand.pass(6_000)
    await this.stand.server.topic('news').publish('end', { key: 'end' })
    await this.stand.pass(6_000)
  }
}

test('property: a stream is what was published after its cursor, in order, once, but for told gaps', async () => {
  const counts = {
    skipped: 0,
    conflated: 0,
    catchUps: 0,
    gaps: 0,
    recovered: 0,
    disconnected: 0,
    received: 0,
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 90 }), async (steps) => {
      const stand = await TopicStand.start(
        { news: { history: { count: 12 } } },
        { bufferedBytes: 1_500 },
      )
      stand.broker.isPrompt = false
      const run = new Run(stand)
      for (const what of steps) await run.do(what)
      await run.heal()
      const head = stand.broker.headOf('news')
      for (const line of run.lines) {
        if (line.answer === null) continue
        const at = checkStream(line, stand.broker)
        counts.received += line.texts.length
        counts.recovered += Number(line.answer.recovered)
        if (line.closeCode === 1013) {
          counts.disconnected++
          assert.ok(line.overflow === 'disconnect', `${line.overflow} was closed`)
          continue
        }
        assert.equal(line.closeCode, null)
        assert.deepEqual(
          at,
          head,
          `not at the head: ${JSON.stringify(line.story)} ${line.overflow}`,
        )
        const told = line.received.flatMap((one) => (one.gap === undefined ? [] : [one.gap]))
        // The program is told of a topic's gap when it comes, even where the line is told of a longer one instead.
        const heard = new Set(line.gaps.map((gap) => JSON.stringify(gap)))
        for (const gap of told) assert.ok(heard.has(JSON.stringify(gap)), 'only the line was told')
        counts.gaps += told.length
      }
      const { delivery } = await stand.server.stats()
      counts.skipped += delivery.droppedOldest + delivery.droppedNewest
      counts.conflated += delivery.conflated
      counts.catchUps += delivery.catchUps
      await stand.end()
    }),
    { numRuns: Number(process.env['HOLDLINE_RUNS'] ?? 300) },
  )
  // Or nothing was tried.
  for (const [what, count] of Object.entries(counts)) assert.ok(count > 0, what)
})
