// The tick game on the raw event loop: ready descriptors and timers come out of the same loop.
import { createLoop, type Backend } from 'holdline/loop'
import { invalid, WebSocketLine, type LineCallbacks } from '../web-socket-line.ts'
import { Board, Game, tickMs } from './game.ts'

const board = new Board()
const players = new Set<WebSocketLine>()

const game: LineCallbacks = {
  message(player, data) {
    const decoded = Game.decode(data)
    if (decoded.issues !== undefined) return player.send(invalid(decoded.issues))
    const message = decoded.value
    if (message.type === 'play') players.add(player)
    const answer = message.type === 'play' ? board.enter(player.id) : board.turn(player.id, message)
    if (answer !== undefined) player.send(JSON.stringify(answer))
  },
  closed(player) {
    players.delete(player)
    board.leave(player.id)
  },
}

const backend = process.env['BACKEND'] as Backend | undefined
const loop = createLoop(backend === undefined ? {} : { backend })
loop.timer(
  tickMs,
  () => {
    const positions = JSON.stringify(board.step())
    for (const player of players) player.send(positions)
  },
  { repeats: true },
)
const listener = await loop.listen({ port: Number(process.env['PORT'] ?? 8080) }, (fd) => {
  new WebSocketLine(loop, fd, game)
})
loop.signal('SIGTERM', () => loop.shutDown())
console.log(`http://localhost:${listener.port}`)
