// The tick game as requests and replies: to turn is answered at once or not at all, to play with every tick until the
// connection closes.
import { EventEmitter, on } from 'node:events'
import { serve } from 'holdline'
import { servlet } from 'holdline/servlet'
import { Board, Game, tickMs, type GameOut } from './game.ts'

const board = new Board()
const clock = new EventEmitter<{ tick: [GameOut] }>().setMaxListeners(0)
setInterval(() => clock.emit('tick', board.step()), tickMs)

const game = servlet(
  Game,
  (message, { connection, signal }) =>
    message.type === 'play' ? play(connection.id, signal) : board.turn(connection.id, message),
  { concurrency: 2 },
)

async function* play(player: number, signal: AbortSignal): AsyncGenerator<GameOut> {
  const you = board.enter(player)
  if (you === undefined) return
  const ticks = on(clock, 'tick', { signal }) as AsyncIterable<[GameOut]>
  try {
    yield you
    for await (const [positions] of ticks) yield positions
  } finally {
    board.leave(player)
  }
}

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/tick': game },
})
console.log(server.url)
