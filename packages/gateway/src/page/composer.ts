// The message box: Enter sends, Shift+Enter begins a new line, Escape goes to the messages. Knows no line.

import { find, setText } from './elements.ts'

/** From here on it is shown how many characters are left. */
const warnAt = 200

export class Composer {
  readonly #text = find('text', HTMLTextAreaElement)
  readonly #problem = find('composer-problem', HTMLElement)
  readonly #leftOver = find('left-over', HTMLElement)

  /** `onSend` answers whether the text was taken; if not, it stays. */
  constructor(onSend: (text: string) => boolean) {
    const form = find('composer', HTMLFormElement)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const text = this.#text.value.trim()
      if (text && onSend(text)) {
        this.#text.value = ''
        this.#changed()
      }
      // The button must not keep the focus, or the keyboard of a phone would close.
      this.#text.focus()
    })
    this.#text.addEventListener('input', () => this.#changed())
    this.#text.addEventListener('keydown', (event) => {
      // While an input method composes, Enter chooses a word.
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault()
        form.requestSubmit()
      }
      if (event.key === 'Escape') find('log', HTMLElement).focus()
    })
    find('log', HTMLElement).addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.focus()
    })
  }

  focus(): void {
    this.#text.focus()
  }

  problem(message: string): void {
    setText(this.#problem, message)
  }

  #changed(): void {
    this.problem('')
    const left = this.#text.maxLength - this.#text.value.length
    setText(this.#leftOver, left <= warnAt ? `${left} left` : '')
  }
}
