// The topics option of a server, checked, and what holds for a name: the options under the name itself, else under the
// pattern that says most about it, else those of a topic without history.

import { HoldlineError } from '../protocol/errors.ts'
import type { Overflow } from '../connection/topic-hub.ts'
import type { Retention } from './broker.ts'
import { checkTopicName, isOwnTopic, isPattern, TopicPattern } from './topic-name.ts'
import type { Authorize, TopicOptions } from './topic-options.ts'

export interface TopicSettings {
  /** null: no history. */
  readonly retention: Retention | null
  readonly overflow: Overflow
  /** null: as far as the connection may buffer. */
  readonly lagBytes: number | null
  readonly blockMs: number
  /** How many keys `conflate` keeps. */
  readonly keyCount: number
  readonly authorize: Authorize | null
}

const defaultRetention: Retention = { count: 1_000, bytes: 1_048_576, ageMs: 300_000 }

const defaults: TopicSettings = {
  retention: null,
  overflow: 'disconnect',
  lagBytes: null,
  blockMs: 5_000,
  keyCount: 10_000,
  authorize: null,
}

export const overflows: readonly Overflow[] = [
  'block',
  'dropOldest',
  'dropNewest',
  'conflate',
  'replay',
  'disconnect',
]

/** Holdline's own topics that have a history. Who was revoked is known for as long as a token may live. */
const ownSettings: ReadonlyMap<string, TopicSettings> = new Map([
  [
    '$revocations',
    { ...defaults, retention: { count: 100_000, bytes: 33_554_432, ageMs: 86_400_000 } },
  ],
])

export class TopicSettingsTable {
  readonly #exact = new Map<string, TopicSettings>()
  readonly #patterns: { readonly pattern: TopicPattern; readonly settings: TopicSettings }[] = []
  /** Whether `block` stands anywhere: then publishers listen to who asks them to wait. */
  readonly mayBlock: boolean

  /** @throws HoldlineError ERR_OPTION_INVALID */
  constructor(options: Readonly<Record<string, TopicOptions>> = {}) {
    for (const [name, given] of Object.entries(options)) {
      const place = `topics[${JSON.stringify(name.slice(0, 80))}]`
      checkPlace(place, name)
      const settings = resolveTopic(place, given)
      if (isPattern(name)) this.#patterns.push({ pattern: new TopicPattern(name), settings })
      else this.#exact.set(name, settings)
    }
    this.#patterns.sort((one, other) => one.pattern.compare(other.pattern))
    const all = [...this.#exact.values(), ...this.#patterns.map(({ settings }) => settings)]
    this.mayBlock = all.some(({ overflow }) => overflow === 'block')
  }

  of(name: string): TopicSettings {
    if (isOwnTopic(name)) return ownSettings.get(name) ?? defaults
    const exact = this.#exact.get(name)
    if (exact !== undefined) return exact
    for (const { pattern, settings } of this.#patterns) if (pattern.matches(name)) return settings
    return defaults
  }
}

function checkPlace(place: string, name: string): void {
  try {
    checkTopicName(name)
    if (isPattern(name)) void new TopicPattern(name)
  } catch (error) {
    invalid(`${place} is no name and no pattern of topics`, error)
  }
  if (isOwnTopic(name)) invalid(`${place}: names that begin with $ are Holdline's own`)
}

function resolveTopic(place: string, options: TopicOptions): TopicSettings {
  if (typeof options !== 'object' || options === null) invalid(`${place} is no object`)
  const { history = false, overflow, lagBytes, blockMs, keys, authorize, ...rest } = options
  for (const name of Object.keys(rest)) invalid(`${place}.${name} is not an option of a topic`)
  if (overflow !== undefined && !overflows.includes(overflow)) {
    invalid(`${place}.overflow is ${JSON.stringify(overflow)}, not one of ${overflows.join(', ')}`)
  }
  if (overflow === 'replay' && history === false) {
    invalid(`${place}.overflow is replay, and the topic has no history to replay`)
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    invalid(`${place}.authorize is no function`)
  }
  return {
    retention: resolveRetention(`${place}.history`, history),
    overflow: overflow ?? defaults.overflow,
    lagBytes: lagBytes === undefined ? null : whole(`${place}.lagBytes`, lagBytes, 1, 1),
    blockMs: whole(`${place}.blockMs`, blockMs, defaults.blockMs, 0, 60_000),
    keyCount: whole(`${place}.keys`, keys, defaults.keyCount, 1, 10_000_000),
    authorize: authorize ?? null,
  }
}

function resolveRetention(place: string, history: TopicOptions['history']): Retention | null {
  if (history === false || history === undefined) return null
  if (history === true) return defaultRetention
  if (typeof history !== 'object' || history === null) invalid(`${place} is neither true nor false`)
  const { count, bytes, ageMs, ...rest } = history
  for (const name of Object.keys(rest)) invalid(`${place}.${name} is not an option of a topic`)
  return {
    count: whole(`${place}.count`, count, defaultRetention.count, 1),
    bytes: whole(`${place}.bytes`, bytes, defaultRetention.bytes, 1),
    ageMs: whole(`${place}.ageMs`, ageMs, defaultRetention.ageMs, 1),
  }
}

function whole(
  place: string,
  given: number | undefined,
  otherwise: number,
  lowest: number,
  highest: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = given ?? otherwise
  if (!Number.isSafeInteger(value) || value < lowest || value > highest) {
    const range = highest === Number.MAX_SAFE_INTEGER ? `from ${lowest}` : `${lowest} to ${highest}`
    invalid(`${place} is ${JSON.stringify(value)}, not a whole number ${range}`)
  }
  return value
}

function invalid(detail: string, cause?: unknown): never {
  throw new HoldlineError('ERR_OPTION_INVALID', detail, { cause })
}
