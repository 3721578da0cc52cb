// Processes with presence on one fake clock, and a network between them that can lose, delay, repeat and cut what they
// say. What it must not know: what they say.
import { FakeClock } from '../../src/engines/memory/fake-clock.ts'
import type { PresenceDifference } from '../../src/connection/presence-hub.ts'
import { Presence } from '../../src/topics/presence.ts'
import type { PresenceOptions } from '../../src/topics/presence-options.ts'

export interface Node {
  readonly name: string
  readonly presence: Presence
  /** Who is present on each topic by the differences alone. */
  readonly seen: Map<string, Map<string, unknown>>
  readonly differences: PresenceDifference[]
  isDead: boolean
}

/** What becomes of one message on its way to one process: delays of its copies in milliseconds, [] for none. */
export type Fate = () => readonly number[]

export class PresenceNetwork {
  readonly clock: FakeClock = new FakeClock()
  readonly nodes: Node[] = []
  readonly failures: unknown[] = []
  fate: Fate = () => [0]
  /** Pairs of names that do not hear each other. */
  readonly cuts: Set<string> = new Set()
  sentCount = 0
  #lastName = 0

  add(topics: readonly string[] = [], options?: PresenceOptions): Node {
    const name = `p${++this.#lastName}`
    const presence = new Presence(
      {
        processName: name,
        clock: this.clock,
        send: (message) => this.#carry(name, message),
        failed: (error) => void this.failures.push(error),
      },
      options,
    )
    const node: Node = { name, presence, seen: new Map(), differences: [], isDead: false }
    for (const topic of topics) {
      const members = new Map<string, unknown>()
      node.seen.set(topic, members)
      presence.watch(topic, (difference) => {
        node.differences.push(difference)
        for (const { member, state } of [...difference.joined, ...difference.changed])
          members.set(member, state)
        for (const { member } of difference.left) members.delete(member)
      })
    }
    this.nodes.push(node)
    presence.start()
    return node
  }

  /** As SIGKILL does: it says nothing more, and hears nothing. */
  kill(node: Node): void {
    node.isDead = true
  }

  cut(one: Node, other: Node): void {
    this.cuts.add(`${one.name} ${other.name}`).add(`${other.name} ${one.name}`)
  }

  /** No faults from now on. */
  heal(): void {
    this.cuts.clear()
    this.fate = () => [0]
  }

  #carry(from: string, message: string): void {
    const sender = this.nodes.find(({ name }) => name === from)
    if (sender?.isDead === true) return
    this.sentCount++
    for (const node of this.nodes) {
      if (this.cuts.has(`${from} ${node.name}`)) continue
      for (const delayMs of this.fate()) {
        this.clock.setTimer(delayMs, () => {
          if (!node.isDead) node.presence.receive(message)
        })
      }
    }
  }
}

/** Members with their states, sorted. */
export function here({ presence }: Node, topic: string): [string, unknown][] {
  return presence
    .members(topic)
    .map(({ member, state }): [string, unknown] => [member, state])
    .sort(([one], [other]) => (one < other ? -1 : 1))
}
