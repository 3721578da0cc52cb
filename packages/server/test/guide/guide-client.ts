// A client of samples: what it hears waits in line until it is asked for.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { WebSocket } from 'ws'

export class GuideClient {
  readonly #socket: WebSocket
  readonly #messages: string[] = []
  readonly #closed: Promise<number>
  #arrived: (() => void) | null = null

  constructor(url: string, options?: WebSocket.ClientOptions, protocols: string[] = []) {
    this.#socket = new WebSocket(url, protocols, options)
    this.#socket.on('message', (data: Buffer) => {
      this.#messages.push(data.toString())
      this.#arrived?.()
    })
    this.#closed = new Promise((resolve) => this.#socket.on('close', resolve))
    this.#socket.on('error', () => {})
  }

  /** Sends, once the line is open. */
  async send(...texts: readonly string[]): Promise<void> {
    if (this.#socket.readyState === WebSocket.CONNECTING) await once(this.#socket, 'open')
    for (const text of texts) this.#socket.send(text)
  }

  async next(): Promise<string> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => (this.#arrived = resolve))
    }
    return this.#messages.shift()!
  }

  async exchange(sent: string, expected: string): Promise<void> {
    await this.send(sent)
    assert.equal(await this.next(), expected)
  }

  /** The code that it was closed with. */
  closed(): Promise<number> {
    return this.#closed
  }

  /** The status that it was refused with. */
  async refused(): Promise<number> {
    const [, response] = (await once(this.#socket, 'unexpected-response')) as [
      unknown,
      { statusCode: number; resume(): void },
    ]
    response.resume()
    this.#socket.terminate()
    return response.statusCode
  }

  /** Closes in good order; resolves when both sides have. */
  async close(): Promise<void> {
    this.#socket.close()
    await this.#closed
  }

  terminate(): void {
    this.#socket.terminate()
  }
}

/** Opens a line, sends the texts, and gives so many answers. */
export async function answers(
  url: string,
  texts: readonly string[],
  { count = texts.length, headers = {} }: { count?: number; headers?: Record<string, string> } = {},
): Promise<string[]> {
  const client = new GuideClient(url, { headers })
  await client.send(...texts)
  const heard: string[] = []
  while (heard.length < count) heard.push(await client.next())
  await client.close()
  return heard
}
