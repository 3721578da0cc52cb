// Who is here, each under a name that nobody else here has. Pure.

import { chatBounds } from '../chat/chat-words.ts'
import type { Person } from '../chat/chat-words.ts'

/** Whoever came first keeps the name; who has the same one is shown with a number, as long as this page is open. */
export class Roster {
  readonly #people = new Map<string, Person>()
  /** Names that were given, also to those who left. */
  readonly #names = new Map<string, string>()

  get people(): Person[] {
    return [...this.#people.values()]
  }

  get(id: string): Person | undefined {
    return this.#people.get(id)
  }

  /** Answers with the person as it is shown. */
  put({ id, name }: Person): Person {
    const known = this.#people.get(id)
    if (known) return known
    const person = { id, name: this.#freeName(this.#names.get(id) ?? name) }
    this.#names.set(id, person.name)
    this.#people.set(id, person)
    return person
  }

  remove(id: string): boolean {
    return this.#people.delete(id)
  }

  /** All are gone, or not known any more. */
  clear(): void {
    this.#people.clear()
  }

  /** A person as it is shown here; as it calls itself, where it was never seen. */
  shown({ id, name }: Person): Person {
    return { id, name: this.#names.get(id) ?? name }
  }

  /** The wanted name, or the first of `name 2`, `name 3`, … that nobody else here has. */
  #freeName(wanted: string): string {
    const taken = new Set(this.people.map(({ name }) => fold(name)))
    let name = wanted
    for (let number = 2; taken.has(fold(name)); number += 1) {
      const suffix = ` ${number}`
      name = wanted.slice(0, chatBounds.nameLength - suffix.length).trimEnd() + suffix
    }
    return name
  }
}

/** Names that look the same to a reader are the same. */
function fold(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}
