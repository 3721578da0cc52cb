// One line to a server that is held open: attempts, backoff, slots, the network's coming and going, the signal. Knows
// nothing of what passes over it.

import { backoffMs, retryAfterMs, worthRetrying } from './backoff.ts'
import type { CloseInfo } from './backoff.ts'
import { globalEnvironment } from './environment.ts'
import type { Environment } from './environment.ts'
import { guard } from './guard.ts'
import type { LineOptions, State, StateDetail } from './options.ts'

/** Who speaks on the line. All is called in the order in which it happens. */
export interface Speaker {
  /** There is a WebSocket. The speaker calls `establish` when the conversation stands, within the connect timeout. */
  opened(): void
  received(data: string | ArrayBuffer): void
  /** It is gone; before `onState` is told. */
  lost?(): void
  /** For good; before `onState` is told. Answers how many messages never left. */
  ended(): number
}

export class HeldLine {
  readonly #closing: PromiseWithResolvers<CloseInfo> = Promise.withResolvers()
  /** Resolves when the line is closed for good, with the last close. Never rejects. */
  readonly closed: Promise<CloseInfo> = this.#closing.promise
  readonly environment: Environment
  state: State = 'connecting'
  socket: WebSocket | undefined

  readonly #url: string
  readonly #protocols: readonly string[]
  readonly #options: LineOptions
  readonly #speaker: Speaker
  /** Where the next attempt goes instead, once. */
  #movedTo: string | undefined
  #attempt = 0
  #timer: unknown
  #unwatch = (): void => {}
  readonly #abort = (): void => this.close()

  constructor(url: string, protocols: readonly string[], options: LineOptions, speaker: Speaker) {
    this.#url = url
    this.#protocols = protocols
    this.#options = options
    this.#speaker = speaker
    this.environment = { ...globalEnvironment(), ...options.environment }
  }

  /** Once, when the speaker is ready to be spoken to. */
  start(): void {
    const { signal } = this.#options
    this.#connect()
    this.#unwatch = this.environment.watchNetwork((event) => {
      if (event !== 'offline') this.retry()
      // Nothing would tell for minutes that this line is dead.
      else if (this.socket) this.letGo('offline')
    })
    if (signal?.aborted) this.close()
    else signal?.addEventListener('abort', this.#abort)
  }

  /** Where the line goes to, or went last. */
  get url(): string {
    return this.#movedTo ?? this.#url
  }

  /** The conversation stands. */
  establish(): void {
    const { steadyMs = 5000 } = this.#options
    this.#setTimer(() => (this.#attempt = 0), steadyMs)
    this.#enter('open', { attempt: this.#attempt })
  }

  /** While `reconnecting`: makes the next attempt now. Otherwise does nothing. */
  retry(): void {
    if (this.state === 'reconnecting' && !this.socket) this.#connect()
  }

  close(code = 1000, reason = ''): void {
    if (this.state === 'closed') return
    // First, so that a code that the WebSocket refuses throws before anything is changed.
    this.socket?.close(code, reason)
    this.#finish({ code, reason })
  }

  /** Gives the line up without waiting for the close handshake, which a dead line never answers. */
  letGo(reason: string): void {
    const { socket } = this
    this.#lost({ code: 1006, reason })
    socket?.close()
  }

  /**
   * Leaves, and comes back at once where the line was steady: a server that sends everyone away as soon as they come
   * is not hammered.
   */
  leave(url: string | undefined): void {
    const { socket } = this
    if (!socket) return
    this.#away({ code: 1000, reason: 'goaway' }, this.#attempt === 0, url)
    socket.close(1000)
  }

  #connect(): void {
    const socket = new this.environment.WebSocket(this.url, [...this.#protocols])
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    // A socket that was let go may still speak; only the current one is listened to.
    const isCurrent = (): boolean => this.socket === socket
    socket.onopen = () => {
      if (isCurrent()) this.#speaker.opened()
    }
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (isCurrent()) this.#speaker.received(data)
    }
    socket.onclose = ({ code, reason }) => {
      if (isCurrent()) this.#lost({ code, reason })
    }
    const { connectTimeoutMs = 5000 } = this.#options
    this.#setTimer(() => this.letGo('connect timeout'), connectTimeoutMs)
  }

  #lost(close: CloseInfo): void {
    const { reconnect = worthRetrying } = this.#options
    if (reconnect(close, this.#attempt)) this.#away(close)
    else this.#finish(close)
  }

  #away(close: CloseInfo, atOnce = false, movedTo?: string): void {
    this.socket = undefined
    this.#movedTo = movedTo
    const { backoff = {} } = this.#options
    const retryInMs = atOnce
      ? 0
      : retryAfterMs(close) + backoffMs(this.#attempt, backoff, this.environment.random)
    this.#attempt += 1
    this.#setTimer(() => this.#connect(), retryInMs)
    this.#speaker.lost?.()
    this.#enter('reconnecting', { attempt: this.#attempt, retryInMs, close })
  }

  #finish(close: CloseInfo): void {
    this.#setTimer()
    this.socket = undefined
    this.#unwatch()
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.state = 'closed'
    const unsentCount = this.#speaker.ended()
    this.#enter('closed', { attempt: this.#attempt, close, unsentCount })
    this.#closing.resolve(close)
  }

  #setTimer(callback?: () => void, delayMs = 0): void {
    this.environment.clearTimeout(this.#timer)
    this.#timer = callback && this.environment.setTimeout(callback, delayMs)
  }

  #enter(state: State, detail: StateDetail): void {
    this.state = state
    guard(() => this.#options.onState?.(state, detail))
  }
}
