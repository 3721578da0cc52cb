// One scenario of a chaos run, from the first process to the last: servers, clients, faults, what they wrote down.

import { randomBytes } from 'node:crypto'
import { BrokerServer, freePort } from './broker-server.ts'
import { judge, percentile } from './checker.ts'
import type { Verdict } from './checker.ts'
import { Child } from './child.ts'
import { brokerKiller, seededRandom, workerKiller } from './nemesis.ts'
import type { ChaosOptions, ScenarioName } from './options.ts'

export interface Outcome extends Verdict {
  readonly scenario: ScenarioName
  readonly faults: number
  readonly minFaults: number
  readonly refused: number
  readonly resumes: number
  readonly resumeP50Ms: number
  readonly resumeP99Ms: number
}

/** Clients of one process: below the limit of open files, and of what one process can do. */
const CLIENTS_PER_PROCESS = 2_500
const BROKER_KILLS = 10
/** Time for everything to arrive after the last fault; less where nothing at all came for this long. */
const SETTLE_MS = 60_000
const QUIET_MS = 10_000

export async function runScenario(
  scenario: ScenarioName,
  options: ChaosOptions,
  say: (line: string) => void,
): Promise<Outcome> {
  const random = seededRandom(options.seed)
  const children: Child[] = []
  const start = (program: string, of: object): Child => {
    const child = new Child(program, of)
    children.push(child)
    return child
  }
  const broker = scenario === 'workers' ? null : await BrokerServer.start(scenario)
  try {
    const server = start('server.ts', {
      broker: broker === null ? 'process' : scenario,
      brokerPort: broker?.port ?? 0,
      port: await freePort(),
      processes: 2,
      secret: randomBytes(32).toString('base64url'),
    })
    const { port } = await server.first('listening')
    const url = `ws://127.0.0.1:${port}/live`
    const topics = Array.from({ length: options.topics }, (_, i) => `chaos.${i}`)
    const subscribers: Child[] = []
    for (let first = 0; first < options.clients; first += CLIENTS_PER_PROCESS) {
      const count = Math.min(CLIENTS_PER_PROCESS, options.clients - first)
      subscribers.push(start('subscribers.ts', { url, topics, first, count }))
    }
    const publishers = start('publishers.ts', { url, topics, lines: 20, rate: options.rate })
    for (const child of [...subscribers, publishers]) await child.first('ready', 120_000)
    say(`${scenario}: ${options.clients} subscribers of ${options.topics} topics are there`)
    publishers.ask('go')
    const nemesis =
      broker === null ? workerKiller(server, random) : brokerKiller(broker, BROKER_KILLS, random)
    const faults = await nemesis.harm(options.seconds * 1_000)
    say(`${scenario}: ${faults} faults done`)
    // What is under way is answered first; then all that was acknowledged arrives.
    publishers.ask('report')
    const published = await publishers.first('published', 60_000)
    await settled(subscribers, expectedCount(published.topics, options.clients, topics.length))
    for (const child of subscribers) child.ask('report')
    const reports = await Promise.all(subscribers.map((child) => child.first('shown', 60_000)))
    const resumes = reports.flatMap(({ resumeMs }) => resumeMs)
    return {
      scenario,
      ...judge(
        published.topics,
        reports.flatMap((report) => report.topics),
      ),
      faults,
      minFaults: broker === null ? options.minFaults : BROKER_KILLS,
      refused: published.refused,
      resumes: resumes.length,
      resumeP50Ms: percentile(resumes, 50),
      resumeP99Ms: percentile(resumes, 99),
    }
  } finally {
    await Promise.all(children.map((child) => child.end()))
    await broker?.remove()
  }
}

/** How much all subscribers together are shown, if everything that was handed over and nothing else arrives. */
function expectedCount(
  published: readonly { readonly count: number }[],
  clients: number,
  topicCount: number,
): number {
  let count = 0
  for (const [at, topic] of published.entries()) {
    const subscribers = Math.floor(clients / topicCount) + (at < clients % topicCount ? 1 : 0)
    count += topic.count * subscribers
  }
  return count
}

/** Waits until so much was shown, or nothing more has come for a while. */
async function settled(subscribers: readonly Child[], expected: number): Promise<void> {
  const giveUpAt = performance.now() + SETTLE_MS
  let shown = -1
  let sinceMs = performance.now()
  while (performance.now() < giveUpAt) {
    const now = subscribers.reduce((sum, { count }) => sum + count, 0)
    if (now >= expected) return
    if (now > shown) sinceMs = performance.now()
    else if (performance.now() - sinceMs > QUIET_MS) return
    shown = now
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
