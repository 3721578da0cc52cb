// Clients of a chaos run that publish at a set rate, and write down what was acknowledged.

import { createInterface } from 'node:readline'
import { live } from 'holdline-client'
import type { LiveLine } from 'holdline-client'
import { Bits } from './bits.ts'
import { environment } from './line-socket.ts'
import { tell, wallClockMs } from './words.ts'
import type { Asked, Sent } from './words.ts'

interface PublishersOptions {
  readonly url: string
  readonly topics: readonly string[]
  readonly lines: number
  /** Publications a second, of all lines together. */
  readonly rate: number
  /** Of filling in each publication. */
  readonly bytes: number
}

type Line = LiveLine<Record<string, Sent>, Record<string, Sent>>

const options = JSON.parse(process.argv[2]!) as PublishersOptions
const { url, topics, lines: lineCount, rate } = options
const filling = 'x'.repeat(options.bytes)
const TICK_MS = 20

const counts = topics.map(() => 0)
const acknowledged = topics.map(() => new Bits())
let acknowledgedCount = 0
let refused = 0
let underWay = 0
let published = 0

const lines: Line[] = Array.from({ length: lineCount }, () =>
  live(url, {
    environment,
    backoff: { baseMs: 50, capMs: 500 },
    heartbeatMs: 5_000,
    onError: (error) => process.stderr.write(`publisher: ${String(error)}\n`),
  }),
)

/** Each topic has one line, so that its publications have an order. */
function publishNext(): void {
  const at = published++ % topics.length
  const id = counts[at]!++
  underWay++
  lines[at % lines.length]!.publish(topics[at]!, { id, atMs: wallClockMs(), filling }).then(
    () => {
      underWay--
      acknowledgedCount++
      acknowledged[at]!.add(id)
    },
    (error: unknown) => {
      underWay--
      refused++
      if (refused <= 10) process.stderr.write(`publisher: ${String(error)}\n`)
    },
  )
}

let timer: NodeJS.Timeout | null = null
let startedAtMs = 0

function go(): void {
  startedAtMs = performance.now()
  timer = setInterval(() => {
    const due = ((performance.now() - startedAtMs) * rate) / 1_000
    // What could not be published while the process was held up is not made good in one burst.
    for (let most = (rate * TICK_MS) / 250; published < due && most > 0; most--) publishNext()
  }, TICK_MS)
}

async function report(): Promise<void> {
  for (let left = 1_500; underWay > 0 && left > 0; left--) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  tell({
    kind: 'published',
    refused,
    topics: topics.map((topic, at) => ({
      topic,
      count: counts[at]!,
      acknowledged: acknowledged[at]!.toString(),
    })),
  })
  setTimeout(() => process.exit(0), 100)
}

createInterface({ input: process.stdin }).on('line', (text) => {
  const { kind } = JSON.parse(text) as Asked
  if (kind === 'go') go()
  else if (timer !== null) clearInterval(timer)
  if (kind === 'report') void report()
})
await Promise.all(lines.map((line) => line.members(topics[0]!).catch(() => {})))
tell({ kind: 'ready' })
setInterval(() => tell({ kind: 'count', count: acknowledgedCount }), 500)
