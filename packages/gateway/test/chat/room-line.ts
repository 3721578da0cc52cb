// A line into a room as a program holds it, without a page: what it heard, in order, and a way to wait for it.

import assert from 'node:assert/strict'
import { live } from 'holdline-client'
import type { Gap, LiveLine, Subscription } from 'holdline-client'
import { personOf, tokenOf, topicOf } from '../../src/chat/chat-words.ts'
import type { Draft, Said } from '../../src/chat/chat-words.ts'

interface Topics {
  'chat.*': Draft | Said
}

export class RoomLine {
  readonly name: string
  readonly topic: `chat.${string}`
  readonly line: LiveLine<Topics, Topics>
  readonly subscription: Subscription<Draft | Said>
  readonly said: Said[] = []
  readonly gaps: Gap[] = []
  #waiting: (() => void)[] = []

  constructor(url: string, name: string, room = 'lobby') {
    this.name = name
    this.topic = topicOf(room)
    const token = tokenOf(crypto.randomUUID(), name)
    this.line = live<Topics>(`${url}/chat`, {
      token: () => token,
      backoff: { baseMs: 100, capMs: 1000 },
      onState: () => this.#look(),
      onError: () => {},
    })
    this.subscription = this.line.subscribe(this.topic, {
      since: 'start',
      presence: true,
      state: {},
      onMessage: ({ data }) => {
        this.said.push(data as Said)
        this.#look()
      },
      onGap: (gap) => this.gaps.push(gap),
      onPresence: () => this.#look(),
      onState: () => this.#look(),
    })
  }

  get texts(): string[] {
    return this.said.map(({ text }) => text)
  }

  get names(): string[] {
    return [...this.subscription.members.keys()].map((id) => personOf(id).name).toSorted()
  }

  /** Resolves when it is acknowledged. */
  async say(text: string, id: string = crypto.randomUUID()): Promise<void> {
    await this.line.publish(this.topic, { id, text }, { idempotencyKey: id })
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const deadlineMs = Date.now() + 20_000
    while (!holds()) {
      const sees = `sees ${this.names.join()} and ${this.texts.length} messages`
      assert.ok(Date.now() < deadlineMs, `${this.name} waits for ${what}, ${sees}`)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        setTimeout(resolve, 200)
      })
    }
  }

  #look(): void {
    for (const look of this.#waiting.splice(0)) look()
  }
}
