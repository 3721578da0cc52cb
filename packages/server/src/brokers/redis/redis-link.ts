// One connection to Redis at a time, for as long as the broker runs: made again when it is lost, given up when it is
// silent. Owns what is under way, so that everything asked settles in time; must not know what is asked.

import { HoldlineError } from '../../protocol/errors.ts'
import type { RedisConnection } from './redis-client.ts'

export interface LinkHandlers {
  /** A connection is there. What it asks goes first; when it has resolved, the link is ready. */
  opened(connection: RedisConnection): Promise<void>
  /** It was ready, and is not any more. */
  lost(error: Error): void
  /** It is ready again. Not called for the first time. */
  restored(): void
  /** Called about once a second while it is ready; has to ask something. A rejection ends the connection. */
  beat(): Promise<void>
}

export interface LinkOptions {
  readonly connect: () => RedisConnection
  /** Most bytes of what is under way; beyond it more is refused. */
  readonly backlogBytes: number
  readonly handlers: LinkHandlers
  /** To a node of a cluster: that it has not what was asked for says nothing against it. */
  readonly isShard?: boolean
}

interface Asked {
  readonly atMs: number
  readonly adds: boolean
  readonly reject: (error: HoldlineError) => void
}

const TICK_MS = 250
const BEAT_MS = 1_000
/** A connection that says nothing for so long, though it was asked something, is given up. */
const SILENCE_MS = 3_000
/** Whoever asked is answered by then; contract: five seconds. */
const ANSWER_MS = 4_000
const OPEN_MS = 3_000
const FIRST_RETRY_MS = 50
const LONGEST_RETRY_MS = 1_000
const STOP_MS = 1_000
/** What each thing under way takes besides its bytes, about. */
const OVERHEAD_BYTES = 512

/** Replies that say that this server, as it is, does nothing for us: another connection may lead elsewhere. */
const USELESS_SHARD = /^(?:READONLY|NOSCRIPT|LOADING|MASTERDOWN|NOAUTH) /
const ELSEWHERE = /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /
const USELESS = /^(?:READONLY|NOSCRIPT|LOADING|MASTERDOWN|CLUSTERDOWN|NOAUTH|MOVED) /
/** An error that Redis answered with, and not one of the client's. */
const REPLY = /^[A-Z]{2,} /

export class RedisLink {
  readonly #connect: () => RedisConnection
  readonly #backlogBytes: number
  readonly #handlers: LinkHandlers
  readonly #isShard: boolean
  /** The connection that is ready. */
  #connection: RedisConnection | null = null
  /** In the order in which they were asked. */
  readonly #asked = new Set<Asked>()
  #askedBytes = 0
  #waiting = 0
  #heardMs = 0
  #tickMs = 0
  #beatMs = 0
  #isBeating = false
  #ticks: NodeJS.Timeout | null = null
  #retry: NodeJS.Timeout | null = null
  #retryMs = FIRST_RETRY_MS
  #isStopped = false
  #onIdle: (() => void) | null = null

  constructor({ connect, backlogBytes, handlers, isShard = false }: LinkOptions) {
    this.#isShard = isShard
    this.#connect = connect
    this.#backlogBytes = backlogBytes
    this.#handlers = handlers
  }

  /** null: the link is not ready. */
  get connection(): RedisConnection | null {
    return this.#connection
  }

  /** Tries once. Rejects with what the client says. */
  async start(): Promise<void> {
    await this.#open()
    this.#tickMs = performance.now()
    this.#ticks = setInterval(() => this.#tick(), TICK_MS)
  }

  /** Something has come: the connection lives. */
  heard(): void {
    this.#heardMs = performance.now()
  }

  /**
   * Asks something of so many bytes, and answers within five seconds. `adds`: where it was sent and not answered, it may
   * have been done.
   */
  ask<T>(
    bytes: number,
    adds: boolean,
    send: (connection: RedisConnection) => Promise<T>,
  ): Promise<T> {
    const connection = this.#connection
    if (connection === null) return Promise.reject(new HoldlineError('ERR_BROKER_AWAY', 'redis'))
    const size = bytes + OVERHEAD_BYTES
    // One on an empty backlog is always taken, so a long one cannot be refused for ever.
    if (this.#askedBytes + size > this.#backlogBytes && this.#askedBytes > 0) {
      return Promise.reject(new HoldlineError('ERR_BROKER_BACKLOG', 'redis'))
    }
    return new Promise<T>((resolve, reject) => {
      const asked = { atMs: performance.now(), adds, reject }
      this.#asked.add(asked)
      this.#waiting++
      this.#askedBytes += size
      send(connection).then(
        (answer) => {
          this.#heardMs = performance.now()
          this.#settled(asked, size)
          resolve(answer)
        },
        (error: Error) => {
          this.#settled(asked, size)
          reject(this.#refusal(connection, error, adds))
        },
      )
    })
  }

  /** Gives the connection up and makes another one. */
  giveUp(error: Error): void {
    if (this.#connection !== null) this.#lose(this.#connection, error)
  }

  /** Resolves when what was asked is answered, or given up after a second. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#retry !== null) clearTimeout(this.#retry)
    if (this.#ticks !== null) clearInterval(this.#ticks)
    if (this.#waiting > 0 && this.#connection !== null) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const late = setTimeout(resolve, STOP_MS)
      this.#onIdle = resolve
      await promise
      clearTimeout(late)
    }
    const connection = this.#connection
    this.#connection = null
    connection?.destroy()
  }

  async #open(): Promise<void> {
    const connection = this.#connect()
    let isLost = false
    const failed = Promise.withResolvers<never>()
    failed.promise.catch(() => {})
    connection.on('error', (error) => {
      isLost = true
      failed.reject(error)
      this.#lose(connection, error)
    })
    const late = setTimeout(() => failed.reject(new Error('Redis does not answer')), OPEN_MS)
    try {
      await Promise.race([this.#openThrough(connection), failed.promise])
      if (isLost) await failed.promise
      if (this.#isStopped) throw new HoldlineError('ERR_BROKER_STOPPED')
    } catch (error) {
      connection.destroy()
      throw error
    } finally {
      clearTimeout(late)
    }
    this.heard()
    this.#beatMs = this.#heardMs
    this.#connection = connection
    this.#retryMs = FIRST_RETRY_MS
  }

  async #openThrough(connection: RedisConnection): Promise<void> {
    await connection.connect()
    await this.#handlers.opened(connection)
  }

  #lose(connection: RedisConnection, error: Error): void {
    if (this.#connection !== connection) return
    this.#connection = null
    // All that is under way is rejected by it.
    connection.destroy()
    if (this.#isStopped) return
    this.#retryLater()
    this.#handlers.lost(error)
  }

  #retryLater(): void {
    const delayMs = this.#retryMs * (0.5 + Math.random() / 2)
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS)
    this.#retry = setTimeout(() => {
      this.#open().then(
        () => this.#handlers.restored(),
        () => {
          if (!this.#isStopped) this.#retryLater()
        },
      )
    }, delayMs)
  }

  #settled(asked: Asked, size: number): void {
    this.#asked.delete(asked)
    this.#askedBytes -= size
    if (--this.#waiting === 0) this.#onIdle?.()
  }

  /** What whoever asked is told. */
  #refusal(connection: RedisConnection, error: Error, adds: boolean): HoldlineError {
    const { message } = error
    if (!REPLY.test(message)) {
      return new HoldlineError(adds ? 'ERR_BROKER_UNCONFIRMED' : 'ERR_BROKER_AWAY', 'redis', {
        cause: error,
      })
    }
    this.heard()
    if (this.#isShard && ELSEWHERE.test(message)) {
      return new HoldlineError('ERR_BROKER_AWAY', message, { cause: error })
    }
    if (!(this.#isShard ? USELESS_SHARD : USELESS).test(message))
      return new HoldlineError('ERR_BROKER_REFUSED', message, { cause: error })
    this.#lose(connection, error)
    return new HoldlineError('ERR_BROKER_AWAY', message, { cause: error })
  }

  #tick(): void {
    const nowMs = performance.now()
    const isLate = nowMs - this.#tickMs > 4 * TICK_MS
    this.#tickMs = nowMs
    // This process stood still itself: what has come meanwhile has not been read yet.
    if (isLate) return
    this.#rejectLate(nowMs)
    const connection = this.#connection
    if (connection === null) return
    if (this.#waiting > 0 && nowMs - this.#heardMs > SILENCE_MS) {
      this.#lose(connection, new Error(`Redis has said nothing for ${SILENCE_MS} ms`))
    } else if (!this.#isBeating && nowMs - this.#beatMs >= BEAT_MS) {
      this.#beatMs = nowMs
      void this.#beat(connection)
    }
  }

  async #beat(connection: RedisConnection): Promise<void> {
    this.#isBeating = true
    try {
      await this.#handlers.beat()
    } catch (error) {
      if (!(error instanceof HoldlineError) || error.code === 'ERR_BROKER_REFUSED') {
        this.#lose(connection, error as Error)
      }
    } finally {
      this.#isBeating = false
    }
  }

  #rejectLate(nowMs: number): void {
    for (const asked of this.#asked) {
      if (nowMs - asked.atMs < ANSWER_MS) return
      this.#asked.delete(asked)
      asked.reject(
        new HoldlineError(
          asked.adds ? 'ERR_BROKER_UNCONFIRMED' : 'ERR_BROKER_AWAY',
          'redis is slow',
        ),
      )
    }
  }
}
