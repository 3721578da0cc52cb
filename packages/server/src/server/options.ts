// What a program may set for a server, and the check of it.

import { availableParallelism } from 'node:os'
import type { Engine, HttpHandler, ListenOptions } from '../connection/engine.ts'
import type { Limits } from '../connection/limits.ts'
import { resolveLimits } from '../connection/limits.ts'
import type { Route } from '../connection/route.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { Broker } from '../topics/broker.ts'
import { resolveHistoryLimits } from '../topics/history-limits.ts'
import type { HistoryLimits } from '../topics/history-limits.ts'
import type { PresenceOptions } from '../topics/presence-options.ts'
import { resolvePresence } from '../topics/presence-options.ts'
import type { TopicOptions } from '../topics/topic-options.ts'
import { TopicSettingsTable } from '../topics/topic-settings.ts'
import type { AdmissionOptions } from './admission.ts'
import { resolveAdmission } from './admission.ts'
import type { DrainOptions } from './drain.ts'
import { resolveSpread } from './drain.ts'
import type { Logger } from './statistics.ts'

/** How often workers may end before the server gives up, as in OTP: more than `intensity` within `periodMs`. */
export interface RestartOptions {
  /** Restarts within the period. Default 10. */
  readonly intensity?: number
  /** Milliseconds. Default 60,000. */
  readonly periodMs?: number
  /** The first pause before a restart, doubled with each that follows soon after. Default 100 ms. */
  readonly backoffMs?: number
  /** The longest pause. Default 5,000 ms. */
  readonly maxBackoffMs?: number
}

export interface ServeOptions extends ListenOptions {
  /** Paths with their routes: `{ '/chat/:room': callbacks({ … }) }`. */
  readonly routes?: Readonly<Record<string, Route>>
  /** Answers all requests that are no upgrades: an Express app, Fastify's routing, a `(req, res)` function. */
  readonly http?: HttpHandler
  /**
   * `'auto'` (the default) takes the fastest that runs here, and logs which and why: `'uring'` on Linux with Node
   * 26.1 or later, else `'node'`. The environment variable HOLDLINE_ENGINE overrides `'auto'`.
   */
  readonly engine?: EngineName | Engine
  /** Worker processes: a number, or `'cores'` for one per CPU core. Default 1: this process, no supervisor. */
  readonly processes?: number | 'cores'
  /** Limits for all routes; a route may set its own. */
  readonly limits?: Partial<Limits>
  /** Origins for all routes; a route may set its own. Default `'same-host'`. */
  readonly origins?: Route['origins']
  /**
   * What holds for topics, by name or pattern: `{ 'news.*': { history: true } }`. The name itself goes before patterns, and
   * of these the one that says most. Topics that are not named have no history.
   */
  readonly topics?: Readonly<Record<string, TopicOptions>>
  /** What the histories of all topics may take together, where `memory` or `process` is the broker. */
  readonly histories?: HistoryLimits
  /** Who is present on topics: leases, grace, bounds. */
  readonly presence?: PresenceOptions
  /** Connections let in each second; beyond it 503 with Retry-After. Default: all. */
  readonly admission?: AdmissionOptions
  /** Carries publications between processes. Default: `memory`, or `process` with several workers. */
  readonly broker?: Broker
  /** Milliseconds that connections have to close when the server is stopped. Default 10,000. */
  readonly graceMs?: number
  /** How connections are sent away then: one after the other, not all at once. */
  readonly drain?: DrainOptions
  readonly restart?: RestartOptions
  /**
   * Whether SIGTERM and SIGINT drain and end the process (and SIGHUP replaces the workers). Default: only with
   * several processes.
   */
  readonly signals?: boolean
  /**
   * `'lean'` (the default) keeps V8's young generation in this process at its first size, so that a burst of
   * handshakes does not grow the heap for good: an idle connection takes 2.6 KiB of resident memory instead of 6.5
   * (docs/performance.md). `'default'` leaves the heap as the program set it. `attach` never touches it.
   */
  readonly heap?: 'lean' | 'default'
  /** Where an operator's lines go. Default: the console. null: nowhere. */
  readonly logger?: Logger | null
}

export const engineNames = ['auto', 'uring', 'node'] as const
export type EngineName = (typeof engineNames)[number]

export interface ResolvedOptions {
  readonly listen: ListenOptions
  readonly routes: Readonly<Record<string, Route>>
  readonly http: HttpHandler | null
  readonly engine: EngineName | Engine
  readonly processCount: number
  readonly limits: Limits
  readonly origins: Route['origins']
  readonly topics: TopicSettingsTable
  readonly histories: Required<HistoryLimits>
  readonly presence: Required<PresenceOptions>
  readonly admission: Required<AdmissionOptions> | null
  readonly broker: Broker | null
  readonly graceMs: number
  /** Milliseconds over which connections are sent away; null: as many as there are connections. */
  readonly spreadMs: number | null
  readonly restart: Required<RestartOptions>
  readonly signals: boolean
  readonly heap: 'lean' | 'default'
  readonly logger: Logger | null
}

const known: ReadonlySet<string> = new Set([
  'port',
  'host',
  'path',
  'tls',
  'proxy',
  'reusePort',
  'backlog',
  'routes',
  'http',
  'engine',
  'processes',
  'limits',
  'origins',
  'topics',
  'histories',
  'presence',
  'admission',
  'broker',
  'graceMs',
  'drain',
  'restart',
  'signals',
  'heap',
  'logger',
])

const defaultRestart: Required<RestartOptions> = {
  intensity: 10,
  periodMs: 60_000,
  backoffMs: 100,
  maxBackoffMs: 5_000,
}

/** @throws HoldlineError ERR_OPTION_INVALID */
export function resolveOptions(options: ServeOptions): ResolvedOptions {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) invalid(`${name} is not an option of serve`)
  }
  const { port = 0, path, host, tls, proxy, reusePort, backlog, engine = 'auto' } = options
  checkNumber('port', port, 0, 65_535)
  if (path !== undefined && options.port !== undefined) invalid('port and path exclude each other')
  if (typeof engine === 'string' && !engineNames.includes(engine)) {
    invalid(`engine is ${JSON.stringify(engine)}, not one of ${engineNames.join(', ')}`)
  }
  if (options.http !== undefined && typeof options.http !== 'function') {
    invalid('http is no function (req, res); for Fastify pass (req, res) => app.routing(req, res)')
  }
  checkShapes(options)
  const heap = options.heap ?? 'lean'
  if (heap !== 'default' && heap !== 'lean') invalid(`heap is ${JSON.stringify(heap)}`)
  const processCount = resolveProcesses(options.processes ?? 1)
  const graceMs = options.graceMs ?? 10_000
  checkNumber('graceMs', graceMs, 0, 0x7fff_ffff)
  const restart = { ...defaultRestart, ...options.restart }
  for (const [name, value] of Object.entries(restart)) {
    if (!Object.hasOwn(defaultRestart, name)) invalid(`restart.${name} is not an option of serve`)
    checkNumber(`restart.${name}`, value, 0, 0x7fff_ffff)
  }
  return {
    listen: {
      ...(path === undefined ? { port } : { path }),
      ...(host !== undefined && { host }),
      ...(tls !== undefined && { tls }),
      ...(proxy !== undefined && { proxy }),
      ...(reusePort !== undefined && { reusePort }),
      ...(backlog !== undefined && { backlog }),
    },
    routes: options.routes ?? {},
    http: options.http ?? null,
    engine,
    processCount,
    limits: resolveLimits(options.limits),
    origins: options.origins,
    topics: new TopicSettingsTable(options.topics),
    histories: resolveHistoryLimits(options.histories),
    presence: resolvePresence(options.presence),
    admission: resolveAdmission(options.admission),
    broker: options.broker ?? null,
    graceMs,
    spreadMs: resolveSpread(options.drain, graceMs),
    restart,
    heap,
    signals: options.signals ?? processCount > 1,
    logger: options.logger === undefined ? console : options.logger,
  }
}

/** What would otherwise fail later, and elsewhere. */
function checkShapes({ routes = {}, engine, broker, logger, signals }: ServeOptions): void {
  for (const [path, route] of Object.entries(routes)) {
    if (!has(route?.behavior, 'message')) {
      invalid(
        `routes[${JSON.stringify(path)}] is no route; make one with a model: callbacks({ … })`,
      )
    }
  }
  if (engine !== undefined && typeof engine !== 'string' && !has(engine, 'listen')) {
    invalid('engine is neither a name nor an engine')
  }
  if (broker !== undefined && !has(broker, 'publish')) invalid('broker is no broker')
  if (logger !== undefined && logger !== null && !has(logger, 'info', 'warn', 'error')) {
    invalid('logger has no functions info, warn and error')
  }
  if (signals !== undefined && typeof signals !== 'boolean') {
    invalid(`signals is ${JSON.stringify(signals)}, not true or false`)
  }
}

function has(object: unknown, ...functions: readonly string[]): boolean {
  if (typeof object !== 'object' || object === null) return false
  return functions.every((name) => typeof (object as Record<string, unknown>)[name] === 'function')
}

function resolveProcesses(processes: number | 'cores'): number {
  if (processes === 'cores') return availableParallelism()
  checkNumber('processes', processes, 1, 1_024)
  return processes
}

function checkNumber(name: string, value: number, lowest: number, highest: number): void {
  if (!Number.isSafeInteger(value) || value < lowest || value > highest) {
    invalid(`${name} is ${JSON.stringify(value)}, not a whole number from ${lowest} to ${highest}`)
  }
}

function invalid(detail: string): never {
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
