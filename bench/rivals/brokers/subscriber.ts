// A line that is sent numbered publications of 64 bytes, each in a frame, and counts them: which came, and which were not
// the next. Reads bytes itself, so that two cores are left to the workers.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { targetOf } from '../../src/load/opening.ts'

/** Two of the head, and the publication (RFC 6455 §5.2). */
const frameBytes = 2 + 64
const endOfHead = '\r\n\r\n'

export class Subscriber {
  /** Of the worker that has the line. */
  readonly workerId: number
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #next = 0
  #target = Infinity
  #reached: ((atMs: number) => void) | null = null
  count = 0
  disorderCount = 0

  private constructor(socket: Socket, workerId: number) {
    this.#socket = socket
    this.workerId = workerId
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
  }

  /** The handshake, and the text with the number of the worker. */
  static async open(socket: Socket, path: string): Promise<Subscriber> {
    await once(socket, 'connect')
    socket.write(targetOf(socket.remotePort!, path, []).request)
    let answer = ''
    let greeting = -1
    while (greeting < 0 || answer.length < greeting + 3) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      answer += chunk.toString('latin1')
      const end = answer.indexOf(endOfHead)
      greeting = end < 0 ? -1 : end + endOfHead.length
    }
    if (!answer.startsWith('HTTP/1.1 101 ')) throw new Error(answer.split('\r\n')[0])
    if (answer.length !== greeting + 3) throw new Error('something came before its time')
    return new Subscriber(socket, Number(answer[greeting + 2]))
  }

  begin(): void {
    this.count = 0
    this.disorderCount = 0
    this.#target = Infinity
  }

  /** Resolves with the time at which so many have come, or, when they do not, at which that was given up. */
  reached(count: number, giveUp: AbortSignal): Promise<number> {
    return new Promise((resolve) => {
      this.#target = count
      this.#reached = resolve
      const end = (): void => resolve(performance.now())
      giveUp.addEventListener('abort', end, { once: true })
      this.#socket.once('close', end)
      this.#look()
    })
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    for (; at + frameBytes <= bytes.length; at += frameBytes) {
      const number = bytes.readUInt32LE(at + 2)
      if (number !== this.#next) this.disorderCount++
      this.#next = number + 1
      this.count++
    }
    this.#rest = bytes.subarray(at)
    this.#look()
  }

  #look(): void {
    if (this.count < this.#target) return
    this.#target = Infinity
    this.#reached?.(performance.now())
  }
}
