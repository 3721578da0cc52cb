// The tick game on a dispatch queue: the board belongs to a serial queue, and so do its ticks, as blocks that are added
// for later.
import { serve } from 'holdline'
import { dispatch, queue, type TypedConnection } from 'holdline/queues'
import { Board, Game, tickMs } from './game.ts'

const world = queue.serial({ label: 'world', qos: 'interactive' })
/** Both of the world. */
const board = new Board()
const players = new Set<TypedConnection<typeof Game>>()

function beat(): void {
  const positions = board.step()
  for (const player of players) player.send(positions)
  void world.after(tickMs, beat)
}
world.post(beat)

const game = dispatch(Game, {
  queue: world,
  message(player, message) {
    if (message.type === 'play') players.add(player)
    const answer = message.type === 'play' ? board.enter(player.id) : board.turn(player.id, message)
    if (answer !== undefined) player.send(answer)
  },
  close(player) {
    players.delete(player)
    board.leave(player.id)
  },
})

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/tick': game },
})
console.log(server.url)
