// Who is here, from words that may come in any order: a welcome and the publications around it travel on different
// ways, and so do the words of two workers. Used by the server for its rooms and by the page for its list.

import type { Person } from './chat-contract.ts'

/** So many who left are remembered; a word that comes later than that many others is not expected. */
const leftCount = 1000

/**
 * Each joining of a person has a higher seat number, given by the page. Invariants: the highest seat counts, and a seat
 * that was left stays empty, whatever is heard of it afterwards.
 */
export class Roster {
  readonly #people = new Map<string, Person>()
  readonly #leftSeats = new Map<string, number>()

  get people(): Person[] {
    return [...this.#people.values()]
  }

  get size(): number {
    return this.#people.size
  }

  get(id: string): Person | undefined {
    return this.#people.get(id)
  }

  /** False if this person sits on a higher seat, or had left this one already. */
  put(person: Person): boolean {
    const { id, seat } = person
    if ((this.#leftSeats.get(id) ?? -1) >= seat) return false
    if ((this.#people.get(id)?.seat ?? -1) > seat) return false
    this.#people.set(id, person)
    return true
  }

  /** False if the person is not there, or sits on a higher seat meanwhile. */
  remove({ id, seat }: { readonly id: string; readonly seat: number }): boolean {
    const highest = Math.max(seat, this.#leftSeats.get(id) ?? -1)
    this.#leftSeats.delete(id)
    this.#leftSeats.set(id, highest)
    if (this.#leftSeats.size > leftCount) {
      for (const oldest of this.#leftSeats.keys()) {
        this.#leftSeats.delete(oldest)
        break
      }
    }
    const person = this.#people.get(id)
    return person !== undefined && person.seat <= seat && this.#people.delete(id)
  }
}
