// Moves the generator's bytes with node:net, where io_uring is not to be had. Slower: more runs will say that the
// generator was the bottleneck.
import net, { type Socket } from 'node:net'
import {
  defaultStallMs,
  repeated,
  type LoadEngine,
  type Play,
  type StableFrame,
} from './load-engine.ts'
import { Opening, type Target } from './opening.ts'

const tickMs = 20

// Replies are read into one buffer, shared by all connections: they are counted before the next read.
const chunk = Buffer.alloc(65_536)

interface Line {
  readonly socket: Socket
  readonly target: Target
  opening: Opening | undefined
}

export class NodeLoad implements LoadEngine {
  readonly name = 'node:net'
  readonly #lines: (Line | undefined)[] = []
  #play: Play | undefined
  #failure: Error | undefined
  #lastEventMs = 0
  /** Called after each event while a play runs. */
  #onEvent: () => void = () => {}

  prepare(frame: Uint8Array, repeatCount = 1): StableFrame {
    return { bytes: repeated(frame, repeatCount), frameBytes: frame.length, repeatCount }
  }

  open(connection: number, target: Target): void {
    // `onread` skips the readable stream: no buffer is allocated and no event emitted per reply.
    const onread = {
      buffer: chunk,
      callback: (length: number): boolean => {
        this.#event(line, () => this.#read(connection, line, length))
        return true
      },
    }
    const socket = net.connect({ port: target.port, host: '127.0.0.1', noDelay: true, onread })
    const line: Line = { socket, target, opening: new Opening(target.greeting) }
    this.#lines[connection] = line
    const failed = (message: string): void => {
      if (this.#lines[connection] !== line) return
      this.#event(line, () => {
        throw new Error(`connection ${connection}: ${message}`)
      })
    }
    socket.on('connect', () => socket.write(target.request))
    socket.on('error', (error) => failed(error.message))
    socket.on('close', () => failed('the server closed it'))
  }

  cut(connection: number): void {
    const line = this.#lines[connection]
    this.#lines[connection] = undefined
    line?.socket.resetAndDestroy()
  }

  send(connection: number, frame: StableFrame, count: number): void {
    const line = this.#lines[connection]
    for (let left = count; left > 0; left -= frame.repeatCount) {
      const bytes = Math.min(left, frame.repeatCount) * frame.frameBytes
      line?.socket.write(frame.bytes.subarray(0, bytes))
    }
  }

  async run(play: Play, stallMs = defaultStallMs): Promise<void> {
    this.#play = play
    let timer: NodeJS.Timeout | undefined
    let isOver = false
    try {
      await new Promise<void>((resolve, reject) => {
        const turn = (): void => {
          if (isOver) return
          try {
            if (this.#failure !== undefined) throw this.#failure
            const nowMs = performance.now()
            isOver = play.turn(nowMs)
            if (isOver) resolve()
            else if (nowMs - this.#lastEventMs > stallMs) {
              throw new Error(`nothing came for ${stallMs} ms`)
            }
          } catch (error) {
            isOver = true
            this.#failure ??= error as Error
            reject(this.#failure)
          }
        }
        const spin = (): void => {
          turn()
          if (!isOver) setImmediate(spin)
        }
        this.#onEvent = turn
        this.#lastEventMs = performance.now()
        play.begin(this.#lastEventMs)
        timer = setInterval(turn, tickMs)
        if (play.spins) setImmediate(spin)
        else turn()
      })
    } catch (error) {
      this.#failure ??= error as Error
      throw this.#failure
    } finally {
      clearInterval(timer)
      this.#play = undefined
      this.#onEvent = () => {}
    }
  }

  dispose(): void {
    for (const connection of this.#lines.keys()) this.cut(connection)
  }

  #event(line: Line, what: () => void): void {
    this.#lastEventMs = performance.now()
    try {
      what()
    } catch (error) {
      this.#failure ??= error as Error
      line.socket.destroy()
    }
    this.#onEvent()
  }

  #read(connection: number, line: Line, length: number): void {
    if (this.#lines[connection] !== line) return
    const { opening, target } = line
    if (opening === undefined) {
      this.#play?.received(connection, chunk, 0, length)
      return
    }
    const isOpen = opening.take(chunk, 0, length)
    const step = opening.takeDueStep()
    if (step !== undefined) line.socket.write(target.greeting[step]!.bytes)
    if (!isOpen) return
    line.opening = undefined
    this.#play?.opened(connection)
  }
}
