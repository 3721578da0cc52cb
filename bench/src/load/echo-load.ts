// A set of connections that play closed-loop echo: one message under way per connection.
import { LoadConnection, PreparedFrame } from './load-connection.ts'
import { ReplyCounter, ReplyVerifier } from './reply-reader.ts'
import {
  replyFrame,
  requestFrame,
  samplePayload,
  verificationPayload,
  type PayloadKind,
} from './request-frame.ts'

/** How many handshakes are under way at once while connections are opened. */
const opensAtOnce = 100
const stallMs = 10_000

export interface RoundResult {
  readonly messages: number
  readonly elapsedMs: number
  /** CPU time of the generator itself, to tell whether it was the bottleneck. */
  readonly generatorCpuUs: number
}

export class EchoLoad {
  readonly #connections: LoadConnection[] = []
  #failure: Error | undefined
  #reject: (error: Error) => void = () => {}
  #upgraded: () => void = () => {}
  #replied: (connection: LoadConnection) => void = () => {}

  open(port: number, connectionCount: number): Promise<void> {
    return this.#until('connections did not open', (done) => {
      let openCount = 0
      const openNext = (): void => {
        if (this.#connections.length === connectionCount) return
        const index = this.#connections.length
        this.#connections.push(
          new LoadConnection(index, port, {
            upgraded: () => this.#upgraded(),
            replied: (connection) => this.#replied(connection),
            failed: (error) => {
              this.#failure ??= error
              this.#reject(error)
            },
          }),
        )
      }
      this.#upgraded = () => {
        if (++openCount === connectionCount) done()
        else openNext()
      }
      for (let i = 0; i < Math.min(opensAtOnce, connectionCount); i++) openNext()
    })
  }

  /** Each connection sends messages of its own, and every byte that comes back is compared. */
  async verify(kind: PayloadKind, payloadBytes: number, messageCount: number): Promise<void> {
    for (let turn = 0; turn < messageCount; turn++) {
      await this.#until('verified replies are missing', (done) => {
        let missing = this.#connections.length
        this.#replied = () => {
          if (--missing === 0) done()
        }
        for (const connection of this.#connections) {
          const seed = connection.index * messageCount + turn
          const payload = verificationPayload(kind, payloadBytes, seed)
          const maskKey = Buffer.of(1 + (seed & 127), 255 - (seed & 127), 0xa5, 1 + (turn & 127))
          connection.reader = new ReplyVerifier(replyFrame(kind, payload))
          connection.send(new PreparedFrame(requestFrame(kind, payload, maskKey)))
        }
      })
    }
  }

  /** Runs the loop for `roundMs` and then until every message has been answered. */
  async round(kind: PayloadKind, payloadBytes: number, roundMs: number): Promise<RoundResult> {
    const payload = samplePayload(kind, payloadBytes, 7)
    const frame = new PreparedFrame(requestFrame(kind, payload))
    const reply = replyFrame(kind, payload)
    let messages = 0
    let underWay = this.#connections.length
    let stopping = false
    const startMs = performance.now()
    const startCpu = process.cpuUsage()
    await this.#until(
      'replies are missing',
      (done) => {
        this.#replied = (connection) => {
          messages++
          if (!stopping) connection.send(frame)
          else if (--underWay === 0) done()
        }
        setTimeout(() => (stopping = true), roundMs)
        for (const connection of this.#connections) {
          connection.reader = new ReplyCounter(reply)
          connection.send(frame)
        }
      },
      roundMs + stallMs,
    )
    const cpu = process.cpuUsage(startCpu)
    return {
      messages,
      elapsedMs: performance.now() - startMs,
      generatorCpuUs: cpu.user + cpu.system,
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
    this.#connections.length = 0
  }

  async #until(
    complaint: string,
    start: (done: () => void) => void,
    timeoutMs = stallMs,
  ): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#reject = reject
        timer = setTimeout(() => reject(new Error(`${complaint} after ${timeoutMs} ms`)), timeoutMs)
        start(resolve)
      })
    } finally {
      clearTimeout(timer)
    }
  }
}
