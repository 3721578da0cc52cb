// Tells how far a run is: on a terminal one line that rewrites itself, elsewhere one line per scenario.
import type { Writable } from 'node:stream'

export class Progress {
  readonly #stream: Writable & { readonly isTTY?: boolean }
  readonly #total: number
  #number = 0

  constructor(stream: Writable & { readonly isTTY?: boolean }, scenarioCount: number) {
    this.#stream = stream
    this.#total = scenarioCount
  }

  begin(scenario: string): void {
    this.#number++
    if (this.#stream.isTTY === true) this.say(scenario)
    else this.#stream.write(`[${this.#number}/${this.#total}] ${scenario}\n`)
  }

  /** Details, for those who watch. */
  say(text: string): void {
    if (this.#stream.isTTY !== true) return
    this.#stream.write(`\r\u001b[K[${this.#number}/${this.#total}] ${text}`)
  }

  clear(): void {
    if (this.#stream.isTTY === true) this.#stream.write('\r\u001b[K')
  }
}
