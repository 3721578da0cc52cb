// A message that `receive` took out of a mailbox.

import type { Asked } from './ask.ts'

/** Which message `receive` waits for: the name of its method and what it was sent with. */
export type Match = (message: {
  readonly method: string
  readonly args: readonly unknown[]
}) => boolean

export class Received {
  /** Of a signal: `down`, `exit`, and for connection actors `frame`. */
  readonly method: string
  readonly args: readonly unknown[]
  readonly #ask: Asked | null

  constructor(method: string, args: readonly unknown[], ask: Asked | null) {
    this.method = method
    this.args = args
    this.#ask = ask
  }

  /** Whether somebody waits for `reply`. */
  get isAsk(): boolean {
    return this.#ask !== null
  }

  /** Answers an ask; the first answer counts. */
  reply(value: unknown): void {
    this.#ask?.reply(value)
  }
}
