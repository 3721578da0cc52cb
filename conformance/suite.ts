// Runs the cases: many at a time against one server with a canary on it, then those that measure a process, each
// against a fresh server. It knows nothing of Holdline beyond the routes the cases name.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCanary, type CanaryReport } from './canary.ts'
import { cases } from './cases/index.ts'
import { play, Mismatch } from './play.ts'
import { RawConnection, type Endpoint, type Transport } from './raw-connection.ts'
import { expectStatus, send, type Case, type Scene, type ServerProcess } from './script.ts'
import { startTarget, type TargetProcess } from './server-process.ts'
import { acceptOf, request } from './upgrade-request.ts'

export interface SuiteOptions {
  readonly transports: readonly Transport[]
  /** Script and arguments of the server under test. */
  readonly target?: { readonly script: string; readonly args: readonly string[] }
  /** A server that somebody else runs, instead of a target. */
  readonly endpoint?: Endpoint
  /** Only cases whose name contains this. */
  readonly only?: string
}

export interface CaseResult {
  readonly name: string
  readonly transport: Transport
  readonly passed: boolean
  readonly expected?: string
  readonly seen?: string
  readonly notes: readonly string[]
  readonly tookMs: number
}

export interface SuiteReport {
  readonly results: readonly CaseResult[]
  readonly canaries: readonly (CanaryReport & { readonly beside: string })[]
  readonly uncaught: readonly string[]
  /** Cases that need a process to look at, when the server is somebody else's. */
  readonly notRun: readonly string[]
}

interface Job {
  readonly item: Case
  readonly transport: Transport
}

/** Waiting, not computing, is what most cases do; the server sees this many at a time. */
const concurrentCount = 24

/** What the suite is busy with, for the message when nothing ends any more. */
const busyWith = new Set<string>()
const stallMs = 120_000

/** Rejects when nothing has begun or ended for so long: a run must not hang in silence. */
async function stalled(done: AbortSignal): Promise<never> {
  for (let before = ''; ;) {
    await sleep(stallMs, undefined, { signal: done })
    const now = [...busyWith].join('; ')
    if (now === before) throw new Error(`nothing ended for ${stallMs} ms: ${now}`)
    before = now
  }
}

async function busy<T>(name: string, work: Promise<T>): Promise<T> {
  busyWith.add(name)
  try {
    return await work
  } finally {
    busyWith.delete(name)
  }
}

export async function runSuite(options: SuiteOptions): Promise<SuiteReport> {
  const done = new AbortController()
  try {
    return await Promise.race([runCases(options), stalled(done.signal)])
  } finally {
    done.abort()
  }
}

async function runCases(options: SuiteOptions): Promise<SuiteReport> {
  refuseRepeatedNames()
  const jobs = cases
    .filter((item) => options.only === undefined || item.name.includes(options.only))
    .flatMap((item) =>
      options.transports
        .filter((transport) => item.only === undefined || item.only.transport === transport)
        .map((transport) => ({ item, transport })),
    )
  const shared = jobs.filter(({ item }) => item.alone !== true)
  const alone = jobs.filter(({ item }) => item.alone === true)
  const report = { results: [], canaries: [], uncaught: [], notRun: [] } as {
    -readonly [K in keyof SuiteReport]: SuiteReport[K] extends readonly (infer E)[] ? E[] : never
  }
  const collect = (part: Omit<SuiteReport, 'notRun'>) => {
    report.results.push(...part.results)
    report.canaries.push(...part.canaries)
    report.uncaught.push(...part.uncaught)
  }
  if (shared.length > 0) collect(await runGroup(options, shared, 'all cases'))
  for (const job of alone) {
    if (options.target === undefined) report.notRun.push(job.item.name)
    else collect(await runAlone(options, job))
  }
  return report
}

/**
 * What a process measures depends on when its collector ran and who else used the machine. A case that fails is
 * tried once more on another fresh server; what the first attempt saw is printed with the result.
 */
async function runAlone(options: SuiteOptions, job: Job): Promise<Omit<SuiteReport, 'notRun'>> {
  const first = await runGroup(options, [job], job.item.name)
  const [failed] = first.results.filter(({ passed }) => !passed)
  if (failed === undefined) return first
  const second = await runGroup(options, [job], job.item.name)
  const note = `first attempt: expected ${failed.expected}; saw ${failed.seen}`
  return {
    results: second.results.map((one) => ({
      ...one,
      notes: [...failed.notes, note, ...one.notes],
    })),
    canaries: [...first.canaries, ...second.canaries],
    uncaught: [...first.uncaught, ...second.uncaught],
  }
}

function refuseRepeatedNames(): void {
  const names = new Set<string>()
  for (const { name } of cases) {
    if (names.has(name)) throw new Error(`two cases are named: ${name}`)
    names.add(name)
  }
}

async function runGroup(
  options: SuiteOptions,
  jobs: readonly Job[],
  beside: string,
): Promise<Omit<SuiteReport, 'notRun'>> {
  const target =
    options.target === undefined
      ? undefined
      : await busy(
          `start of the server for ${beside}`,
          startTarget(options.target.script, options.target.args),
        )
  const endpointOf = (transport: Transport): Endpoint => {
    if (target === undefined) return options.endpoint as Endpoint
    return { transport, host: '127.0.0.1', port: target.ports[transport] }
  }
  const transports = [...new Set(jobs.map(({ transport }) => transport))]
  const canaries = await busy(
    `start of the canaries for ${beside}`,
    Promise.all(transports.map((one) => startCanary(endpointOf(one)))),
  )
  const results: CaseResult[] = []
  // Long ones first, so that the short ones fill the time they wait.
  const queue = jobs.toSorted((a, b) => (b.item.withinMs ?? 0) - (a.item.withinMs ?? 0))
  const lane = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const name = `${job.item.name} [${job.transport}]`
      results.push(await busy(name, runCase(job, endpointOf(job.transport), target)))
    }
  }
  await Promise.all(Array.from({ length: concurrentCount }, lane))
  const reports = await busy(
    `end of the canaries for ${beside}`,
    Promise.all(canaries.map((canary) => canary.stop())),
  )
  await busy(`end of the server for ${beside}`, target?.stop() ?? Promise.resolve())
  return {
    results,
    canaries: reports.map((one, i) => ({ ...one, beside: `${beside} (${transports[i]})` })),
    uncaught: target?.uncaught ?? [],
  }
}

async function runCase(
  { item, transport }: Job,
  endpoint: Endpoint,
  target: TargetProcess | undefined,
): Promise<CaseResult> {
  const begin = performance.now()
  const opened: RawConnection[] = []
  const notes: string[] = []
  const withinMs = item.withinMs ?? 20_000
  let timer: NodeJS.Timeout | undefined
  let outcome: { passed: boolean; expected?: string; seen?: string } = { passed: true }
  try {
    const scene = makeScene(endpoint, opened, notes, target)
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Mismatch(`an end within ${withinMs} ms`, opened.at(-1)?.describe() ?? '')),
        withinMs,
      )
    })
    await Promise.race([perform(item, scene), late])
  } catch (error) {
    const { expected, seen } =
      error instanceof Mismatch ? error : { expected: 'no error', seen: (error as Error).message }
    outcome = { passed: false, expected, seen }
  } finally {
    clearTimeout(timer)
    for (const connection of opened) connection.destroy()
  }
  return { name: item.name, transport, notes, tookMs: performance.now() - begin, ...outcome }
}

async function perform(item: Case, scene: Scene): Promise<void> {
  if (item.run !== undefined) await item.run(scene)
  if (item.steps === undefined) return
  const connection =
    item.path === undefined
      ? await scene.connect(item.connect)
      : await scene.open(item.path, {
          ...item.connect,
          ...(item.headers === undefined ? {} : { headers: item.headers }),
        })
  await scene.play(connection, item.steps)
}

function makeScene(
  endpoint: Endpoint,
  opened: RawConnection[],
  notes: string[],
  target: TargetProcess | undefined,
): Scene {
  const scene: Scene = {
    endpoint,
    async connect(options) {
      const connection = await RawConnection.open(endpoint, options)
      opened.push(connection)
      return connection
    },
    async open(path, options = {}) {
      const connection = await scene.connect(options)
      const key = randomBytes(16).toString('base64')
      await scene.play(connection, [
        send(
          request({
            target: path,
            set: { 'Sec-WebSocket-Key': key },
            add: options.headers ?? [],
          }),
        ),
        expectStatus(101, {
          upgrade: /^websocket$/i,
          connection: /^upgrade$/i,
          'sec-websocket-accept': acceptOf(key),
        }),
      ])
      return connection
    },
    play: (connection, steps) => play(endpoint, connection, steps),
    get process(): ServerProcess {
      if (target === undefined) throw new Error('this case needs a server of its own')
      return target
    },
    note: (line) => notes.push(line),
    fail(expected, seen) {
      throw new Mismatch(expected, seen)
    },
  }
  return scene
}
