// A network between named places, on a clock: what is sent arrives late, twice, in another order or not at all, as its
// weather says. Knows nothing of what is sent.

import type { Clock } from '../../connection/clock.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface Weather {
  /** How late things arrive at least and at most, in milliseconds: within that, in any order. */
  readonly delayMs: readonly [least: number, most: number]
  /** Probabilities, for each thing that is sent. */
  readonly loss: number
  readonly duplication: number
}

export const FAIR_WEATHER: Weather = { delayMs: [0, 0], loss: 0, duplication: 0 }

/** What stands at a place. */
export interface NetworkPlace {
  arrived(from: string, thing: unknown): void
  /** The connection with that place was reset. */
  reset(from: string): void
}

export interface NetworkCounters {
  sent: number
  lost: number
  duplicated: number
  /** Arrived before something that was sent earlier between the same two. */
  reordered: number
  /** Sent between two that were parted, or to a place where nobody was. */
  blocked: number
}

/** A place from `join` to `leave`: what was sent to one stay does not arrive at the next. */
interface Stay {
  readonly place: NetworkPlace
}

interface Way {
  sentCount: number
  arrivedCount: number
  isParted: boolean
  extraMs: number
}

export class SimulatedNetwork {
  weather: Weather = FAIR_WEATHER
  readonly counters: NetworkCounters = {
    sent: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    blocked: 0,
  }
  readonly #clock: Clock
  readonly #random: SeededRandom
  readonly #stays = new Map<string, Stay>()
  readonly #ways = new Map<string, Way>()

  constructor(clock: Clock, random: SeededRandom) {
    this.#clock = clock
    this.#random = random
  }

  /** What was sent to whoever stood there before does not arrive. */
  join(name: string, place: NetworkPlace): void {
    this.#stays.set(name, { place })
  }

  leave(name: string): void {
    this.#stays.delete(name)
  }

  send(from: string, to: string, thing: unknown): void {
    this.counters.sent++
    const stay = this.#stays.get(to)
    const way = this.#way(from, to)
    if (stay === undefined || way.isParted) {
      this.counters.blocked++
      return
    }
    const { loss, duplication } = this.weather
    const number = ++way.sentCount
    if (this.#random.happens(loss)) {
      this.counters.lost++
      return
    }
    this.#deliver(from, to, stay, way, number, thing)
    if (!this.#random.happens(duplication)) return
    this.counters.duplicated++
    this.#deliver(from, to, stay, way, number, thing)
  }

  /** Nothing passes between the two, and neither is told. */
  part(one: string, other: string): void {
    this.#way(one, other).isParted = true
    this.#way(other, one).isParted = true
  }

  /** Connections between the two are reset: both are told, as far as they are there. */
  reset(one: string, other: string): void {
    this.#stays.get(one)?.place.reset(other)
    this.#stays.get(other)?.place.reset(one)
  }

  heal(one: string, other: string): void {
    this.#way(one, other).isParted = false
    this.#way(other, one).isParted = false
  }

  /** What the two send arrives so much later, each way. */
  slow(one: string, other: string, extraMs: number): void {
    this.#way(one, other).extraMs = extraMs
    this.#way(other, one).extraMs = extraMs
  }

  #deliver(from: string, to: string, stay: Stay, way: Way, number: number, thing: unknown): void {
    const [least, most] = this.weather.delayMs
    this.#clock.setTimer(way.extraMs + this.#random.between(least, most), () => {
      // Parted while it was under way, or another one stands there now.
      if (way.isParted || this.#stays.get(to) !== stay) {
        this.counters.blocked++
        return
      }
      if (number < way.arrivedCount) this.counters.reordered++
      else way.arrivedCount = number
      stay.place.arrived(from, thing)
    })
  }

  #way(from: string, to: string): Way {
    const key = `${from} ${to}`
    let way = this.#ways.get(key)
    if (way === undefined) {
      way = { sentCount: 0, arrivedCount: 0, isParted: false, extraMs: 0 }
      this.#ways.set(key, way)
    }
    return way
  }
}
