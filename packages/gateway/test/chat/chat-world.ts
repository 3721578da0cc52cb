// Several workers of a chat in one test: publications pass between them in order, late or at once as the test says.

import { Chat } from '../../src/chat/chat.ts'
import type { ChatServer, Member } from '../../src/chat/chat.ts'
import type { ChatOut } from '../../src/chat/chat-contract.ts'
import { Roster } from '../../src/chat/roster.ts'

let lastSeat = 0

type Listener = (message: string) => void

/** What one person's page knows, kept as the real page keeps it. */
export class Visitor {
  readonly worker: Worker
  readonly member: Member
  readonly topics: Set<string> = new Set()
  readonly got: ChatOut[] = []
  roster: Roster = new Roster()
  closedWith: number | undefined

  constructor(worker: Worker) {
    this.worker = worker
    this.member = worker.chat.enter({
      send: (message) => this.take(message),
      subscribe: (topic) => this.topics.add(topic),
      unsubscribe: (topic) => this.topics.delete(topic),
      close: (code) => {
        this.closedWith = code
        worker.visitors.delete(this)
        this.member.leave()
      },
    })
    worker.visitors.add(this)
  }

  get names(): string[] {
    return this.roster.people.map(({ name }) => name).sort()
  }

  get texts(): string[] {
    return this.got.flatMap((message) => (message.type === 'said' ? [message.text] : []))
  }

  join(name: string, room = 'lobby', key = `key-of-${name}-00000000`): this {
    if (this.member.room?.name !== room) this.roster = new Roster()
    this.member.receive({ type: 'join', room, name, key, seat: ++lastSeat })
    return this
  }

  say(text: string, id = `id-${text}`): void {
    this.member.receive({ type: 'say', id, text })
  }

  leave(): void {
    this.worker.visitors.delete(this)
    this.member.leave()
  }

  take(message: ChatOut): void {
    this.got.push(message)
    if (message.type === 'welcome') for (const person of message.people) this.roster.put(person)
    if (message.type === 'joined' || message.type === 'renamed') this.roster.put(message.person)
    if (message.type === 'left') this.roster.remove(message)
  }
}

export class Worker {
  readonly id: number
  readonly chat: Chat
  readonly visitors: Set<Visitor> = new Set()
  readonly listeners: Map<string, Set<Listener>> = new Map()
  readonly onLeft: ((workerId: number) => void)[] = []

  constructor(id: number, now: () => number) {
    this.id = id
    this.chat = new Chat(now)
  }

  deliver(topic: string, message: string): void {
    for (const listener of this.listeners.get(topic) ?? []) listener(message)
    for (const visitor of this.visitors) {
      if (visitor.topics.has(topic)) visitor.take(JSON.parse(message) as ChatOut)
    }
  }
}

export class ChatWorld {
  readonly workers: Map<number, Worker> = new Map()
  /** Publications under way, by sender and receiver: in order on each such link, in any order between links. */
  readonly links: Map<string, [to: number, topic: string, message: string][]> = new Map()
  held = false
  nowMs = 1000

  start(id: number): Worker {
    const worker = new Worker(id, () => this.nowMs++)
    this.workers.set(id, worker)
    worker.chat.start(this.#serverOf(worker))
    return worker
  }

  /** What the worker had sent arrives in part, as `pick` says; then all hear that it is gone. */
  kill(id: number, pick: (count: number) => number = () => 0): void {
    this.workers.delete(id)
    for (const [link, waiting] of this.links) {
      if (!link.startsWith(`${id}-`)) continue
      const arriving = waiting.splice(0).slice(0, pick(10))
      for (const [to, topic, message] of arriving) this.workers.get(to)?.deliver(topic, message)
    }
    for (const worker of this.workers.values()) for (const tell of worker.onLeft) tell(id)
  }

  /** Lets what is held arrive; `pick` chooses the link that goes next. */
  release(pick: (count: number) => number = () => 0): void {
    for (;;) {
      const waiting = [...this.links.values()].filter((link) => link.length > 0)
      if (waiting.length === 0) return
      const [to, topic, message] = waiting[pick(waiting.length)]?.shift() ?? [-1, '', '']
      this.workers.get(to)?.deliver(topic, message)
    }
  }

  #serverOf(worker: Worker): ChatServer {
    return {
      workerId: worker.id,
      publish: (topic, message) => {
        worker.deliver(topic, message)
        for (const to of this.workers.keys()) {
          if (to === worker.id) continue
          const link = `${worker.id}-${to}`
          if (!this.links.has(link)) this.links.set(link, [])
          this.links.get(link)?.push([to, topic, message])
        }
        if (!this.held) this.release()
      },
      subscribe: (topic, listener) => {
        const listeners = worker.listeners.get(topic) ?? new Set()
        worker.listeners.set(topic, listeners.add(listener))
        return () => listeners.delete(listener)
      },
      onWorkerLeft: (listener) => worker.onLeft.push(listener),
    }
  }
}
