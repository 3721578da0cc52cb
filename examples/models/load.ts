// Load for the chat rooms of this folder: some clients join, talk in turn, and hear everyone. Prints how many messages
// a second the room takes and how long one is under way until the last member has it.
//   node -C source examples/models/load.ts ws://localhost:8080/chat 50 2000
// A fourth word, `ids`: the room is the servlet's, whose requests have ids.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { ChatOut } from './chat/room.ts'
import { plainWire, wireWithIds, type Wire } from './wire.ts'

export interface LoadOptions {
  readonly url: string
  readonly clientCount: number
  readonly messageCount: number
  /** How messages look on the wire. Default: as they are. */
  readonly wire?: Wire
}

export interface LoadResult {
  /** Messages said. */
  readonly messageCount: number
  /** Messages heard: each by every member. */
  readonly heardCount: number
  readonly messagesPerSecond: number
  /** From saying until the last member heard it. */
  readonly medianMs: number
  readonly p99Ms: number
}

export const loadBounds = { clientCount: 1000, messageCount: 100_000, silenceMs: 10_000 } as const

/** Rejects when the room falls silent, closes a line or refuses. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { url, clientCount, messageCount, wire = plainWire } = options
  checkBound('clients', clientCount, loadBounds.clientCount)
  checkBound('messages', messageCount, loadBounds.messageCount)
  const clients: WebSocket[] = []
  try {
    for (let number = 0; number < clientCount; number += 1) {
      clients.push(await join(url, number, wire))
    }
    return await talk(clients, messageCount, wire)
  } finally {
    for (const client of clients) client.terminate()
  }
}

async function join(url: string, number: number, wire: Wire): Promise<WebSocket> {
  const client = new WebSocket(url)
  await once(client, 'open')
  client.send(wire.write({ type: 'join', name: `client ${number}` }))
  const [data] = (await once(client, 'message')) as [Buffer]
  if ((wire.read(data.toString()) as ChatOut | undefined)?.type !== 'welcome')
    throw new Error(`the room answered ${data.toString()}`)
  return client
}

/** Each client has one message under way; the next leaves when everyone has heard it. */
function talk(
  clients: readonly WebSocket[],
  messageCount: number,
  wire: Wire,
): Promise<LoadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<LoadResult>()
  const saidMs = new Float64Array(messageCount)
  const missing = new Int32Array(messageCount).fill(clients.length)
  const latencies: number[] = []
  let saidCount = 0
  let heardCount = 0
  const startMs = performance.now()

  const say = (client: number): void => {
    if (saidCount === messageCount) return
    saidMs[saidCount] = performance.now()
    clients[client]!.send(wire.write({ type: 'say', text: `${saidCount} ${client}` }))
    saidCount += 1
  }
  const hear = (text: string): void => {
    const [number = 0, client = 0] = text.split(' ').map(Number)
    heardCount += 1
    missing[number]! -= 1
    if (missing[number] !== 0) return
    latencies.push(performance.now() - saidMs[number]!)
    if (latencies.length < messageCount) return say(client)
    const sorted = latencies.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)]!
    const messagesPerSecond = (messageCount / (performance.now() - startMs)) * 1000
    resolve({ messageCount, heardCount, messagesPerSecond, medianMs: at(0.5), p99Ms: at(0.99) })
  }

  const silence = setTimeout(() => reject(new Error('the room fell silent')), loadBounds.silenceMs)
  for (const client of clients) {
    client.on('error', reject)
    client.on('close', (code) => reject(new Error(`the room closed a line with ${code}`)))
    client.on('message', (data: Buffer) => {
      silence.refresh()
      const message = wire.read(data.toString()) as ChatOut | undefined
      if (message?.type === 'said') hear(message.text)
      else if (message?.type === 'refused') reject(new Error(message.message))
    })
  }
  for (const client of clients.keys()) say(client)
  return promise.finally(() => clearTimeout(silence))
}

function checkBound(what: string, count: number, max: number): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= max) return
  throw new RangeError(`${what}: a whole number from 1 to ${max}`)
}

if (import.meta.main) {
  const [url = 'ws://localhost:8080/chat', clients = '50', messages = '2000', form] =
    process.argv.slice(2)
  const result = await load({
    url,
    clientCount: Number(clients),
    messageCount: Number(messages),
    wire: form === 'ids' ? wireWithIds() : plainWire,
  })
  const { messagesPerSecond, heardCount, medianMs, p99Ms } = result
  console.log(
    `${messagesPerSecond.toFixed(0)} messages/s, ${heardCount} heard; until the last member has one: ` +
      `median ${medianMs.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
  )
}
