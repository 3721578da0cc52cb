// The tick game with callbacks: messages turn the players, a timer moves them.
import { serve } from 'holdline'
import { callbacks, type TypedConnection } from 'holdline/callbacks'
import { Board, Game, tickMs } from './game.ts'

const board = new Board()
const players = new Set<TypedConnection<typeof Game>>()

setInterval(() => {
  const positions = board.step()
  for (const player of players) player.send(positions)
}, tickMs)

const tick = callbacks(Game, {
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
  routes: { '/tick': tick },
})
console.log(server.url)
