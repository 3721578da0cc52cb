// Who is here, beside the room; on a narrow screen a sheet that opens and closes.

import type { Person } from '../chat/chat-words.ts'
import { arrange, find, make, setText } from './elements.ts'
import { nameHue } from './name-hue.ts'

export class SidePanel {
  readonly #side = find('side', HTMLElement)
  readonly #people = find('people', HTMLElement)
  readonly #counts = [find('people-count', HTMLElement), find('side-count', HTMLElement)]
  readonly #openButton = find('open-side', HTMLButtonElement)
  readonly #closeButton = find('close-side', HTMLButtonElement)

  constructor() {
    this.#openButton.addEventListener('click', () => this.#open())
    this.#closeButton.addEventListener('click', () => this.close())
    find('veil', HTMLElement).addEventListener('click', () => this.close())
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close()
    })
    matchMedia('(max-width: 56rem)').addEventListener('change', () => this.close())
  }

  /** You first, then the others by name. */
  show(people: readonly Person[], yourId: string | undefined): void {
    const order = [...people].sort(
      (a, b) => Number(b.id === yourId) - Number(a.id === yourId) || a.name.localeCompare(b.name),
    )
    arrange(
      this.#people,
      order.map(({ id, name }) => `${id} ${name}`),
      (_key, index) => {
        const { id, name } = order[index] as Person
        const item = make('li')
        item.append(make('span', '', name))
        item.style.setProperty('--hue', String(nameHue(name)))
        if (id === yourId) {
          item.dataset['own'] = ''
          item.append(make('small', '', 'you'))
        }
        return item
      },
    )
    for (const count of this.#counts) setText(count, String(people.length))
  }

  close(): void {
    if (document.body.dataset['side'] !== 'open') return
    delete document.body.dataset['side']
    this.#openButton.ariaExpanded = 'false'
    for (const element of this.#behind()) element.inert = false
    this.#openButton.focus()
  }

  #open(): void {
    document.body.dataset['side'] = 'open'
    this.#openButton.ariaExpanded = 'true'
    for (const element of this.#behind()) element.inert = true
    this.#side.scrollTop = 0
    this.#closeButton.focus()
  }

  /** What the sheet covers, out of reach while it is open. */
  #behind(): HTMLElement[] {
    return [...document.querySelectorAll<HTMLElement>('body > header, body > main')]
  }
}
