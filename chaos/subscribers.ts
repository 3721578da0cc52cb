// Clients of a chaos run that subscribe: each one line and one topic. Writes down what it is shown; judges nothing.

import { createInterface } from 'node:readline'
import { live } from 'holdline-client'
import { Bits } from './bits.ts'
import { StallingEnvironment, environment } from './line-socket.ts'
import { tell, wallClockMs } from './words.ts'
import type { Asked, Sent, ShownTopic } from './words.ts'

interface SubscribersOptions {
  readonly url: string
  readonly topics: readonly string[]
  /** Numbers of the clients: `[first, first + count)`. Client n has topic n modulo their number. */
  readonly first: number
  readonly count: number
  /** Of so many clients of a topic, one stops reading when asked to. 0: none. */
  readonly slowOneIn: number
}

const options = JSON.parse(process.argv[2]!) as SubscribersOptions
const { url, topics, first, count, slowOneIn } = options
const resumeMs: number[] = []
let latencies: number[] = []
let shownCount = 0

class Subscriber {
  readonly client: number
  readonly topic: string
  readonly ready: Promise<void>
  /** Of one that stops reading when asked to. */
  readonly slow: StallingEnvironment | null
  readonly #shown = new Bits()
  #duplicates = 0
  #disorders = 0
  #gaps = 0
  #epoch = ''
  #offset = 0
  #lostAtMs = 0

  constructor(client: number) {
    this.client = client
    this.topic = topics[client % topics.length]!
    const isSlow = slowOneIn > 0 && Math.floor(client / topics.length) % slowOneIn === 0
    this.slow = isSlow ? new StallingEnvironment() : null
    const line = live<Record<string, Sent>>(url, {
      environment: this.slow?.environment ?? environment,
      backoff: { baseMs: 50, capMs: 500 },
      heartbeatMs: 5_000,
      onState: (state) => {
        if (state === 'reconnecting' && this.#lostAtMs === 0) this.#lostAtMs = performance.now()
      },
      onError: (error) => process.stderr.write(`client ${client}: ${String(error)}\n`),
    })
    const subscription = line.subscribe(this.topic, {
      since: 'start',
      onMessage: ({ data, offset }) => {
        this.#show(data.id, subscription.cursor!.epoch, offset!)
        if (!isSlow) underWay(wallClockMs() - data.atMs)
      },
      onGap: () => this.#gaps++,
      onState: (state) => {
        if (state !== 'subscribed' || this.#lostAtMs === 0) return
        resumeMs.push(performance.now() - this.#lostAtMs)
        this.#lostAtMs = 0
      },
    })
    this.ready = subscription.ready
  }

  #show(id: number, epoch: string, offset: number): void {
    shownCount++
    if (!this.#shown.add(id)) this.#duplicates++
    if (epoch === this.#epoch && offset <= this.#offset) this.#disorders++
    this.#epoch = epoch
    this.#offset = offset
  }

  get report(): ShownTopic {
    return {
      topic: this.topic,
      client: this.client,
      shown: this.#shown.toString(),
      duplicates: this.#duplicates,
      disorders: this.#disorders,
      gaps: this.#gaps,
    }
  }
}

function underWay(forMs: number): void {
  const at = Math.max(0, Math.floor(forMs))
  while (latencies.length <= at) latencies.push(0)
  latencies[at]!++
}

const subscribers: Subscriber[] = []
createInterface({ input: process.stdin }).on('line', (text) => {
  const { kind } = JSON.parse(text) as Asked
  if (kind === 'stall') for (const { slow } of subscribers) slow?.stall()
  if (kind === 'read') for (const { slow } of subscribers) slow?.read()
  if (kind === 'latencies') {
    tell({ kind: 'latencies', counts: latencies })
    latencies = []
  }
  if (kind !== 'report') return
  tell({ kind: 'shown', topics: subscribers.map(({ report }) => report), resumeMs })
  process.stdin.destroy()
  setTimeout(() => process.exit(0), 100)
})
// A few hundred at a time, as clients arrive.
for (let i = 0; i < count; i += 200) {
  const some = Array.from(
    { length: Math.min(200, count - i) },
    (_, j) => new Subscriber(first + i + j),
  )
  subscribers.push(...some)
  await Promise.all(some.map(({ ready }) => ready))
}
tell({ kind: 'ready' })
setInterval(() => tell({ kind: 'count', count: shownCount }), 500)
