// The way in: a name and a room, remembered and shared. What cannot be is said here; the gateway goes by the same rules.

import { nameProblem, roomProblem, tidyName, tidyRoom } from '../chat/chat-words.ts'
import { find, setText } from './elements.ts'
import type { Visit } from './chat-session.ts'

const nameKey = 'holdline.name'
const defaultRoom = 'lobby'

export class Door {
  readonly #name = find('name', HTMLInputElement)
  readonly #room = find('room', HTMLInputElement)
  readonly #problem = find('door-problem', HTMLElement)

  constructor(onEnter: (visit: Visit) => void) {
    find('door-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.problem('')
      const visit = {
        name: this.#name.value.trim(),
        room: this.#room.value.trim().replace(/^#/, ''),
      }
      const { name, room } = problemsOf(visit)
      if (name) return this.problem(name, this.#name)
      if (room) return this.problem(room, this.#room)
      remember(visit.name)
      onEnter(visit)
    })
  }

  /** Fills the fields in and puts the cursor where something is missing. */
  open(): void {
    this.#name.value ||= rememberedName()
    this.#room.value = roomOfAddress() ?? (this.#room.value || defaultRoom)
    const first = this.#name.value ? this.#room : this.#name
    first.focus()
    first.select()
  }

  /** Says what is wrong, next to the fields; the sentence of the server names which. */
  problem(message: string, field?: HTMLInputElement): void {
    const wrong = field ?? (/\broom\b/i.test(message) ? this.#room : this.#name)
    for (const input of [this.#name, this.#room]) input.ariaInvalid = null
    setText(this.#problem, message)
    if (!message) return
    wrong.ariaInvalid = 'true'
    wrong.focus()
    wrong.select()
  }
}

/** The visit that the address and the memory of this browser name, if both are complete. */
export function knownVisit(): Visit | undefined {
  const [name, room] = [rememberedName(), roomOfAddress()]
  if (!name || !room) return undefined
  const problems = problemsOf({ name, room })
  return problems.name || problems.room ? undefined : { name, room }
}

function problemsOf({ name, room }: Visit): { name: string | null; room: string | null } {
  return { name: nameProblem(tidyName(name)), room: roomProblem(tidyRoom(room)) }
}

/** The room of `/#room`. */
export function roomOfAddress(): string | undefined {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined
  } catch {
    return undefined
  }
}

function rememberedName(): string {
  try {
    return localStorage.getItem(nameKey) ?? ''
  } catch {
    return ''
  }
}

function remember(name: string): void {
  try {
    localStorage.setItem(nameKey, name)
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}
