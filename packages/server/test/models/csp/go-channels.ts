// A reference of Go's channels, as its specification words them: lists, no promises, no links. Every operation is a
// select; a plain send or receive is one of a single case. Slow and plain on purpose.

export interface GoCase {
  readonly key: string
  /** Null: a nil channel. */
  readonly channel: number | null
  /** Undefined: it receives. */
  readonly sends?: number
}

export interface GoOutcome {
  readonly key: string
  readonly ok: boolean
  readonly value: number | undefined
}

export type GoResult = GoOutcome | 'closed'

interface Waiting {
  readonly id: number
  readonly case: GoCase
}

class GoChannel {
  readonly capacity: number
  buffer: number[] = []
  receivers: Waiting[] = []
  senders: Waiting[] = []
  isClosed = false

  constructor(capacity: number) {
    this.capacity = capacity
  }
}

export class GoChannels {
  readonly channels: GoChannel[]
  /** By operation: how it ended. */
  readonly results = new Map<number, GoResult>()

  constructor(capacities: readonly number[]) {
    this.channels = capacities.map((capacity) => new GoChannel(capacity))
  }

  /** The cases that could go on now. */
  ready(cases: readonly GoCase[]): GoCase[] {
    return cases.filter(({ channel, sends }) => {
      if (channel === null) return false
      const { buffer, capacity, receivers, senders, isClosed } = this.channels[channel]!
      if (sends === undefined) return buffer.length > 0 || senders.length > 0 || isClosed
      return isClosed || receivers.length > 0 || buffer.length < capacity
    })
  }

  /** Does one case that is ready. */
  take(id: number, one: GoCase): void {
    const channel = this.channels[one.channel!]!
    if (one.sends !== undefined) {
      if (channel.isClosed) this.results.set(id, 'closed')
      else {
        const receiver = channel.receivers[0]
        if (receiver === undefined) channel.buffer.push(one.sends)
        else this.#serve(receiver, { ok: true, value: one.sends })
        this.results.set(id, { key: one.key, ok: true, value: undefined })
      }
      return
    }
    const sender = channel.senders[0]
    if (sender !== undefined) {
      channel.buffer.push(sender.case.sends!)
      this.#serve(sender, { ok: true, value: undefined })
    }
    const value = channel.buffer.shift()
    this.results.set(id, { key: one.key, ok: value !== undefined, value })
  }

  /** None is ready: it waits in all of them. */
  wait(id: number, cases: readonly GoCase[]): void {
    for (const one of cases) {
      if (one.channel === null) continue
      const { receivers, senders } = this.channels[one.channel]!
      const list = one.sends === undefined ? receivers : senders
      list.push({ id, case: one })
    }
  }

  close(index: number): 'closed' | undefined {
    const channel = this.channels[index]!
    if (channel.isClosed) return 'closed'
    channel.isClosed = true
    while (channel.receivers.length > 0) {
      this.#serve(channel.receivers[0]!, { ok: false, value: undefined })
    }
    while (channel.senders.length > 0) {
      const { id } = channel.senders[0]!
      this.#forget(id)
      this.results.set(id, 'closed')
    }
    return undefined
  }

  #serve(waiting: Waiting, result: Omit<GoOutcome, 'key'>): void {
    this.#forget(waiting.id)
    this.results.set(waiting.id, { key: waiting.case.key, ...result })
  }

  #forget(id: number): void {
    for (const channel of this.channels) {
      channel.receivers = channel.receivers.filter((one) => one.id !== id)
      channel.senders = channel.senders.filter((one) => one.id !== id)
    }
  }
}
