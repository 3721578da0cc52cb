// The classes of service, and the order in which what waits at several of them is served: the most urgent first,
// and nobody for ever last. Knows no queues.

import { HoldlineError } from '../../protocol/errors.ts'
import type { Entry } from './entry-list.ts'
import { EntryList } from './entry-list.ts'

/** The classes of Grand Central Dispatch, the most urgent first; a class is known by its place here. */
const classes = ['interactive', 'initiated', 'default', 'utility', 'background'] as const

export type Qos = (typeof classes)[number]

export const DEFAULT_LEVEL = 2
export const LEVEL_COUNT: number = classes.length

/** How many others may be served while a class waits, until it has its turn whoever else is there. */
export const PATIENCE: readonly number[] = [0, 4, 16, 64, 256]

/** @throws HoldlineError ERR_OPTION_INVALID for a class that does not exist. */
export function levelOf(qos: Qos): number {
  const level = classes.indexOf(qos)
  if (level < 0) {
    const detail = `qos ${JSON.stringify(qos)} is none of ${classes.join(', ')}`
    throw new HoldlineError('ERR_OPTION_INVALID', detail)
  }
  return level
}

export function qosOf(level: number): Qos {
  return classes[level]!
}

/** Lists by class: first come, first served within each. */
export class QosLists<E extends Entry> {
  readonly #lists: readonly EntryList<E>[] = classes.map(() => new EntryList<E>())
  /** How often each class was passed over while something waited in it. */
  readonly #passedOver: number[] = classes.map(() => 0)
  #size = 0

  get size(): number {
    return this.#size
  }

  push(entry: E, level: number): void {
    const list = this.#lists[level]!
    if (list.size === 0) this.#passedOver[level] = 0
    list.push(entry)
    this.#size++
  }

  remove(entry: E): void {
    ;(entry.list as unknown as EntryList<E>).remove(entry)
    this.#size--
  }

  shift(): E | null {
    if (this.#size === 0) return null
    const chosen = this.#choose()
    for (let level = chosen; level < LEVEL_COUNT; level++) {
      if (level === chosen) this.#passedOver[level] = 0
      else if (this.#lists[level]!.size > 0) this.#passedOver[level]!++
    }
    this.#size--
    return this.#lists[chosen]!.shift()
  }

  /** The least urgent class whose patience is over, else the most urgent one. */
  #choose(): number {
    let chosen = 0
    for (let level = LEVEL_COUNT - 1; level >= 0; level--) {
      if (this.#lists[level]!.size === 0) continue
      if (level > 0 && this.#passedOver[level]! >= PATIENCE[level]!) return level
      chosen = level
    }
    return chosen
  }
}
