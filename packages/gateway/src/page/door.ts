// The way in: a name and a room, remembered and shared. The server judges them; this only asks.

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
      if (!visit.name) return this.problem('Choose a name', this.#name)
      if (!visit.room) return this.problem('Choose a room', this.#room)
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
  return name && room ? { name, room } : undefined
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
