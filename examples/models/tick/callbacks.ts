// The tick game with callbacks: messages turn the players, a timer moves them.
import { serve } from 'holdline'
import { callbacks, type TypedConnection } from 'holdline/callbacks'
import { Board, Game, tickMs } from './game.ts'

const board = new Board()
const players = new Set<TypedConnection<typeof Game, { player: number }>>()

setInterval(() => {
  const positions = board.step()
  for (const player of players) player.send(positions)
}, tickMs)

const tick = callbacks(Game, {
  upgrade: () => ({ data: { player: 0 } }),
  open(connection) {
    connection.data.player = board.enter()
    players.add(connection)
    connection.send({ type: 'you', player: connection.data.player })
  },
  message(connection, message) {
    const ignored = board.turn(connection.data.player, message)
    if (ignored !== undefined) connection.send(ignored)
  },
  close(connection) {
    players.delete(connection)
    board.leave(connection.data.player)
  },
})

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/tick': tick },
})
console.log(server.url)
