// A broker that passes everything on to another one: what overrides a part of it breaks just that.

import { HoldlineError } from '../../src/protocol/errors.ts'
import type {
  AppendOptions,
  Broker,
  BrokerSink,
  Cursor,
  Publication,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../src/topics/broker.ts'
import type { SimulatedBroker } from '../../src/testing/simulation/simulated-broker.ts'

export class WrappedBroker implements Broker {
  readonly name = 'wrapped'
  readonly hasPatterns = true
  readonly inner: SimulatedBroker
  sink: BrokerSink | null = null

  constructor(inner: SimulatedBroker) {
    this.inner = inner
  }

  get processName(): string {
    return this.inner.processName
  }

  start(sink: BrokerSink): Promise<void> {
    this.sink = sink
    return this.inner.start({
      deliver: (topic, message) => this.deliver(topic, message),
      appended: (topic, epoch, publication) => this.appended(topic, epoch, publication),
      interrupted: (error) => sink.interrupted(error),
      restored: () => sink.restored(),
      processGone: (processName) => sink.processGone(processName),
    })
  }

  deliver(topic: string, message: PublishedMessage): void {
    this.sink!.deliver(topic, message)
  }

  appended(topic: string, epoch: string, publication: Publication): void {
    this.sink!.appended(topic, epoch, publication)
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    return this.inner.publish(topic, message)
  }

  append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    return this.inner.append(topic, message, options)
  }

  attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    return this.inner.attach(topic, retention)
  }

  detach(topic: string): void {
    this.inner.detach(topic)
  }

  read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    return this.inner.read(topic, after, limit, retention)
  }

  stop(): Promise<void> {
    return this.inner.stop()
  }
}

export type Wrapping = new (inner: SimulatedBroker) => WrappedBroker

/** Says that it has what it has not, now and then. */
export class ForgetfulBroker extends WrappedBroker {
  #count = 0

  override async append(
    topic: string,
    message: PublishedMessage,
    options: AppendOptions,
  ): Promise<Cursor> {
    if (++this.#count % 10 !== 0) return super.append(topic, message, options)
    return (await super.attach(topic, options.retention))!
  }
}

/** Publications of all epochs look as if they were of one. */
export class OneEpochBroker extends WrappedBroker {
  override appended(topic: string, _epoch: string, publication: Publication): void {
    super.appended(topic, 'one', publication)
  }

  override async append(
    topic: string,
    message: PublishedMessage,
    options: AppendOptions,
  ): Promise<Cursor> {
    return { ...(await super.append(topic, message, options)), epoch: 'one' }
  }

  override async attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    const head = await super.attach(topic, retention)
    return head && { ...head, epoch: 'one' }
  }
}

export function isAway(error: unknown): boolean {
  return error instanceof HoldlineError && error.code === 'ERR_BROKER_AWAY'
}
