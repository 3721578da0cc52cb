// The scenarios that a run goes through, as data.
import type { PayloadKind } from '../load/request-frame.ts'
import { bareModel, modelNames, modelRival } from '../process/model-rivals.ts'
import { repositoryRival, type Rival } from '../process/rivals.ts'
import { bareTopic, topicRival, topicRivalNames } from '../process/topic-rivals.ts'
import type { Scenario } from './bench.ts'
import { BlockedHandler, Crash } from './broken-handler.ts'
import { Acknowledgement, BetweenWorkers } from './broker-scenarios.ts'
import { Echo } from './echo.ts'
import { FanOut } from './fan-out.ts'
import { HandshakeRate, ReconnectStorm } from './handshakes.ts'
import { IdleMemory } from './idle-memory.ts'
import { InProcess } from './in-process.ts'
import { Latency } from './latency.ts'
import { ResumeStorm } from './resume-storm.ts'
import { SlowHandler } from './slow-handler.ts'
import { TwoProcesses } from './two-processes.ts'

export interface Suite {
  readonly name: string
  readonly rivals: readonly string[]
  /** @throws RangeError for a name that is no rival of this suite */
  rivalOf(name: string): Rival
  /** The rival that ratios are held against. */
  readonly against: string
  readonly scenarios: readonly Scenario[]
  readonly roundCount: number
  readonly roundMs: number
  readonly processCount: number
}

/** Whole servers, of this repository and others. */
const servers = { rivalOf: repositoryRival, against: 'ws' }

/** Small enough to be run after every change: a minute. */
export const smokeSuite: Suite = {
  name: 'smoke',
  ...servers,
  rivals: ['holdline-uring', 'holdline-node', 'ws'],
  roundCount: 5,
  roundMs: 400,
  processCount: 1,
  scenarios: [
    echo(200, 20, 'binary'),
    echo(200, 1024, 'text'),
    fanOut(1000, 4),
    new HandshakeRate(64),
    new IdleMemory({ connectionCount: 5000, warmUpCount: 300 }),
  ],
}

/** A few points of each question: under five minutes. */
export const defaultSuite: Suite = {
  name: 'default',
  ...servers,
  rivals: ['holdline-uring', 'holdline-node', 'ws', 'bun', 'uws-js'],
  roundCount: 5,
  roundMs: 400,
  processCount: 2,
  scenarios: [
    echo(1, 20, 'binary'),
    echo(50, 20, 'binary'),
    echo(200, 20, 'binary'),
    echo(5000, 20, 'binary'),
    echo(200, 1024, 'text'),
    echo(200, 16_384, 'binary'),
    fanOut(1000, 1),
    fanOut(1000, 16),
    topics(1000, 5),
    new HandshakeRate(64),
    new ReconnectStorm(1000),
    latency([0.6], 0),
    new IdleMemory({ connectionCount: 15_000, warmUpCount: 300 }),
    new TwoProcesses(echoParameters(200, 20, 'binary')),
  ],
}

const connectionCounts = [1, 10, 50, 200, 1000, 5000, 15_000]
const payloadSizes = [20, 1024, 16_384, 262_144]
const kinds: readonly PayloadKind[] = ['binary', 'text']

/** Everything, with every rival that the machine can run. */
export const fullSuite: Suite = {
  name: 'full',
  ...servers,
  rivals: [
    ...['holdline-uring', 'holdline-node', 'ws', 'bun', 'uws-js'],
    ...['socket-io', 'gorilla', 'tornado', 'bare-net'],
  ],
  roundCount: 5,
  roundMs: 700,
  processCount: 3,
  scenarios: [
    ...kinds.flatMap((kind) =>
      payloadSizes.flatMap((payloadBytes) =>
        connectionCounts.map((connectionCount) => echo(connectionCount, payloadBytes, kind)),
      ),
    ),
    new Echo({ ...echoParameters(50, 20, 'binary'), window: 16 }),
    ...[1000, 10_000].flatMap((subscribers) =>
      [1, 4, 16].map((inFlight) => fanOut(subscribers, inFlight)),
    ),
    topics(1000, 5),
    new HandshakeRate(64),
    new ReconnectStorm(1000),
    new ReconnectStorm(10_000),
    latency([0.3, 0.6, 0.9], 0.6),
    new IdleMemory({ connectionCount: 15_000, warmUpCount: 300 }),
    new TwoProcesses(echoParameters(200, 20, 'binary')),
  ],
}

/** The programming models beside the bare contract of the core: docs/guide/models.md. Under five minutes. */
export const modelsSuite: Suite = {
  name: 'models',
  rivals: modelNames,
  rivalOf: modelRival,
  against: bareModel,
  roundCount: 5,
  roundMs: 400,
  processCount: 3,
  scenarios: [
    echo(1000, 20, 'binary'),
    // A thread for each connection: few enough for all models.
    echo(16, 20, 'binary'),
    new IdleMemory({ connectionCount: 5000, warmUpCount: 300 }),
    new SlowHandler({
      ...{ connectionCount: 100, messagesPerSecond: 1000, roundScale: 1.5 },
      ...{ kind: 'binary', payloadBytes: 20 },
    }),
    new BlockedHandler({ connectionCount: 15, patienceMs: 1000 }),
    new Crash({ connectionCount: 15, patienceMs: 1000 }),
    new InProcess(),
  ],
}

/** What topics cost beside a bare publication, and brokers beside their own servers: docs/guide/delivery.md. */
const topicWays = { rivals: topicRivalNames, rivalOf: topicRival, against: bareTopic }

/** Under five minutes. */
export const topicsSuite: Suite = {
  name: 'topics',
  ...topicWays,
  roundCount: 7,
  roundMs: 700,
  processCount: 1,
  scenarios: [
    ...[64, 1024].flatMap((payloadBytes) =>
      [1, 16].map((count) => bursts(1000, count, payloadBytes)),
    ),
    new Acknowledgement(),
    new BetweenWorkers(),
    new ResumeStorm({ connectionCount: 5000, missedCount: 20 }),
  ],
}

/** Whether it works, not how fast: seconds. */
export const topicsSmokeSuite: Suite = {
  name: 'topics-smoke',
  ...topicWays,
  roundCount: 2,
  roundMs: 100,
  processCount: 1,
  scenarios: [
    bursts(50, 4, 64),
    new Acknowledgement(),
    new BetweenWorkers(),
    new ResumeStorm({ connectionCount: 100, missedCount: 5 }),
  ],
}

function echoParameters(connectionCount: number, payloadBytes: number, kind: PayloadKind) {
  return { connectionCount, payloadBytes, kind, window: 1 }
}

function echo(connectionCount: number, payloadBytes: number, kind: PayloadKind): Scenario {
  return new Echo(echoParameters(connectionCount, payloadBytes, kind))
}

function fanOut(subscribersPerTopic: number, inFlight: number): Scenario {
  return new FanOut({
    topicCount: 1,
    subscribersPerTopic,
    inFlight,
    kind: 'binary',
    payloadBytes: 64,
  })
}

function bursts(subscribersPerTopic: number, inFlight: number, payloadBytes: number): Scenario {
  const message = { kind: 'json', payloadBytes } as const
  return new FanOut({ topicCount: 1, subscribersPerTopic, inFlight, atOnce: true, ...message })
}

function topics(topicCount: number, subscribersPerTopic: number): Scenario {
  const message = { kind: 'binary', payloadBytes: 64 } as const
  return new FanOut({ topicCount, subscribersPerTopic, inFlight: 1, ...message })
}

function latency(shares: readonly number[], shareOfSlowest: number): Scenario {
  const message = { kind: 'binary', payloadBytes: 20 } as const
  return new Latency({ connectionCount: 200, ...message, shares, shareOfSlowest, roundScale: 2 })
}
