// Names of topics, and patterns of them: `*` stands for exactly one part between dots, `**` at the end for one or more.

import { HoldlineError } from '../protocol/errors.ts'

export const MAX_TOPIC_NAME_BYTES = 255

/** @throws HoldlineError ERR_TOPIC_NAME */
export function checkTopicName(name: unknown): asserts name is string {
  const isFine =
    typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= MAX_TOPIC_NAME_BYTES
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (!isFine || /[\u0000-\u001f\u007f]/.test(name) || !name.isWellFormed()) refuse(name)
}

/**
 * What a program or a line may subscribe to: patterns too, and none of Holdline's own.
 *
 * @throws HoldlineError ERR_TOPIC_NAME
 */
export function checkSubscribedTopic(name: unknown): asserts name is string {
  checkTopicName(name)
  if (isOwnTopic(name)) refuse(name)
}

/**
 * What a program or a line may publish on, and read: no pattern, and none of Holdline's own.
 *
 * @throws HoldlineError ERR_TOPIC_NAME
 */
export function checkProgramTopic(name: unknown): asserts name is string {
  checkSubscribedTopic(name)
  if (isPattern(name)) refuse(name)
}

/** Topics of Holdline's own, that programs and lines are refused: presence, revocations. */
export function isOwnTopic(name: string): boolean {
  return name.charCodeAt(0) === 36 // '$'
}

export function isPattern(name: string): boolean {
  if (!name.includes('*')) return false
  return name.split('.').some((part) => part === '*' || part === '**')
}

function refuse(name: unknown): never {
  throw new HoldlineError('ERR_TOPIC_NAME', JSON.stringify(name)?.slice(0, 80))
}

/** A pattern, ready to be compared with names. */
export class TopicPattern {
  readonly text: string
  readonly #parts: readonly string[]
  readonly #isOpen: boolean

  /** @throws HoldlineError ERR_TOPIC_NAME for `**` that is not the last part */
  constructor(text: string) {
    this.text = text
    const parts = text.split('.')
    this.#isOpen = parts.at(-1) === '**'
    if (this.#isOpen) parts.pop()
    if (parts.includes('**')) refuse(text)
    this.#parts = parts
  }

  /** Holdline's own topics are matched by no pattern. */
  matches(name: string): boolean {
    if (isOwnTopic(name)) return false
    const parts = name.split('.')
    const own = this.#parts
    if (this.#isOpen ? parts.length <= own.length : parts.length !== own.length) return false
    return own.every((part, i) => part === '*' || part === parts[i])
  }

  /** Negative where this one says more about a name than the other one does. */
  compare(other: TopicPattern): number {
    const length = Math.max(this.#parts.length, other.#parts.length)
    for (let i = 0; i < length; i++) {
      const difference = rank(this.#parts[i]) - rank(other.#parts[i])
      if (difference !== 0) return difference
    }
    return Number(this.#isOpen) - Number(other.#isOpen)
  }
}

/** A part that is given says more than one that may be any, and that more than none at all. */
function rank(part: string | undefined): number {
  if (part === undefined) return 2
  return part === '*' ? 1 : 0
}
