// One seeded history: publishers and subscribers of topics with history on several server processes, through chaos, and
// the checker's verdict. Which policies and faults there are comes from the seed too.

import { callbacks } from 'holdline/callbacks'
import { Chaos, faultKinds, ReliabilityChecker, simulate } from 'holdline/testing'
import type { FaultKind, ReliabilityReport, Simulation, SimulatedClient } from 'holdline/testing'
import type {
  Cursor,
  Overflow,
  PublicationFormat,
  Subscribed,
} from '../../../src/connection/topic-hub.ts'

export interface HistoryRunOptions {
  readonly seed: number
  readonly chaosMs: number
  readonly kinds?: readonly FaultKind[]
  readonly processes?: number
  readonly followers?: number
  readonly overflow?: Overflow
}

export interface HistoryRunResult extends ReliabilityReport {
  readonly faults: Chaos['done']
  readonly faultCount: number
  readonly hash: string
  readonly events: number
}

/** What is told of a publication: its id and its offset. */
const format: PublicationFormat = {
  name: 'simulated',
  encode: (topic, { offset, message }) =>
    JSON.stringify({ kind: 'publication', topic, offset, id: String(message).trim() }),
  gap: (gap) => JSON.stringify({ kind: 'gap', ...gap }),
}

const TOPICS = ['news.a', 'news.b'] as const
const OVERFLOWS: readonly Overflow[] = [
  'block',
  'dropOldest',
  'dropNewest',
  'conflate',
  'replay',
  'disconnect',
]

type Told =
  | { kind: 'subscribed'; answer: Subscribed }
  | { kind: 'refused' }
  | { kind: 'publication'; topic: string; offset: number; id: string }
  | { kind: 'gap'; topic: string; from: Cursor | null; to: Cursor }

/** Runs it to the end, in which everything has to have recovered. @throws Error with the seed and the last events. */
export async function runHistory(options: HistoryRunOptions): Promise<HistoryRunResult> {
  const { seed, processes = 2, followers = 3 } = options
  const checker = new ReliabilityChecker()
  const simulation = await simulate({
    seed,
    processes,
    serve: () => ({
      topics: {
        'news.*': { history: { count: 500, ageMs: 3_600_000 }, lagBytes: 2_000, blockMs: 1_000 },
      },
      routes: { '/': followRoute },
    }),
  })
  try {
    const overflow = options.overflow ?? simulation.random.pick(OVERFLOWS)
    simulation.note(`overflow ${overflow}`)
    const all = Array.from(
      { length: followers },
      (_, i) => new Follower(simulation, checker, `f${i}`, TOPICS[i % 2]!, overflow),
    )
    const publishers = TOPICS.map((topic, i) => new Publisher(simulation, checker, topic, `p${i}`))
    for (const each of [...all, ...publishers]) each.start()
    await simulation.until('all to follow', () => all.every(({ isFollowing }) => isFollowing))
    const chaos = new Chaos(simulation, {
      pauseMs: [50, 1_000],
      lastsMs: [20, 2_500],
      ...(options.kinds !== undefined && { kinds: options.kinds }),
    })
    chaos.start()
    await simulation.pass(options.chaosMs)
    chaos.stop()
    for (const publisher of publishers) publisher.end()
    const lasts = (): (Cursor | null)[] => publishers.map(({ last }) => last)
    await simulation.until('all to be published', () => !lasts().includes(null))
    await simulation.until('all to have come to the end', () =>
      all.every((each) =>
        each.hasReached(lasts()[TOPICS.findIndex((topic) => topic === each.topic)]!),
      ),
    )
    const report = checker.check()
    return {
      ...report,
      faults: chaos.done,
      faultCount: chaos.count,
      hash: simulation.events.hash,
      events: simulation.events.count,
    }
  } catch (error) {
    const last = simulation.events.last.slice(-60).join('\n')
    throw new Error(`Seed ${seed}: ${(error as Error).message}\n${last}`, { cause: error })
  } finally {
    await simulation.stop()
  }
}

/** Faults after which everything that was acknowledged is still there. */
export const keepingKinds: readonly FaultKind[] = faultKinds.filter(
  (kind) => kind !== 'historyForgotten' && kind !== 'clientStopped',
)

const followRoute = callbacks({
  message(connection, text) {
    const { topic, since, overflow } = JSON.parse(String(text)) as {
      topic: string
      since: Cursor | null
      overflow: Overflow
    }
    connection.subscribe(topic, { format, overflow, ...(since !== null && { since }) }).then(
      (answer) => connection.send(JSON.stringify({ kind: 'subscribed', answer })),
      () => connection.send(JSON.stringify({ kind: 'refused' })),
    )
  },
})

/** A subscriber that comes back, with its cursor. */
class Follower {
  readonly topic: string
  readonly #simulation: Simulation
  readonly #checker: ReliabilityChecker
  readonly #name: string
  readonly #overflow: Overflow
  #cursor: Cursor | null = null
  isFollowing = false

  constructor(
    simulation: Simulation,
    checker: ReliabilityChecker,
    name: string,
    topic: string,
    overflow: Overflow,
  ) {
    this.#simulation = simulation
    this.#checker = checker
    this.#name = name
    this.topic = topic
    this.#overflow = overflow
  }

  start(): void {
    this.#simulation.connect({
      onOpen: (client) => this.#subscribe(client),
      onMessage: (message, client) => this.#told(JSON.parse(String(message)) as Told, client),
      onClose: (code) => {
        this.isFollowing = false
        this.#note(`closed ${code}`)
        this.#simulation.after(this.#simulation.random.between(20, 800), () => this.start())
      },
    })
  }

  hasReached({ epoch, offset }: Cursor): boolean {
    const at = this.#cursor
    return at !== null && at.epoch === epoch && at.offset >= offset
  }

  #subscribe(client: SimulatedClient): void {
    const { topic } = this
    client.send(JSON.stringify({ topic, since: this.#cursor, overflow: this.#overflow }))
  }

  #told(told: Told, client: SimulatedClient): void {
    if (told.kind === 'refused') {
      this.#simulation.after(100, () => this.#subscribe(client))
    } else if (told.kind === 'subscribed') {
      this.#begin(told.answer)
    } else if (told.kind === 'gap') {
      this.#note(`gap to ${told.to.epoch}:${told.to.offset}`)
      this.#checker.gap(this.#name, this.topic, told.from, told.to)
      this.#cursor = told.to
    } else {
      const cursor = { epoch: this.#cursor!.epoch, offset: told.offset }
      this.#note(`received ${told.id} ${cursor.epoch}:${cursor.offset}`)
      this.#checker.received(this.#name, this.topic, cursor, told.id)
      this.#cursor = cursor
    }
  }

  #begin({ cursor, recovered, reason }: Subscribed): void {
    const before = this.#cursor
    this.#note(`follows behind ${cursor!.epoch}:${cursor!.offset} ${recovered} ${reason}`)
    if (before === null) this.#checker.subscribed(this.#name, this.topic, cursor!)
    else if (!recovered) this.#checker.gap(this.#name, this.topic, before, cursor!)
    else if (cursor!.epoch !== before.epoch || cursor!.offset !== before.offset) {
      throw new Error(
        `${this.#name} asked for ${JSON.stringify(before)}, and was recovered elsewhere`,
      )
    }
    this.#cursor = cursor
    this.isFollowing = true
  }

  #note(what: string): void {
    this.#simulation.note(`${this.#name} ${what}`)
  }
}

/** Publishes through any process, each publication again until it is acknowledged. */
class Publisher {
  readonly #simulation: Simulation
  readonly #checker: ReliabilityChecker
  readonly #topic: string
  readonly #name: string
  #count = 0
  #isEnding = false
  last: Cursor | null = null

  constructor(simulation: Simulation, checker: ReliabilityChecker, topic: string, name: string) {
    this.#simulation = simulation
    this.#checker = checker
    this.#topic = topic
    this.#name = name
  }

  start(): void {
    const isLast = this.#isEnding
    const id = isLast ? `${this.#name} last` : `${this.#name}/${++this.#count}`
    void this.#publish(id).then((cursor) => {
      this.#simulation.note(`acknowledged ${id} ${cursor.epoch}:${cursor.offset}`)
      this.#checker.acknowledged(this.#topic, id, cursor)
      if (isLast) this.last = cursor
      else this.#simulation.after(this.#simulation.random.between(1, 200), () => this.start())
    })
  }

  /** One more, the last one. */
  end(): void {
    this.#isEnding = true
  }

  async #publish(id: string): Promise<Cursor> {
    for (;;) {
      const running = this.#simulation.processes.filter(({ isRunning }) => isRunning)
      if (running.length > 0) {
        const { server } = this.#simulation.random.pick(running)
        const options = { idempotencyKey: id, key: `${this.#count % 5}` }
        const message = id.padEnd(this.#simulation.random.between(20, 400))
        const cursor = await server!.publish(this.#topic, message, options).catch(() => null)
        if (cursor !== null) return cursor
      }
      await new Promise<void>((resolve) => this.#simulation.after(50, resolve))
    }
  }
}
