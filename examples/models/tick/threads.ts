// The tick game with a thread for each player: it blocks until its player turns, and writes the direction into memory
// that all share. The main thread reads it at each tick. One writes, one reads, each a whole word: no lock.
import { isMainThread } from 'node:worker_threads'
import { serve } from 'holdline'
import { blocking, threads } from 'holdline/threads'
import { Board, directions, Game, judge, tickMs } from './game.ts'

const playerCount = 64

/** Of shared memory: the tick, and by slot who plays there (0: nobody) and where to (0: nowhere yet). */
class Table {
  readonly tick: Int32Array
  readonly players: Int32Array
  readonly turns: Int32Array

  constructor(memory: SharedArrayBuffer) {
    this.tick = new Int32Array(memory, 0, 1)
    this.players = new Int32Array(memory, 4, playerCount)
    this.turns = new Int32Array(memory, 4 + 4 * playerCount, playerCount)
  }
}

// oxlint-disable-next-line import/no-default-export -- what a thread's module is
export default blocking<typeof Game, SharedArrayBuffer>(Game, (session) => {
  const table = new Table(session.data)
  for (let message; (message = session.recv())?.type !== 'play';) {
    if (message === null) return
    session.send({ type: 'ignored', tick: message.tick, now: Atomics.load(table.tick, 0) })
  }
  let slot = 0
  while (Atomics.compareExchange(table.players, slot, 0, session.id) !== 0) slot += 1
  session.send({ type: 'you', player: session.id })
  session.subscribe('tick')
  for (let message; (message = session.recv()) !== null;) {
    if (message.type === 'play') continue
    const ignored = judge(message.tick, Atomics.load(table.tick, 0))
    if (ignored !== undefined) session.send(ignored)
    else Atomics.store(table.turns, slot, 1 + directions.indexOf(message.direction))
  }
  Atomics.store(table.turns, slot, 0)
  Atomics.store(table.players, slot, 0)
})

if (isMainThread) {
  const memory = new SharedArrayBuffer(4 + 8 * playerCount)
  const table = new Table(memory)
  const board = new Board()
  const known = new Int32Array(playerCount)
  const server = await serve({
    port: Number(process.env['PORT'] ?? 8080),
    routes: {
      '/tick': threads(Game, import.meta.url, {
        upgrade: () => ({ data: memory }),
        maxThreads: playerCount,
      }),
    },
  })
  setInterval(() => {
    for (let slot = 0; slot < playerCount; slot += 1) {
      const player = Atomics.load(table.players, slot)
      if (player !== known[slot]) {
        board.leave(known[slot]!)
        if (player !== 0) board.enter(player)
        known[slot] = player
      }
      const direction = directions[Atomics.load(table.turns, slot) - 1]
      if (direction !== undefined) board.turn(player, { type: 'turn', tick: board.tick, direction })
    }
    const positions = board.step()
    Atomics.store(table.tick, 0, board.tick)
    void server.publish('tick', JSON.stringify(positions))
  }, tickMs)
  console.log(server.url)
}
