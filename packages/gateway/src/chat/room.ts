// One room as one worker knows it: everyone in it on any worker, the last messages, and the members of this worker.
// Pure bookkeeping; it sends nothing.

import { chatBounds } from './chat-contract.ts'
import type { Person, Said } from './chat-contract.ts'
import type { Member } from './chat.ts'
import { Roster } from './roster.ts'

/** How many messages a room remembers for those who come. */
const recentCount = 50

export class Room {
  readonly name: string
  /** Members whose connection this worker holds, by the id of the person. */
  readonly members: Map<string, Member> = new Map()
  readonly roster: Roster = new Roster()
  /** Which worker speaks for whom, by the id of the person. */
  readonly #workers = new Map<string, number>()
  #recent: Said[] = []

  constructor(name: string) {
    this.name = name
  }

  get recent(): readonly Said[] {
    return this.#recent
  }

  peopleOf(workerId: number): Person[] {
    return this.roster.people.filter(({ id }) => this.#workers.get(id) === workerId)
  }

  /** False if the person sits elsewhere, later; of two workers that claim the same seat the lower has it. */
  put(person: Person, workerId: number): boolean {
    const { id, seat } = person
    const isClaimed = this.roster.get(id)?.seat === seat
    if (isClaimed && (this.#workers.get(id) ?? workerId) < workerId) return false
    if (!this.roster.put(person)) return false
    this.#workers.set(id, workerId)
    return true
  }

  /** False if the person is not there, or sits elsewhere meanwhile: then that worker speaks for them. */
  remove(person: { readonly id: string; readonly seat: number }, workerId: number): boolean {
    const { id, seat } = person
    if (this.roster.get(id)?.seat === seat && this.#workers.get(id) !== workerId) return false
    if (!this.roster.remove(person)) return false
    this.#workers.delete(id)
    return true
  }

  /** True if this message is new here. Keeps the last ones, in the order of their time. */
  remember(said: Said): boolean {
    if (this.find(said.from.id, said.id)) return false
    this.#recent.push(said)
    if (this.#recent.length > 1 && (this.#recent.at(-2) as Said).at > said.at) {
      this.#recent.sort((a, b) => a.at - b.at)
    }
    if (this.#recent.length > recentCount) this.#recent.shift()
    return true
  }

  /** The id of a message counts only together with its author, so nobody can take another's id. */
  find(authorId: string, id: string): Said | undefined {
    return this.#recent.find((said) => said.id === id && said.from.id === authorId)
  }

  /** The wanted name, or the first of `name 2`, `name 3`, … that nobody else here has. */
  freeName(wanted: string, id: string): string {
    const taken = new Set(
      this.roster.people.filter((person) => person.id !== id).map(({ name }) => fold(name)),
    )
    let name = wanted
    for (let number = 2; taken.has(fold(name)); number += 1) {
      const suffix = ` ${number}`
      name = wanted.slice(0, chatBounds.nameLength - suffix.length).trimEnd() + suffix
    }
    return name
  }

  /** A member of this worker that has the same name as `person`, and should give way: the lower id keeps a name. */
  rivalOf(person: Person): Member | undefined {
    return [...this.members.values()].find(
      ({ person: own }) => own && own.id > person.id && fold(own.name) === fold(person.name),
    )
  }
}

/** Names that look the same to a reader are the same. */
function fold(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}
