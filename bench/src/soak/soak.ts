// One soak: a server holds connections for minutes while all of them talk, and is looked at every few seconds.
// Measures only; what the samples mean says verdict.ts.
import { setTimeout as delay } from 'node:timers/promises'
import type { Commands } from '../load/commands.ts'
import type { Rival } from '../process/rivals.ts'
import type { Bench } from '../scenarios/bench.ts'
import { attempt, Lane, type Entry } from '../scenarios/lanes.ts'
import type { Holding, Sample, SoakRun } from './verdict.ts'

export interface SoakSettings {
  readonly connectionCount: number
  readonly durationMs: number
  readonly sampleMs: number
  readonly messagesPerSecond: number
  /** So long at most for the descriptors of connections that were cut, and so long again for memory. */
  readonly settleMs: number
  /** How much higher the line through the resident bytes may end than it began. */
  readonly maxGrowthBytes: number
}

export const soakDefaults = {
  sampleMs: 10_000,
  messagesPerSecond: 2000,
  settleMs: 15_000,
  // Over eight minutes with a million messages: two bytes a message, or 17 bytes a connection and minute, would show.
  maxGrowthBytes: 2 * 1_048_576,
} as const

const payloadBytes = 20
const warmUpCount = 300
const warmUpMs = 2000
/** In which of every six rounds, a minute by default, a burst is sent, and what. */
const bursts: readonly (Burst | undefined)[] = [
  ...[undefined, { payloadBytes: 1024, connectionCount: Number.MAX_SAFE_INTEGER }],
  ...[undefined, { payloadBytes: 262_144, connectionCount: 4 }, undefined, undefined],
]

type Burst = NonNullable<Commands['mix']['takes']['burst']>

export function burstOf(round: number): Burst | undefined {
  return bursts[round % bursts.length]
}

export async function soak(
  bench: Pick<Bench, 'serverCores' | 'generatorCores' | 'progress'>,
  rival: Rival,
  settings: SoakSettings,
): Promise<SoakRun> {
  const { connectionCount } = settings
  const entry: Entry = { rival, lane: undefined, failure: undefined }
  const samples: Sample[] = []
  const held: { before: Holding; opened?: Holding; gone?: Holding } = {
    before: { residentBytes: Number.NaN, descriptorCount: Number.NaN },
  }
  await attempt(entry, async () => {
    const lane = (entry.lane = await Lane.start(
      { ...bench, roundCount: 0, roundMs: 0, warmUpMs: 0, processCount: 1 },
      rival,
    ))
    bench.progress(`${rival.name}: warm-up`)
    await warmUp(lane, settings)
    held.before = await holdingOf(lane)
    bench.progress(`${rival.name}: ${connectionCount} connections are opened`)
    await lane.open(connectionCount)
    held.opened = await holdingOf(lane)
    await talk(lane, settings, (sample) => {
      samples.push(sample)
      bench.progress(`${rival.name}: ${sampleText(sample)}`)
    })
    await lane.tell('close', {})
    held.gone = await gone(lane, held.before, settings)
  })
  await entry.lane?.[Symbol.asyncDispose]()
  const failure = entry.failure === undefined ? {} : { failure: entry.failure }
  return { connectionCount, ...held, samples, ...failure }
}

/** What a server makes at the first connection, and then keeps, is no leak. */
async function warmUp(lane: Lane, settings: SoakSettings): Promise<void> {
  const { connectionCount, messagesPerSecond, durationMs } = settings
  await lane.open(Math.min(warmUpCount, connectionCount))
  const roundMs = Math.min(warmUpMs, durationMs / 10)
  await lane.tell('mix', { payloadBytes, messagesPerSecond, roundMs, firstNumber: 0 })
  await lane.tell('close', {})
  await delay(Math.min(1000, settings.settleMs))
}

async function talk(
  lane: Lane,
  settings: SoakSettings,
  tell: (sample: Sample) => void,
): Promise<void> {
  const { durationMs, sampleMs, messagesPerSecond } = settings
  const startMs = performance.now()
  let lastMs = startMs
  let lastCpu = await lane.server.cpuTime()
  let firstNumber = 0
  for (let round = 0; lastMs - startMs < durationMs; round++) {
    const burst = burstOf(round)
    const schedule = { payloadBytes, messagesPerSecond, roundMs: sampleMs, firstNumber }
    const load = await lane.tell('mix', { ...schedule, ...(burst === undefined ? {} : { burst }) })
    firstNumber += load.messages
    const nowMs = performance.now()
    const cpu = await lane.server.cpuTime()
    tell({
      elapsedMs: nowMs - startMs,
      ...(await holdingOf(lane)),
      messageCount: load.messages,
      cpuUs: cpu.userUs + cpu.systemUs - lastCpu.userUs - lastCpu.systemUs,
      intervalMs: nowMs - lastMs,
    })
    lastMs = nowMs
    lastCpu = cpu
  }
}

/** Once the descriptors are back at their number, or never will be, and memory had time to be given back. */
async function gone(lane: Lane, before: Holding, settings: SoakSettings): Promise<Holding> {
  const deadlineMs = performance.now() + settings.settleMs
  while (
    (await lane.server.descriptorCount()) > before.descriptorCount &&
    performance.now() < deadlineMs
  ) {
    await delay(50)
  }
  await delay(settings.settleMs)
  return holdingOf(lane)
}

async function holdingOf({ server }: Lane): Promise<Holding> {
  const { rssBytes } = await server.residentMemory()
  return { residentBytes: rssBytes, descriptorCount: await server.descriptorCount() }
}

function sampleText({ elapsedMs, residentBytes, descriptorCount }: Sample): string {
  const mib = (residentBytes / 2 ** 20).toFixed(1)
  return `${Math.round(elapsedMs / 1000)} s, ${mib} MiB resident, ${descriptorCount} descriptors`
}
