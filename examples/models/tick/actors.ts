// The tick game as actors: the world tells itself when the next tick is due, and every player where all are.
import { serve } from 'holdline'
import { Actor, actors, ConnectionActor, self, whereis, type Down, type Ref } from 'holdline/actors'
import { Board, Game, tickMs, type GameIn, type GameOut } from './game.ts'

class World extends Actor {
  readonly #board = new Board()
  readonly #players = new Map<Ref<Player>, number>()

  override started(): void {
    this.beat()
  }

  beat(): void {
    const positions = this.#board.step()
    for (const player of this.#players.keys()) player.tell.push(positions)
    this.sendAfter(tickMs, self<World>(this), 'beat')
  }

  hear(player: Ref<Player>, id: number, message: GameIn): void {
    if (message.type === 'play' && !this.#players.has(player)) {
      this.monitor(player)
      this.#players.set(player, id)
    }
    const answer = message.type === 'play' ? this.#board.enter(id) : this.#board.turn(id, message)
    if (answer !== undefined) player.tell.push(answer)
  }

  override down({ ref }: Down): void {
    const id = this.#players.get(ref)
    if (id !== undefined) this.#board.leave(id)
    this.#players.delete(ref)
  }
}

class Player extends ConnectionActor<typeof Game> {
  frame(message: GameIn): void {
    whereis(World, 'world').tell.hear(self<Player>(this), this.connection.id, message)
  }

  push(message: GameOut): void {
    this.send(message)
  }
}

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/tick': actors(Game, Player) },
})
console.log(server.url)
