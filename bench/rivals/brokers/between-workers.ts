// A server of two workers as its clients see it: one worker publishes, the lines of the other are counted.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import type { Round } from '../../src/report/results.ts'
import type { PlayRound } from '../brokers.ts'
import { Subscriber } from './subscriber.ts'
import type { WorkerAnswers, WorkerQuestion } from './workers-server.ts'

/** By their numbers; workers-server.ts has the listener in the other one. */
const [publishing, hearing] = [1, 2]
const subscriberCount = 4
const deliveryTimeoutMs = 5_000
/** Which worker has a line is the kernel's choice. */
const mostAttempts = 400

/** Publishes one at a time in a worker, until each is acknowledged. */
export async function acknowledged(): Promise<PlayRound> {
  const publisher = await Control.open(await startServer(), publishing)
  return (roundMs) => publisher.ask('time', 'timed', roundMs)
}

/** Publishes as many as go in a worker; they have to come to a listener and to lines of the other. */
export async function passed(topic: 'plain' | 'kept'): Promise<PlayRound> {
  const port = await startServer()
  const publisher = await Control.open(port, publishing)
  const hearer = await Control.open(port, hearing)
  const subscribers = await subscribersOf(port, topic, hearing)
  return async (roundMs): Promise<Round> => {
    for (const subscriber of subscribers) subscriber.begin()
    const startMs = performance.now()
    const { count } = await publisher.ask('publish', topic, roundMs)
    const giveUp = AbortSignal.timeout(deliveryTimeoutMs)
    const last = await Promise.all(subscribers.map((each) => each.reached(count, giveUp)))
    const heard = await hearer.ask('heard', topic, 0)
    const disorders = subscribers.map(({ disorderCount }) => disorderCount)
    const missing = subscribers.map((each) => Math.max(0, count - each.count))
    return {
      count,
      perSecond: (count / (Math.max(...last) - startMs)) * 1000,
      lostCount: sum(missing) + Math.max(0, count - heard.count),
      disorderCount: sum(disorders) + heard.disorderCount,
    }
  }
}

async function startServer(): Promise<number> {
  const server = fork(new URL('workers-server.ts', import.meta.url))
  const [port] = (await once(server, 'message')) as [number]
  return port
}

class Control {
  readonly #line: WebSocket

  private constructor(line: WebSocket) {
    this.#line = line
  }

  static async open(port: number, workerId: number): Promise<Control> {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const line = new WebSocket(`ws://127.0.0.1:${port}/control`)
      if ((await nextText(line)) === String(workerId)) return new Control(line)
      line.close()
    }
    throw new Error(`no line came to worker ${workerId}`)
  }

  async ask<Name extends keyof WorkerAnswers>(
    ask: Name,
    topic: string,
    roundMs: number,
  ): Promise<WorkerAnswers[Name]> {
    const question: WorkerQuestion = { ask, topic, roundMs }
    this.#line.send(JSON.stringify(question))
    return JSON.parse(await nextText(this.#line)) as WorkerAnswers[Name]
  }
}

async function nextText(line: WebSocket): Promise<string> {
  const [event] = (await Promise.race([once(line, 'message'), once(line, 'close')])) as [
    MessageEvent<string>,
  ]
  if (event.data === undefined) throw new Error('a worker closed its control line')
  return event.data
}

async function subscribersOf(port: number, topic: string, workerId: number): Promise<Subscriber[]> {
  const subscribers: Subscriber[] = []
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    if (subscribers.length === subscriberCount) return subscribers
    const socket = net.connect(port, '127.0.0.1')
    const subscriber = await Subscriber.open(socket, `/t/${topic}`)
    if (subscriber.workerId === workerId) subscribers.push(subscriber)
    else socket.destroy()
  }
  throw new Error(`no line came to worker ${workerId}`)
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
