// A small game: players walk on a board that wraps around, and everyone hears the positions of each tick. Shared by
// the seven servers of this folder; pure: it has no clock, sends nothing and knows no model.
import { contract, type In, type Out } from 'holdline'
import { z } from 'zod'

export const tickMs = 50
export const boardSize = 100

const steps = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] } as const
export type Direction = keyof typeof steps
export const directions = ['up', 'down', 'left', 'right'] as const

/** Messages as they stand on the wire, in JSON. What does not fit is answered with ERR_MESSAGE_INVALID. */
export const Game = contract({
  in: z.discriminatedUnion('type', [
    z.object({ type: z.literal('play') }),
    // `tick` is the last one that the sender has seen.
    z.object({ type: z.literal('turn'), tick: z.int().min(0), direction: z.enum(directions) }),
  ]),
  out: z.discriminatedUnion('type', [
    // To who begins to play: the number that stands for them.
    z.object({ type: z.literal('you'), player: z.number() }),
    z.object({
      type: z.literal('positions'),
      tick: z.number(),
      /** Player, x, y. */
      players: z.array(z.tuple([z.number(), z.number(), z.number()])),
    }),
    // The direction is of a tick long past, or of one to come: it is ignored.
    z.object({ type: z.literal('ignored'), tick: z.number(), now: z.number() }),
  ]),
})
export type GameIn = In<typeof Game>
export type Turn = Extract<GameIn, { type: 'turn' }>
export type GameOut = Out<typeof Game>

/** A direction counts if its sender has seen one of the last ticks, a second's worth. */
const lateTicks = 20

/** The answer to a direction that does not count, else nothing. */
export function judge(tick: number, now: number): GameOut | undefined {
  const isInTime = tick >= now - lateTicks && tick <= now
  return isInTime ? undefined : { type: 'ignored', tick, now }
}

interface Walker {
  x: number
  y: number
  direction: Direction | undefined
}

export class Board {
  readonly #walkers = new Map<number, Walker>()
  #tick = 0

  /** The last tick. */
  get tick(): number {
    return this.#tick
  }

  /** Gives the answer to a new player; nothing where they play already. */
  enter(player: number): GameOut | undefined {
    if (this.#walkers.has(player)) return undefined
    this.#walkers.set(player, { x: 0, y: 0, direction: undefined })
    return { type: 'you', player }
  }

  leave(player: number): void {
    this.#walkers.delete(player)
  }

  /** Turns a player, or gives the answer to a direction that does not count. */
  turn(player: number, { tick, direction }: Turn): GameOut | undefined {
    const ignored = judge(tick, this.#tick)
    const walker = this.#walkers.get(player)
    if (ignored === undefined && walker !== undefined) walker.direction = direction
    return ignored
  }

  /** One tick: everyone takes a step. */
  step(): GameOut {
    this.#tick += 1
    const players: [number, number, number][] = []
    for (const [player, walker] of this.#walkers) {
      const [dx, dy] = walker.direction === undefined ? [0, 0] : steps[walker.direction]
      walker.x = (walker.x + dx + boardSize) % boardSize
      walker.y = (walker.y + dy + boardSize) % boardSize
      players.push([player, walker.x, walker.y])
    }
    return { type: 'positions', tick: this.#tick, players }
  }
}
