// Starts a rival and talks to it in its dialect, as the scenarios will: echo, then topics. Used by the tests.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Dialect, DialectFrame } from '../../src/process/dialect.ts'
import { RivalProcess } from '../../src/process/rival-process.ts'
import type { Rival } from '../../src/process/rivals.ts'

const kinds = ['text', 'binary'] as const
/** A rival that says nothing for so long has lost a message. */
const silenceMs = 10_000
const payloadSizes = [20, 1024, 256 * 1024]

export async function talkToRival(
  rival: Rival,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await using server = await RivalProcess.start(rival, '0', environment)
  await checkEcho(server.port, rival.dialect)
  if (rival.hasTopics) await checkTopics(server.port, rival.dialect)
}

async function checkEcho(port: number, dialect: Dialect): Promise<void> {
  await using client = await DialectClient.open(port, dialect, '/')
  for (const kind of kinds) {
    for (const [seed, payloadBytes] of payloadSizes.entries()) {
      const payload = samplePayload(kind, payloadBytes, seed)
      client.send(kind, payload)
      await client.expect(kind, payload)
    }
  }
  // Several under way come back in order.
  for (const seed of [1, 2, 3]) client.send('binary', samplePayload('binary', 20, seed))
  for (const seed of [1, 2, 3]) await client.expect('binary', samplePayload('binary', 20, seed))
  // The largest message that a rival has to take.
  const largest = Buffer.alloc(16 * 1024 * 1024, 7)
  client.send('binary', largest)
  await client.expect('binary', largest)
}

async function checkTopics(port: number, dialect: Dialect): Promise<void> {
  await using resources = new AsyncDisposableStack()
  const subscriberOf = async (topic: string): Promise<DialectClient> =>
    resources.use(await DialectClient.open(port, dialect, `/t/${topic}`))
  const subscribers = [await subscriberOf('a'), await subscriberOf('a'), await subscriberOf('a')]
  const other = await subscriberOf('b')
  for (const kind of kinds) {
    for (const [seed, payloadBytes] of payloadSizes.entries()) {
      const payload = samplePayload(kind, payloadBytes, seed)
      subscribers[seed]?.send(kind, payload) // each of them publishes once
      for (const subscriber of subscribers) await subscriber.expect(kind, payload)
    }
  }
  // More at once than any default of a limit on what waits: 128 × 256 KiB, read only afterwards.
  const burst = samplePayload('binary', 256 * 1024, 9)
  const [publisher, ...readers] = subscribers
  for (const reader of readers) reader.pause()
  for (let i = 0; i < 128; i++) publisher?.send('binary', burst)
  for (let i = 0; i < 128; i++) await publisher?.expect('binary', burst)
  for (const reader of readers) {
    reader.resume()
    for (let i = 0; i < 128; i++) await reader.expect('binary', burst)
  }
  // The other topic heard nothing of it: its own publication is the first thing that comes.
  const last = samplePayload('text', 20, 5)
  other.send('text', last)
  await other.expect('text', last)
}

class DialectClient implements AsyncDisposable {
  readonly #dialect: Dialect
  readonly #socket: WebSocket
  readonly #received: DialectFrame[] = []
  #wake: () => void = () => {}
  #ended: Error | undefined

  private constructor(dialect: Dialect, socket: WebSocket) {
    this.#dialect = dialect
    this.#socket = socket
    socket.on('message', (data: Buffer, isBinary) => {
      this.#received.push({ kind: isBinary ? 'binary' : 'text', payload: data })
      this.#wake()
    })
    const end = (error: Error): void => {
      this.#ended ??= error
      this.#wake()
    }
    socket.on('error', end)
    socket.on('close', (code) => end(new Error(`the rival closed the connection with ${code}`)))
  }

  static async open(port: number, dialect: Dialect, scenarioPath: string): Promise<DialectClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${dialect.path(scenarioPath)}`, {
      perMessageDeflate: false,
    })
    const client = new DialectClient(dialect, socket)
    await once(socket, 'open')
    for (const step of dialect.opening(scenarioPath)) {
      for (const frame of step.send) client.#sendFrame(frame)
      for (let i = 0; i < step.swallowFrameCount; i++) await client.#next()
    }
    return client
  }

  send(kind: DialectFrame['kind'], payload: Buffer): void {
    for (const frame of this.#dialect.wrap(kind, payload).request) this.#sendFrame(frame)
  }

  /** The next message is this one, byte by byte. */
  async expect(kind: DialectFrame['kind'], payload: Buffer): Promise<void> {
    for (const frame of this.#dialect.wrap(kind, payload).reply) {
      const received = await this.#next()
      assert.equal(received.kind, frame.kind)
      assert.equal(received.payload.length, frame.payload.length)
      assert.ok(received.payload.equals(frame.payload), 'the bytes differ')
    }
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.#socket, 'close')
    this.#socket.terminate()
    await closed
  }

  #sendFrame({ kind, payload }: DialectFrame): void {
    this.#socket.send(payload, { binary: kind === 'binary' })
  }

  async #next(): Promise<DialectFrame> {
    while (this.#received.length === 0) {
      if (this.#ended !== undefined) throw this.#ended
      const silence = setTimeout(() => {
        this.#ended ??= new Error(`nothing came from the rival for ${silenceMs} ms`)
        this.#wake()
      }, silenceMs)
      await new Promise<void>((resolve) => (this.#wake = resolve))
      clearTimeout(silence)
    }
    return this.#received.shift() as DialectFrame
  }
}

/** Bytes that differ with the seed; text with quotes, backslashes, control characters and up to four octets. */
function samplePayload(kind: DialectFrame['kind'], payloadBytes: number, seed: number): Buffer {
  const payload = Buffer.alloc(payloadBytes)
  if (kind === 'binary') return payload.map((_, i) => (i * 7 + seed) & 255) as Buffer
  payload.fill(`${seed} plain`)
  payload.write('"\\\n\u0001é✓🜂')
  return payload
}
