// The tick game as communicating tasks: one task owns the board and selects between time and the players.
import { serve } from 'holdline'
import { channel, group, select, task, tick, type Channel } from 'holdline/csp'
import { Board, Game, tickMs, type GameIn, type GameOut } from './game.ts'

interface Player {
  readonly id: number
  /** What waits to be written. Who reads too slowly misses ticks. */
  readonly inbox: Channel<GameOut>
}

const messages = channel<{ readonly player: Player; readonly message: GameIn }>()
const leaving = channel<Player>()

async function keepBoard(): Promise<void> {
  const board = new Board()
  const players = new Set<Player>()
  const beats = tick(tickMs)
  for (;;) {
    const next = await select({ beat: beats, said: messages, left: leaving })
    if (!next.ok) return
    if (next.key === 'beat') {
      const positions = board.step()
      for (const { inbox } of players) inbox.trySend(positions)
    } else if (next.key === 'said') {
      const { player, message } = next.value
      if (message.type === 'play') players.add(player)
      const answer =
        message.type === 'play' ? board.enter(player.id) : board.turn(player.id, message)
      if (answer !== undefined) player.inbox.trySend(answer)
    } else {
      const player = next.value
      players.delete(player)
      board.leave(player.id)
      player.inbox.close()
    }
  }
}
void keepBoard()

const game = task(Game, async ({ rx, tx, ctx, connection }) => {
  const player: Player = { id: connection.id, inbox: channel(20) }
  await group(ctx, async (tasks) => {
    tasks.tryGo(async () => {
      for await (const message of player.inbox) await tx.send(message)
    })
    for await (const message of rx) await messages.send({ player, message })
    await leaving.send(player)
  })
})

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/tick': game },
})
console.log(server.url)
