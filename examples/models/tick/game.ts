// A small game: players walk on a board that wraps around, and everyone hears the positions of each tick. Shared by
// the seven servers of this folder; pure: it has no clock, sends nothing and knows no model.
import { contract, type In, type Out } from 'holdline'
import { z } from 'zod'

export const tickMs = 50
export const boardSize = 100

const steps = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] } as const
export type Direction = keyof typeof steps

/** Messages as they stand on the wire, in JSON. What does not fit is answered with ERR_MESSAGE_INVALID. */
export const Game = contract({
  in: z.object({
    /** The tick that the sender has seen last. */
    tick: z.int().min(0),
    direction: z.enum(['up', 'down', 'left', 'right']),
  }),
  out: z.discriminatedUnion('type', [
    // To who comes: the number that stands for them.
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
export type GameOut = Out<typeof Game>

/** A direction counts if its sender has seen one of the last ticks, a second's worth. */
const lateTicks = 20

interface Walker {
  x: number
  y: number
  direction: Direction | undefined
}

export class Board {
  readonly #walkers = new Map<number, Walker>()
  #tick = 0
  #lastPlayer = 0

  enter(): number {
    this.#lastPlayer += 1
    this.#walkers.set(this.#lastPlayer, { x: 0, y: 0, direction: undefined })
    return this.#lastPlayer
  }

  leave(player: number): void {
    this.#walkers.delete(player)
  }

  /** Turns a player. Gives the answer to a direction that does not count, else nothing. */
  turn(player: number, { tick, direction }: GameIn): GameOut | undefined {
    if (tick < this.#tick - lateTicks || tick > this.#tick) {
      return { type: 'ignored', tick, now: this.#tick }
    }
    const walker = this.#walkers.get(player)
    if (walker !== undefined) walker.direction = direction
    return undefined
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
