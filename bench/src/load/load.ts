// One set of connections to one server, and what can be played on it. Runs inside the generator's process.
import { dialects, type Dialect } from '../process/dialect.ts'
import type {
  Commands,
  EchoLoadRound,
  HandshakesRound,
  LoadRound,
  MessageShape,
  PacedLoadRound,
  PublicationsRound,
} from './commands.ts'
import {
  defaultStallMs,
  usefulRepeats,
  type LoadEngine,
  type Play,
  type StableFrame,
} from './load-engine.ts'
import { dialectTarget, replyBytes, requestBytes } from './messages.ts'
import type { Target } from './opening.ts'
import { ClosedLoop } from './plays/closed-loop.ts'
import { CutAll } from './plays/cut-all.ts'
import { Handshakes } from './plays/handshakes.ts'
import { MixedTraffic, type Echoed } from './plays/mixed-traffic.ts'
import { OpenAll } from './plays/open-all.ts'
import { PacedLoad } from './plays/paced-load.ts'
import { Publications } from './plays/publications.ts'
import { Verification, type Exchange } from './plays/verification.ts'
import {
  samplePayload,
  verificationPayload,
  verificationKey,
  type PayloadKind,
} from './request-frame.ts'

/** How many handshakes are under way at once while connections are opened. */
const opensAtOnce = 100
/** After a storm: fewer than the 511 that wait in the queue of Node's listening sockets. */
const stormOpensAtOnce = 400
/** Different messages of a verification; a prime, so that neighbours in a topic or in memory differ. */
const verificationCount = 61
/** Memory of these messages at most. */
const verificationBytes = 16 * 1_048_576

interface Prepared {
  readonly request: StableFrame
  readonly reply: Buffer
}

export class Load {
  readonly #engine: LoadEngine
  readonly #prepared = new Map<string, Prepared>()
  readonly #mixed = new Map<number, readonly Echoed[]>()
  #dialect: Dialect = dialects.plain
  #connectionCount = 0
  #topicCount = 0
  #targets: readonly Target[] = []

  constructor(engine: LoadEngine) {
    this.#engine = engine
  }

  get engineName(): string {
    return this.#engine.name
  }

  open(options: Commands['open']['takes']): Promise<LoadRound> {
    const { port, connectionCount, topicCount, resume } = options
    this.#dialect = dialects[options.dialect]
    this.#connectionCount = connectionCount
    this.#topicCount = topicCount
    const paths = topicCount === 0 ? ['/'] : Array.from({ length: topicCount }, (_, i) => `/t/${i}`)
    this.#targets = paths.map((path) => dialectTarget(this.#dialect, port, path, resume))
    return this.#play(this.#openAll(resume === undefined ? opensAtOnce : stormOpensAtOnce))
  }

  async verify(options: Commands['verify']['takes']): Promise<LoadRound> {
    const { kind, payloadBytes, messageCount } = options
    const { isNumbered = false } = this.#dialect
    let exchanges: readonly Exchange[] = this.#echoed(payloadBytes, () => kind)
    const start = startedRound()
    for (let turn = 0; turn < messageCount; turn++) {
      if (isNumbered && turn > 0) exchanges = this.#echoed(payloadBytes, () => kind, turn + 1)
      const exchangeOf = (connection: number): Exchange => {
        const topicCount = this.#topicCount
        const source = topicCount === 0 ? connection : connection % topicCount
        const exchange = exchanges[(source + turn) % exchanges.length]!
        const isSender = topicCount === 0 || connection < topicCount
        return isSender ? exchange : { request: undefined, reply: exchange.reply }
      }
      await this.#play(new Verification(this.#engine, this.#connectionCount, exchangeOf))
    }
    return start()
  }

  async echo(options: Commands['echo']['takes']): Promise<EchoLoadRound> {
    const { window, roundMs } = options
    const play = new ClosedLoop(this.#engine, {
      ...{ connectionCount: this.#connectionCount, window, roundMs },
      ...this.#message(options),
    })
    const round = await this.#play(play, roundMs)
    return { ...round, messages: play.messageCount }
  }

  async paced(options: Commands['paced']['takes']): Promise<PacedLoadRound> {
    const { messagesPerSecond, roundMs } = options
    const play = new PacedLoad(this.#engine, {
      ...{ connectionCount: this.#connectionCount, messagesPerSecond, roundMs },
      ...this.#message(options),
    })
    const round = await this.#play(play, roundMs)
    return {
      ...round,
      messages: play.messageCount,
      p50Us: play.latency.quantileUs(0.5),
      p99Us: play.latency.quantileUs(0.99),
      p999Us: play.latency.quantileUs(0.999),
      highestUs: play.latency.highestUs,
      lateP99Us: play.lateness.quantileUs(0.99),
    }
  }

  async mix(options: Commands['mix']['takes']): Promise<EchoLoadRound> {
    const { payloadBytes, burst, ...schedule } = options
    const play = new MixedTraffic(this.#engine, {
      ...{ connectionCount: this.#connectionCount, ...schedule },
      messages: this.#mixedMessages(payloadBytes),
      burst: burst && { ...burst, messages: this.#mixedMessages(burst.payloadBytes) },
    })
    const round = await this.#play(play, options.roundMs)
    return { ...round, messages: play.messageCount }
  }

  async publish(options: Commands['publish']['takes']): Promise<PublicationsRound> {
    const { inFlight, atOnce = false, roundMs } = options
    const message = this.#message(options)
    const play = new Publications(this.#engine, {
      ...{ connectionCount: this.#connectionCount, topicCount: this.#topicCount },
      ...{ inFlight, atOnce, roundMs },
      ...(this.#dialect.isNumbered ? { ...message, reply: null } : message),
    })
    const round = await this.#play(play, roundMs)
    return { ...round, publications: play.publicationCount, deliveries: play.deliveryCount }
  }

  async handshakes(options: Commands['handshakes']['takes']): Promise<HandshakesRound> {
    const { port, dialect, atOnce, roundMs } = options
    this.#targets = [dialectTarget(dialects[dialect], port, '/')]
    const play = new Handshakes(this.#engine, this.#targets[0]!, atOnce, roundMs)
    const round = await this.#play(play, roundMs)
    return { ...round, handshakes: play.handshakeCount }
  }

  async storm(): Promise<LoadRound> {
    const start = startedRound()
    await this.#play(new CutAll(this.#engine, this.#connectionCount))
    await this.#play(this.#openAll(stormOpensAtOnce))
    return start()
  }

  async close(): Promise<LoadRound> {
    const round = await this.#play(new CutAll(this.#engine, this.#connectionCount))
    this.#connectionCount = 0
    return round
  }

  #openAll(atOnce: number): OpenAll {
    const targets = this.#targets
    const targetFor = (connection: number): Target => targets[connection % targets.length]!
    return new OpenAll(this.#engine, this.#connectionCount, atOnce, targetFor)
  }

  /** Binary and text in turn. Made once for all rounds, as below. */
  #mixedMessages(payloadBytes: number): readonly Echoed[] {
    let messages = this.#mixed.get(payloadBytes)
    if (messages === undefined) {
      messages = this.#echoed(payloadBytes, (seed) => (seed % 2 === 0 ? 'binary' : 'text'))
      this.#mixed.set(payloadBytes, messages)
    }
    return messages
  }

  /** Different messages, masked with different keys, and what must come back for each. */
  #echoed(
    payloadBytes: number,
    kindOf: (seed: number) => PayloadKind,
    number = 1,
  ): readonly Echoed[] {
    const fitting = Math.floor(verificationBytes / (payloadBytes + 64))
    const length = Math.max(1, Math.min(verificationCount, fitting))
    return Array.from({ length }, (_, seed) => {
      const kind = kindOf(seed)
      const payload = verificationPayload(kind, payloadBytes, seed)
      const request = requestBytes(this.#dialect, kind, payload, verificationKey(seed))
      const reply = replyBytes(this.#dialect, kind, payload, number)
      return { request: this.#engine.prepare(request), reply }
    })
  }

  /** Made once for all rounds: the memory of a request stays. */
  #message({ kind, payloadBytes }: MessageShape): Prepared {
    const key = `${kind} ${payloadBytes}`
    let message = this.#prepared.get(key)
    if (message === undefined) {
      const payload = samplePayload(kind, payloadBytes, 7)
      const request = requestBytes(this.#dialect, kind, payload)
      message = {
        request: this.#engine.prepare(request, usefulRepeats(request.length)),
        reply: replyBytes(this.#dialect, kind, payload),
      }
      this.#prepared.set(key, message)
    }
    return message
  }

  async #play(play: Play, roundMs = 0): Promise<LoadRound> {
    const end = startedRound()
    await this.#engine.run(play, roundMs + defaultStallMs)
    return end()
  }
}

function startedRound(): () => LoadRound {
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  return () => {
    const cpu = process.cpuUsage(startCpu)
    return { elapsedMs: performance.now() - startMs, generatorCpuUs: cpu.user + cpu.system }
  }
}
