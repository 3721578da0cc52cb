// The scenarios that kill: workers, or the broker's server, while everything is published and read.

import { BrokerServer } from './broker-server.ts'
import { judge, percentile } from './checker.ts'
import type { Verdict } from './checker.ts'
import { Fleet } from './fleet.ts'
import { brokerKiller, seededRandom, workerKiller } from './nemesis.ts'
import { BROKER_KILLS } from './options.ts'
import type { ScenarioOptions } from './options.ts'

export interface Outcome extends Verdict {
  readonly faults: number
  readonly refused: number
  readonly resumes: number
  readonly resumeP50Ms: number
  readonly resumeP99Ms: number
}

export async function runKilling(
  options: ScenarioOptions,
  say: (line: string) => void,
): Promise<Outcome> {
  const { scenario } = options
  if (scenario === 'slow') throw new Error(`${scenario} kills nobody`)
  const random = seededRandom(options.seed)
  const brokerServer = scenario === 'workers' ? null : await BrokerServer.start(scenario)
  let fleet: Fleet | null = null
  try {
    fleet = await Fleet.start({
      ...options,
      broker: scenario === 'workers' ? 'process' : scenario,
      brokerServer,
      kinds: [{ name: 'chaos', overflow: 'replay' }],
      slowOneIn: 0,
    })
    say(`${scenario}: ${options.clients} subscribers of ${options.topics} topics are there`)
    fleet.publish()
    const nemesis =
      brokerServer === null
        ? workerKiller(fleet.server, random)
        : brokerKiller(brokerServer, BROKER_KILLS, random)
    const faults = await nemesis.harm(options.seconds * 1_000)
    say(`${scenario}: ${faults} faults done`)
    // What is under way is answered first; then all that was acknowledged arrives.
    const { published, shown } = await fleet.reports()
    const resumes = shown.flatMap(({ resumeMs }) => resumeMs)
    return {
      ...judge(
        published.topics,
        shown.flatMap(({ topics }) => topics),
      ),
      faults,
      refused: published.refused,
      resumes: resumes.length,
      resumeP50Ms: percentile(resumes, 50),
      resumeP99Ms: percentile(resumes, 99),
    }
  } finally {
    await fleet?.end()
    await brokerServer?.remove()
  }
}
