// One line that speaks holdline.v1: who it is, what it asks, what it is told. Messages are handled in order; only what
// a broker confirms is answered out of turn. Knows no encoding and no broker.

import type { Leave } from '../connection/connection.ts'
import type { HeldConnection } from '../connection/held-connection.ts'
import { isPromise, Lane } from '../connection/lane.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import type { Command } from './command.ts'
import { BadMessage, readCommand } from './command.ts'
import type { Answer, Encoding } from './encoding.ts'
import type { ResolvedLineOptions } from './line-options.ts'
import { LineTopics } from './line-topics.ts'
import { Refusal } from './refusal.ts'
import { SignIn } from './sign-in.ts'

/** Of the connection's `model`. */
export class LineSession {
  readonly connection: HeldConnection
  readonly options: ResolvedLineOptions
  readonly #encoding: Encoding
  readonly #lane: Lane
  readonly #signIn: SignIn
  readonly #topics: LineTopics

  constructor(connection: HeldConnection, options: ResolvedLineOptions, encoding: Encoding) {
    this.connection = connection
    this.options = options
    this.#encoding = encoding
    this.#lane = new Lane(connection, (_, message) => this.#handle(message))
    this.#signIn = new SignIn(this)
    this.#topics = new LineTopics(this, this.#signIn, encoding)
  }

  open(): void {
    const signingIn = this.#signIn.begin()
    if (signingIn !== null) this.#lane.hold(signingIn)
  }

  message(message: string | Uint8Array): void {
    this.#lane.message(message)
  }

  leaving({ afterMs, reason, url }: Leave): void {
    this.send({ type: 'goaway', afterMs, reason, url: url ?? undefined })
  }

  closed(): void {
    this.#signIn.end()
    this.#topics.end()
    this.#lane.close(() => {})
  }

  // --- For the parts of the session

  send(answer: Answer): void {
    if (this.connection.isOpen) this.connection.send(this.#encoding.encode(answer))
  }

  /** Tells what went wrong; the line goes on. */
  refuse(id: number, error: unknown, topic?: string): void {
    const { code, message, retryAfterMs } = this.#told(error)
    this.send({
      type: 'error',
      id: id === 0 ? undefined : id,
      code,
      message,
      topic,
      retryAfterMs,
    })
  }

  /** Ends the line; the close frame has the code as its reason. */
  end(code: ErrorCode, error?: unknown): void {
    this.connection.fail(code, error)
  }

  /** The authorization may have changed with the identity. */
  identityChanged(): Promise<void> {
    return this.#topics.authorizeAgain()
  }

  #told(error: unknown): { code: ErrorCode; message: string; retryAfterMs: number | undefined } {
    if (error instanceof Refusal || error instanceof BadMessage) {
      const { code, message: detail } = error
      const { message } = new HoldlineError(code, detail === '' ? undefined : detail)
      const retryAfterMs = error instanceof Refusal ? error.retryAfterMs : undefined
      return { code, message, retryAfterMs }
    }
    if (error instanceof HoldlineError) {
      const { code } = error
      const isPassing = code === 'ERR_BROKER_AWAY' || code === 'ERR_BROKER_UNCONFIRMED'
      // Its detail may be about what is behind the server: addresses, names.
      const { message } = new HoldlineError(code)
      return { code, message, retryAfterMs: isPassing ? 1_000 : undefined }
    }
    this.connection.report('ERR_LINE_FAILED', error)
    const { message } = new HoldlineError('ERR_LINE_FAILED')
    return { code: 'ERR_LINE_FAILED', message, retryAfterMs: undefined }
  }

  #handle(message: string | Uint8Array): void | Promise<void> {
    if (!this.connection.isOpen) return undefined
    let command: Command
    try {
      command = readCommand(this.#encoding.decode(message))
    } catch (error) {
      const bad = error as BadMessage
      if (bad.code === 'ERR_LINE_MALFORMED') this.end(bad.code)
      else this.refuse(bad.id, bad)
      return undefined
    }
    try {
      const result = this.#run(command)
      return isPromise(result) ? this.#guarded(command, result) : undefined
    } catch (error) {
      this.#failed(command, error)
      return undefined
    }
  }

  async #guarded(command: Command, result: Promise<void>): Promise<void> {
    try {
      await result
    } catch (error) {
      this.#failed(command, error)
    }
  }

  #failed(command: Command, error: unknown): void {
    this.refuse(command.id, error, 'topic' in command ? command.topic : undefined)
  }

  #run(command: Command): void | Promise<void> {
    if (command.type === 'ping') {
      this.send({ type: 'pong', id: command.id })
      return undefined
    }
    if (command.type === 'hello') return this.#signIn.hello(command.id, command.token)
    if (!this.#signIn.isDone) return this.end('ERR_TOKEN_MISSING')
    if (command.type === 'token') return this.#signIn.renew('renewed', command.id, command.token)
    return this.#topics.run(command)
  }
}
