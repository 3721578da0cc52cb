// What goes to the broker: publications, in their order, held up where a subscriber makes publishers wait; and reads of
// history, one for all that ask for the same page at the same time.

import type { Clock } from '../connection/clock.ts'
import type { HistoryOptions, HistoryPage, PublishOptions } from '../connection/topic-hub.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { Broker, Cursor, PublishedMessage, ReadResult, Retention } from './broker.ts'
import { Hold, HOLD_TOPIC } from './hold.ts'
import { checkCursor } from './subscribe-options.ts'
import { checkProgramTopic } from './topic-name.ts'
import type { TopicSettings, TopicSettingsTable } from './topic-settings.ts'
import { byteLengthOf } from './window.ts'

/** Of a page that a subscriber is sent. */
const PAGE = { count: 512, bytes: 65_536 }
/** Of a page that a program reads. */
const MAX_HISTORY_COUNT = 10_000
const HISTORY_BYTES = 8_388_608
const MAX_KEY_BYTES = 255
const MAX_IDEMPOTENCY_KEY_BYTES = 128

export interface PublisherPlace {
  readonly clock: Clock
  readonly settings: TopicSettingsTable
  readonly warn: ((error: unknown) => void) | undefined
}

export class Publisher {
  readonly hold: Hold
  readonly #settings: TopicSettingsTable
  readonly #warn: ((error: unknown) => void) | undefined
  #broker: Broker | null = null
  #isRefusing = false
  #lastDone: Promise<void> = Promise.resolve()
  #lastNull: Promise<null> = Promise.resolve(null)
  readonly #reads = new Map<string, Promise<ReadResult>>()

  constructor({ clock, settings, warn }: PublisherPlace) {
    this.#settings = settings
    this.#warn = warn
    this.hold = new Hold({
      clock,
      processName: () => this.#broker?.processName ?? '',
      tell: (message) => void this.#broker?.publish(HOLD_TOPIC, message).catch(ignored),
    })
  }

  get broker(): Broker | null {
    return this.#broker
  }

  begin(broker: Broker): void {
    this.#broker = broker
  }

  refuse(): void {
    this.#isRefusing = true
  }

  /** Whoever waits is refused. */
  end(): void {
    this.#isRefusing = true
    this.#broker = null
    this.hold.stop()
  }

  /** @throws HoldlineError ERR_TOPIC_NAME */
  publish(
    name: string,
    message: PublishedMessage,
    options?: PublishOptions,
  ): Promise<Cursor | null> {
    checkProgramTopic(name)
    return this.publishAny(name, message, options)
  }

  /** The name is known to be one: of a program, or Holdline's own. */
  publishAny(
    name: string,
    message: PublishedMessage,
    options?: PublishOptions,
  ): Promise<Cursor | null> {
    const settings = this.#settings.of(name)
    if (this.hold.isHeld(name))
      return this.#told(this.#publishLater(name, message, options, settings))
    return this.#publish(name, message, options, settings)
  }

  #publish(
    name: string,
    message: PublishedMessage,
    options: PublishOptions | undefined,
    { retention }: TopicSettings,
  ): Promise<Cursor | null> {
    const broker = this.#isRefusing ? null : this.#broker
    if (broker === null) {
      return this.#told(Promise.reject(closed(`a publication on ${name}`)))
    }
    if (retention !== null) return this.#told(append(broker, name, message, options, retention))
    const done = broker.publish(name, message)
    // Brokers give one promise for all that is handed over together.
    if (done === this.#lastDone) return this.#lastNull
    this.#lastDone = done
    this.#lastNull = this.#told(done.then(nothing))
    return this.#lastNull
  }

  async #publishLater(
    name: string,
    message: PublishedMessage,
    options: PublishOptions | undefined,
    settings: TopicSettings,
  ): Promise<Cursor | null> {
    const bytes = byteLengthOf(message)
    const most = settings.lagBytes ?? 1_048_576
    const waiting = this.hold.waitingBytes(name)
    if (waiting > 0 && waiting + bytes > most) throw new HoldlineError('ERR_TOPIC_HELD', name)
    const kept = typeof message === 'string' ? message : new Uint8Array(message)
    await this.hold.wait(name, bytes, settings.blockMs)
    return this.#publish(name, kept, options, settings)
  }

  async history(name: string, options?: HistoryOptions): Promise<HistoryPage> {
    checkProgramTopic(name)
    return this.historyOfAny(name, options)
  }

  /** As with `publishAny`. */
  async historyOfAny(name: string, options: HistoryOptions = {}): Promise<HistoryPage> {
    const { retention } = this.#settings.of(name)
    if (retention === null) throw new HoldlineError('ERR_TOPIC_UNKNOWN', name)
    const broker = this.#broker
    if (broker === null) throw closed(`the history of ${name}`)
    const { after, limit = 100 } = options
    if (after !== undefined) checkCursor(after)
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new HoldlineError('ERR_OPTION_INVALID', `limit is ${JSON.stringify(limit)}`)
    }
    const page = { count: Math.min(limit, MAX_HISTORY_COUNT), bytes: HISTORY_BYTES }
    const asked = await broker.read(name, after ?? 'start', page, retention)
    const read = asked.lost === null ? asked : await broker.read(name, 'start', page, retention)
    if (read.lost !== null) throw new HoldlineError('ERR_BROKER_AWAY', name)
    const { publications, head } = read
    // An empty page is that of whoever has everything.
    const offset = publications.at(-1)?.offset ?? head.offset
    return { publications, head, cursor: { epoch: head.epoch, offset }, lost: asked.lost }
  }

  /** A page for a subscriber, or for this process. */
  read(name: string, after: Cursor | 'start', retention: Retention): Promise<ReadResult> {
    const broker = this.#broker
    if (broker === null) return Promise.reject(closed(`the history of ${name}`))
    const place = after === 'start' ? after : `${after.epoch} ${after.offset}`
    const key = `${place} ${name}`
    const known = this.#reads.get(key)
    if (known !== undefined) return known
    const read = broker.read(name, after, PAGE, retention)
    this.#reads.set(key, read)
    const done = (): void => void this.#reads.delete(key)
    read.then(done, done)
    return read
  }

  /** Who does not wait for the promise must not lose the process to it; the operator is told instead. */
  #told<T>(done: Promise<T>): Promise<T> {
    done.catch((error: unknown) => this.#warn?.(error))
    return done
  }
}

function append(
  broker: Broker,
  name: string,
  message: PublishedMessage,
  { key, idempotencyKey }: PublishOptions = {},
  retention: Retention,
): Promise<Cursor> {
  checkKey('key', key, MAX_KEY_BYTES)
  checkKey('idempotencyKey', idempotencyKey, MAX_IDEMPOTENCY_KEY_BYTES)
  return broker.append(name, message, {
    key: key ?? null,
    idempotencyKey: idempotencyKey ?? null,
    retention,
  })
}

/** @throws HoldlineError ERR_OPTION_INVALID */
function checkKey(which: string, key: string | undefined, mostBytes: number): void {
  if (key === undefined) return
  if (typeof key === 'string' && Buffer.byteLength(key) <= mostBytes) return
  throw new HoldlineError(
    'ERR_OPTION_INVALID',
    `${which} is no string of at most ${mostBytes} bytes`,
  )
}

function closed(what: string): HoldlineError {
  return new HoldlineError('ERR_SERVER_CLOSED', what)
}

function nothing(): null {
  return null
}

function ignored(): void {}
