// The actor that is told and asked.
import { Actor } from 'holdline/actors'

export class Counter extends Actor {
  #count = 0

  add(): void {
    this.#count++
  }

  count(): number {
    return this.#count
  }
}
