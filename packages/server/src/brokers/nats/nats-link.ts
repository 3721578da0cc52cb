// The connection to NATS: opens it, says when it is away and back, and settles in time whatever is asked over it. Must
// not know topics.

import type * as Library from '@nats-io/transport-node'
import type { MsgHdrs, NatsConnection, Status } from '@nats-io/transport-node'
import { HoldlineError } from '../../protocol/errors.ts'
import type { NatsOptions } from './nats-options.ts'

/** What the library does with a connection: it notices silence within 3 s, and tries again for ever. */
const KEEPING = {
  pingInterval: 1_000,
  maxPingOut: 2,
  reconnect: true,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 200,
  reconnectJitter: 200,
  reconnectJitterTLS: 200,
  ignoreAuthErrorAbort: true,
  noAsyncTraces: true,
  timeout: 2_000,
}

/** So long an answer may take. The contract says five seconds; a second answer may have to follow. */
export const ANSWER_MS = 2_400

const MAX_DENIED = 1_000

export interface LinkListener {
  interrupted(error: Error): void
  restored(): void
}

type Asked = (error: HoldlineError) => void

export class NatsLink {
  readonly connection: NatsConnection
  readonly newHeaders: () => MsgHdrs
  readonly #listener: LinkListener
  readonly #isOwn: boolean
  readonly #backlogBytes: number
  /** Whatever waits for an answer; each is told when the connection is lost. */
  readonly #asked = new Set<Asked>()
  /** Bytes of what waits. */
  #waitingBytes = 0
  /** Subjects that the account may not publish to, as far as is known since the connection was made. */
  readonly #denied = new Map<string, Error>()
  /** One round trip confirms all that was published before it, in one turn. */
  #flush: Promise<void> | null = null
  #flushBytes = 0
  #isAway = false
  #isStopped = false

  constructor(
    connection: NatsConnection,
    newHeaders: () => MsgHdrs,
    listener: LinkListener,
    { connection: given, backlogBytes = 16_777_216 }: NatsOptions,
  ) {
    this.connection = connection
    this.newHeaders = newHeaders
    this.#listener = listener
    this.#isOwn = given === undefined
    this.#backlogBytes = backlogBytes
    void this.#watch()
  }

  /** Rejects with ERR_BROKER_START. */
  static async open(options: NatsOptions, listener: LinkListener): Promise<NatsLink> {
    const { connect, headers } = await clientLibrary()
    const { servers, user, pass, token, client } = options
    try {
      const connection =
        options.connection ??
        (await connect({
          name: 'holdline',
          ...client,
          ...KEEPING,
          ...(servers !== undefined && {
            servers: typeof servers === 'string' ? servers : [...servers],
          }),
          ...(user !== undefined && { user }),
          ...(pass !== undefined && { pass }),
          ...(token !== undefined && { token }),
        }))
      if (connection.isClosed()) throw new Error('The connection that was passed in is closed')
      return new NatsLink(connection, headers, listener, options)
    } catch (error) {
      throw new HoldlineError(
        'ERR_BROKER_START',
        `NATS at ${String(servers ?? '127.0.0.1:4222')}: ${messageOf(error)}`,
        { cause: error },
      )
    }
  }

  /** Whether everything that was asked has been answered. */
  get isIdle(): boolean {
    return this.#asked.size === 0
  }

  /** @throws HoldlineError ERR_BROKER_AWAY, ERR_BROKER_BACKLOG: nothing may be sent now */
  checkRoom(bytes: number): void {
    if (this.#isAway || this.connection.isClosed()) throw new HoldlineError('ERR_BROKER_AWAY')
    if (this.#waitingBytes + bytes > this.#backlogBytes && this.#waitingBytes > 0) {
      throw new HoldlineError('ERR_BROKER_BACKLOG', `NATS: ${this.#waitingBytes} bytes wait`)
    }
  }

  /** Settles as `promise` does, or rejects with ERR_BROKER_UNCONFIRMED as soon as the connection is lost. */
  async ask<T>(promise: Promise<T>, bytes = 0): Promise<T> {
    const lost = Promise.withResolvers<never>()
    this.#asked.add(lost.reject)
    this.#waitingBytes += bytes
    try {
      return await Promise.race([promise, lost.promise])
    } finally {
      this.#asked.delete(lost.reject)
      this.#waitingBytes -= bytes
    }
  }

  /** Sends; resolves when the server has it, with all others that were sent in this turn. */
  publish(subject: string, payload: Uint8Array, headers: MsgHdrs): Promise<void> {
    this.checkRoom(payload.length)
    this.connection.publish(subject, payload, { headers })
    this.#flushBytes += payload.length
    this.#waitingBytes += payload.length
    this.#flush ??= this.#flushSoon()
    return this.#flush.then(() => {
      // Denials come before the answer to the flush.
      const denied = this.#denied.get(subject)
      if (denied !== undefined) throw denied
    })
  }

  /** Resolves when the server has done all that it was sent before. */
  async flush(): Promise<void> {
    if (this.#isAway) throw new HoldlineError('ERR_BROKER_AWAY')
    await this.ask(inTime(this.connection.flush())).catch((error: unknown) => {
      throw unconfirmed(error)
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    if (!this.#isOwn || this.connection.isClosed()) return
    // `close` writes what is left first, which a server that reads nothing would hold up for ever.
    await inTime(this.connection.flush(), 500).catch(() => this.#breakOff())
    await inTime(this.connection.close(), 500).catch(() => this.#breakOff())
  }

  async #flushSoon(): Promise<void> {
    // Whoever publishes in the same turn shares the round trip.
    await Promise.resolve()
    const bytes = this.#flushBytes
    this.#flush = null
    this.#flushBytes = 0
    try {
      await this.flush()
    } finally {
      this.#waitingBytes -= bytes
    }
  }

  async #watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (this.#isStopped) continue
      await this.#note(status)
    }
    this.#lose(new Error('The connection to NATS was closed'))
  }

  async #note(status: Status): Promise<void> {
    if (status.type === 'staleConnection') {
      this.#lose(new Error('NATS has not answered for 3 s'))
      this.#breakOff()
    } else if (status.type === 'disconnect') {
      this.#lose(new Error(`The connection to NATS at ${status.server} was lost`))
    } else if (status.type === 'error') {
      const { name, operation, subject } = status.error as Error & Record<string, string>
      if (name !== 'PermissionViolationError' || operation !== 'publish') return
      if (this.#denied.size >= MAX_DENIED) this.#denied.clear()
      this.#denied.set(subject!, status.error)
    } else if (status.type === 'reconnect' && this.#isAway) {
      // The library has sent the subscriptions again: they are in force when the server answers.
      await inTime(this.connection.flush()).then(
        () => this.#find(),
        () => this.#breakOff(),
      )
    }
  }

  #lose(error: Error): void {
    if (this.#isAway || this.#isStopped) return
    this.#isAway = true
    this.#denied.clear()
    for (const reject of this.#asked) {
      reject(new HoldlineError('ERR_BROKER_UNCONFIRMED', `NATS: ${error.message}`))
    }
    this.#listener.interrupted(new HoldlineError('ERR_BROKER_AWAY', error.message))
  }

  #find(): void {
    if (!this.#isAway || this.#isStopped) return
    this.#isAway = false
    this.#listener.restored()
  }

  /**
   * Ends the TCP connection at once. The library (3.4) waits until what it wrote has left before it gives a stale
   * connection up, and to a server that reads nothing it never leaves. Where its insides change, only this gets slow.
   */
  #breakOff(): void {
    if (!this.#isOwn) return
    const insides = this.connection as unknown as {
      protocol?: { transport?: { socket?: { destroy?: () => void } } }
    }
    insides.protocol?.transport?.socket?.destroy?.()
  }
}

/** What became of something asked, in words of the catalogue: it may have been done. */
export function unconfirmed(error: unknown): HoldlineError {
  if (error instanceof HoldlineError) return error
  return new HoldlineError('ERR_BROKER_UNCONFIRMED', `NATS: ${messageOf(error)}`, { cause: error })
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function clientLibrary(): Promise<Pick<typeof Library, 'connect' | 'headers'>> {
  try {
    return await import('@nats-io/transport-node')
  } catch (error) {
    const detail = 'npm install @nats-io/transport-node @nats-io/jetstream'
    throw new HoldlineError('ERR_BROKER_START', detail, { cause: error })
  }
}

/** Rejects where `promise` takes longer. */
export async function inTime<T>(promise: Promise<T>, ms: number = ANSWER_MS): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer for ${ms} ms`)), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
