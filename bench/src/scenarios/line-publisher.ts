// Publishes on the topic of the load generator's lines, over a line of its own, and waits until that is acknowledged.
import { samplePayload } from '../load/request-frame.ts'

/** As the generator's first topic is called. */
const topic = '0'
const timeoutMs = 10_000

interface Answer {
  readonly type: string
  readonly id?: number
  readonly cursor?: { readonly epoch: string; readonly offset: number }
}

export class LinePublisher implements Disposable {
  readonly #line: WebSocket

  private constructor(line: WebSocket) {
    this.#line = line
  }

  static async open(port: number): Promise<LinePublisher> {
    const publisher = new LinePublisher(
      new WebSocket(`ws://127.0.0.1:${port}/line`, ['holdline.v1']),
    )
    await publisher.#answer(({ type }) => type === 'welcome')
    return publisher
  }

  /** Publishes so many, and resolves with the cursor behind the last one. */
  async publish(count: number): Promise<{ readonly epoch: string; readonly offset: number }> {
    const data = JSON.parse(samplePayload('json', 64, 7).toString()) as unknown
    const answered = this.#answer(({ id }) => id === count)
    for (let id = 1; id <= count; id++) {
      this.#line.send(JSON.stringify({ type: 'publish', id, topic, data }))
    }
    const { type, cursor } = await answered
    if (cursor === undefined) throw new Error(`the publication was answered with ${type}`)
    return cursor
  }

  [Symbol.dispose](): void {
    this.#line.close()
  }

  /** The next answer that is meant. */
  async #answer(isIt: (answer: Answer) => boolean): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const over = new AbortController()
    const { signal } = over
    const hear = ({ data }: MessageEvent<string>): void => {
      const answer = JSON.parse(data) as Answer
      if (isIt(answer)) resolve(answer)
    }
    this.#line.addEventListener('message', hear, { signal })
    this.#line.addEventListener('close', () => reject(new Error('the line was closed')), { signal })
    const late = setTimeout(() => reject(new Error('the line does not answer')), timeoutMs)
    try {
      return await promise
    } finally {
      clearTimeout(late)
      over.abort()
    }
  }
}
