// One connection in the bench's own process: for the few that make trouble, or watch those who do. Text both ways, one
// message under way at a time. Knows no scenario.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** How soon a server answers a handshake unless it never will. */
const openTimeoutMs = 2000

export class Talker implements Disposable {
  readonly #line: WebSocket
  #heard: (() => void) | undefined
  readonly #ended: Promise<number>
  /** The code that the line was closed with; undefined while it is open. */
  closeCode: number | undefined

  private constructor(line: WebSocket) {
    this.#line = line
    line.addEventListener('message', () => this.#heard?.())
    this.#ended = new Promise((resolve) => {
      line.addEventListener('close', ({ code }) => {
        this.closeCode = code
        resolve(code)
      })
    })
  }

  /** Rejects when the line does not open. */
  static async open(url: string): Promise<Talker> {
    const line = new WebSocket(url)
    const talker = new Talker(line)
    line.addEventListener('error', () => {})
    const opened = once(line, 'open', { signal: AbortSignal.timeout(openTimeoutMs) })
    const refused = talker.#ended.then((code) => {
      throw new Error(`the line was refused with ${code}`)
    })
    refused.catch(() => {})
    await Promise.race([opened, refused])
    return talker
  }

  /** Milliseconds until something comes back; undefined when nothing does in time, or the line ends. */
  async ask(text: string, timeoutMs: number): Promise<number | undefined> {
    const startMs = performance.now()
    const heard = new Promise<number>((resolve) => {
      this.#heard = () => resolve(performance.now() - startMs)
    })
    if (this.closeCode === undefined) this.#line.send(text)
    return inTime(Promise.race([heard, this.#ended.then(() => undefined)]), timeoutMs)
  }

  /** The code that the line ends with; undefined when it does not in time. */
  ended(timeoutMs: number): Promise<number | undefined> {
    return inTime(this.#ended, timeoutMs)
  }

  [Symbol.dispose](): void {
    this.#line.close()
  }
}

async function inTime<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const over = new AbortController()
  const late = delay(timeoutMs, undefined, { signal: over.signal }).catch(() => undefined)
  try {
    return await Promise.race([promise, late])
  } finally {
    over.abort()
  }
}
