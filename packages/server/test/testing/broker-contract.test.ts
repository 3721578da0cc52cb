// The suite must find what is wrong: each of these brokers breaks one rule of the contract. That one which keeps to all
// of them passes: simulation/simulated-broker.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokerCases, brokerCasesFor, runBrokerCase } from '../../src/testing/index.ts'
import type {
  AppendOptions,
  Cursor,
  Publication,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../src/topics/broker.ts'
import { simulatedHarness, simulatedHarnessOf } from './simulation/simulated-harness.ts'
import { ForgetfulBroker, isAway, OneEpochBroker, WrappedBroker } from './wrapped-broker.ts'
import type { Wrapping } from './wrapped-broker.ts'

type Message = PublishedMessage
type Read = [topic: string, after: Cursor | 'start', limit: ReadLimit, retention: Retention]

const later = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const faults: Readonly<Record<string, Wrapping>> = {
  'MUST call deliver exactly once': class extends WrappedBroker {
    override deliver(topic: string, message: Message): void {
      super.deliver(topic, message)
      if (String(message).endsWith('/7')) super.deliver(topic, message)
    }
  },
  'MUST keep the order of the publications': class extends WrappedBroker {
    override deliver(topic: string, message: Message): void {
      if (message === '0/1000') return
      super.deliver(topic, message)
      if (message === '0/1001') super.deliver(topic, '0/1000')
    }
  },
  'MUST NOT call deliver before start': class extends WrappedBroker {
    override start(sink: Parameters<WrappedBroker['start']>[0]): Promise<void> {
      if (this.processName !== 'p1') sink.deliver('t', 'early')
      return super.start(sink)
    }
  },
  'MUST NOT call deliver after stop': class extends WrappedBroker {
    override stop(): Promise<void> {
      setImmediate(() => this.sink?.deliver('t', 'late'))
      return super.stop()
    }
  },
  'MUST reject with HoldlineError a publication': class extends WrappedBroker {
    override publish(topic: string, message: Message): Promise<void> {
      return super.publish(topic, message).catch(() => {})
    }
  },
  'MUST NOT drop what was published': class extends WrappedBroker {
    override stop(): Promise<void> {
      this.inner.kill()
      return Promise.resolve()
    }
  },
  'MUST NOT keep the bytes it was given after publish': class extends WrappedBroker {
    override publish(topic: string, message: Message): Promise<void> {
      return Promise.resolve().then(() => super.publish(topic, message))
    }
  },
  'MUST NOT look into messages: text': class extends WrappedBroker {
    override deliver(topic: string, message: Message): void {
      super.deliver(topic, typeof message === 'string' ? message.replace('\0', '') : message)
    }
  },
  'goes on without': class extends WrappedBroker {
    override stop(): Promise<void> {
      for (let i = 1; i <= 9; i++) void this.inner.publish('t', 'last words').catch(() => {})
      return super.stop()
    }
  },
  'MUST give all processes the same': class extends WrappedBroker {
    override async append(
      topic: string,
      message: Message,
      options: AppendOptions,
    ): Promise<Cursor> {
      const { epoch, offset } = await super.append(topic, message, options)
      return { epoch, offset: offset + 1 }
    }
  },
  'MUST keep the order in which one process appends': class extends WrappedBroker {
    override async append(
      topic: string,
      message: Message,
      options: AppendOptions,
    ): Promise<Cursor> {
      if (String(message).endsWith('7')) await later(20)
      return super.append(topic, message, options)
    }
  },
  'SHOULD tell each process': class extends WrappedBroker {
    override appended(topic: string, epoch: string, publication: Publication): void {
      if (publication.offset !== 100) super.appended(topic, epoch, publication)
    }
  },
  'MUST answer a retry': class extends WrappedBroker {
    override append(topic: string, message: Message, options: AppendOptions): Promise<Cursor> {
      return super.append(topic, message, { ...options, idempotencyKey: null })
    }
  },
  'MUST add one of several': class extends WrappedBroker {
    override append(topic: string, message: Message, options: AppendOptions): Promise<Cursor> {
      const idempotencyKey = `${this.processName} ${options.idempotencyKey}`
      return super.append(topic, message, { ...options, idempotencyKey })
    }
  },
  'MUST NOT keep the bytes it was given after append': class extends WrappedBroker {
    override append(topic: string, message: Message, options: AppendOptions): Promise<Cursor> {
      return Promise.resolve().then(() => super.append(topic, message, options))
    }
  },
  'MUST NOT look into messages with history': class extends WrappedBroker {
    override append(topic: string, message: Message, options: AppendOptions): Promise<Cursor> {
      return super.append(topic, message, { ...options, key: options.key || null })
    }
  },
  'MUST say when it took': class extends WrappedBroker {
    override async read(...asked: Read): Promise<ReadResult> {
      return withPublications(await super.read(...asked), (all) =>
        all.map((publication) => ({ ...publication, timeMs: Date.now() })),
      )
    }
  },
  'MUST reject with HoldlineError what is asked': class extends WrappedBroker {
    override attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
      return super.attach(topic, retention).catch(() => null)
    }
  },
  'MUST hand over at stop': class extends WrappedBroker {
    override stop(): Promise<void> {
      this.inner.kill()
      return Promise.resolve()
    }
  },
  'MUST tell everything behind': class extends WrappedBroker {
    override async attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
      const head = await super.attach(topic, retention)
      return head && { ...head, offset: Math.max(head.offset - 5, 0) }
    }
  },
  'MUST allow to attach': class extends WrappedBroker {
    #attached = new Set<string>()
    override deliver(topic: string, message: Message): void {
      super.deliver(topic, message)
      if (this.#attached.has(`${topic} twice`)) super.deliver(topic, message)
    }
    override attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
      this.#attached.add(this.#attached.has(topic) ? `${topic} twice` : topic)
      return super.attach(topic, retention)
    }
  },
  'MUST tell again after detach': class extends WrappedBroker {
    #head: Cursor | null = null
    override async attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
      return (this.#head ??= await super.attach(topic, retention))
    }
  },
  'MUST tell what matches a pattern': class extends WrappedBroker {
    override deliver(topic: string, message: Message): void {
      super.deliver(topic, message)
      if (topic === 'news.sport') super.deliver(topic, message)
    }
  },
  'MUST give a process that comes later': class extends WrappedBroker {
    override async read(...asked: Read): Promise<ReadResult> {
      return withPublications(await super.read(...asked), (all) => all.slice(1))
    }
  },
  'MUST name each process': class extends WrappedBroker {
    override get processName(): string {
      return 'broker'
    }
  },
  'MUST read exactly': class extends WrappedBroker {
    override async read(...asked: Read): Promise<ReadResult> {
      return withPublications(await super.read(...asked), (all) => all.slice(0, -1))
    }
  },
  'MUST serve the start': class extends WrappedBroker {
    override async read(...asked: Read): Promise<ReadResult> {
      const result = await super.read(...asked)
      if (result.head.offset > 0) return result
      return { lost: 'epoch', head: result.head, start: result.head }
    }
  },
  'MUST refuse a cursor': class extends WrappedBroker {
    override async read(...asked: Read): Promise<ReadResult> {
      const result = await super.read(...asked)
      return result.lost === 'future' ? { lost: null, publications: [], head: result.head } : result
    }
  },
  'MUST keep so many': class extends WrappedBroker {
    override append(topic: string, message: Message, options: AppendOptions): Promise<Cursor> {
      const retention = { ...options.retention, count: options.retention.count + 1 }
      return super.append(topic, message, { ...options, retention })
    }
    override read(...[topic, after, limit, retention]: Read): Promise<ReadResult> {
      return super.read(topic, after, limit, { ...retention, count: retention.count + 1 })
    }
  },
  'MUST keep no more bytes': class extends WrappedBroker {
    override append(topic: string, message: Message, options: AppendOptions): Promise<Cursor> {
      const retention = { ...options.retention, bytes: options.retention.bytes * 2 }
      return super.append(topic, message, { ...options, retention })
    }
    override read(...[topic, after, limit, retention]: Read): Promise<ReadResult> {
      return super.read(topic, after, limit, { ...retention, bytes: retention.bytes * 2 })
    }
  },
  'MUST let go what is older': class extends WrappedBroker {
    override async read(...asked: Read): Promise<ReadResult> {
      const result = await super.read(...asked)
      if (result.lost !== null || result.publications.length > 0) return result
      return { lost: 'expired', head: result.head, start: result.head }
    }
  },
  'MUST lose nothing acknowledged when its server': ForgetfulBroker,
  'MUST lose nothing acknowledged when connections': ForgetfulBroker,
  'MUST lose nothing acknowledged when a connection': ForgetfulBroker,
  'MUST be exact over a slow': ForgetfulBroker,
  'MUST be exact to whoever': ForgetfulBroker,
  'MUST refuse publications within': class extends WrappedBroker {
    override append(topic: string, message: Message, options: AppendOptions): Promise<Cursor> {
      const added = super.append(topic, message, options)
      added.catch((error: unknown) => {
        if (isAway(error) && message === '7'.padEnd(1_000))
          void this.#tryOn(topic, message, options)
      })
      return added
    }
    /** As a client library does that keeps what it could not send. */
    async #tryOn(topic: string, message: Message, options: AppendOptions): Promise<void> {
      while (!(await super.append(topic, message, options).then(Boolean, () => false)))
        await later()
    }
  },
  'MUST keep memory bounded': class extends WrappedBroker {
    readonly #kept: Message[] = []
    override append(topic: string, message: Message, options: AppendOptions): Promise<Cursor> {
      this.#kept.push(typeof message === 'string' ? message : new Uint8Array(message))
      return super.append(topic, message, options)
    }
  },
  'MUST say trimmed': class extends WrappedBroker {
    override async read(...[topic, after, ...rest]: Read): Promise<ReadResult> {
      const result = await super.read(topic, after, ...rest)
      return result.lost === null ? result : super.read(topic, 'start', ...rest)
    }
  },
  'MUST begin another epoch when its server': OneEpochBroker,
  'MUST begin another epoch when an operator': OneEpochBroker,
  'MUST pass publications without history again': class extends WrappedBroker {
    override deliver(topic: string, message: Message): void {
      if (!String(message).startsWith('back')) super.deliver(topic, message)
    }
  },
}

function withPublications(
  result: ReadResult,
  f: (publications: readonly Publication[]) => readonly Publication[],
): ReadResult {
  return result.lost === null ? { ...result, publications: f(result.publications) } : result
}

for (const brokerCase of brokerCases) {
  const beginning = Object.keys(faults).find((key) => brokerCase.name.startsWith(key))
  test(`a broker that breaks it is found: ${brokerCase.name}`, async () => {
    assert.ok(beginning !== undefined, 'no broker here breaks this one')
    const Broken = faults[beginning]!
    const harness = simulatedHarnessOf((inner) => new Broken(inner))
    await assert.rejects(runBrokerCase(harness, 2, brokerCase))
  })
}

test('a case is run only with the faults and the processes that it needs', () => {
  const { faults: known = [] } = simulatedHarness
  assert.deepEqual(brokerCasesFor(simulatedHarness, 2), brokerCases)
  const alone = brokerCasesFor({ ...simulatedHarness, faults: [] }, 1)
  assert.ok(alone.length > 20 && alone.length < brokerCases.length)
  for (const { faults: needed, processes } of alone) {
    assert.deepEqual([needed, processes], [undefined, undefined])
  }
  const cutOnly = brokerCasesFor({ ...simulatedHarness, faults: ['cut'] }, 2)
  assert.ok(!cutOnly.some((each) => each.faults?.includes('heal')))
  assert.ok(known.length > 5)
})
