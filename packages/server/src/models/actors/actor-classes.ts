// The classes of actors that a system knows, by what they are called in all workers. Knows no actor.

import { HoldlineError } from '../../protocol/errors.ts'
import { actorNameOf, protocolOf } from './actor-class.ts'
import type { ActorClass, ActorKind, MailboxOptions } from './actor-class.ts'
import { Actor } from './actor.ts'

type AnyClass = ActorClass<Actor, never>

export class ActorClasses {
  readonly #kinds = new Map<AnyClass, ActorKind>()
  readonly #named = new Map<string, AnyClass>()

  /** @throws HoldlineError ERR_ACTOR_CLASS_NAME where another class has its name. */
  kindOf(Class: AnyClass, mailbox?: MailboxOptions): ActorKind {
    const known = this.#kinds.get(Class)
    if (known !== undefined && mailbox === undefined) return known
    const name = actorNameOf(Class)
    const other = this.#named.get(name)
    if (name.includes('/') || (other !== undefined && other !== Class)) {
      const why = other === undefined ? 'has a slash' : 'is that of another class'
      throw new HoldlineError('ERR_ACTOR_CLASS_NAME', `${name} ${why}`)
    }
    if (name !== '') this.#named.set(name, Class)
    const kind = kindFor(Class, name, mailbox ?? Class.mailbox ?? {})
    if (known === undefined) this.#kinds.set(Class, kind)
    return kind
  }

  named(name: string): AnyClass | undefined {
    return this.#named.get(name)
  }

  /** The name of a class of actors; null: it is none, or has no name. */
  nameOf(value: unknown): string | null {
    if (typeof value !== 'function' || !(value.prototype instanceof Actor)) return null
    const { name } = this.kindOf(value as unknown as AnyClass)
    return name === '' ? null : name
  }
}

function kindFor(Class: AnyClass, name: string, mailbox: MailboxOptions): ActorKind {
  const { limit = Infinity, onFull = 'pause' } = mailbox
  const isLimit = limit === Infinity || (Number.isSafeInteger(limit) && limit > 0)
  if (!isLimit) throw new HoldlineError('ERR_OPTION_INVALID', `mailbox.limit ${limit}`)
  if (onFull !== 'pause' && onFull !== 'refuse') {
    throw new HoldlineError('ERR_OPTION_INVALID', `mailbox.onFull ${String(onFull)}`)
  }
  return {
    name,
    protocol: protocolOf(Class),
    limit,
    refuses: onFull === 'refuse',
    hasStarted: Class.prototype.started !== Actor.prototype.started,
    hasStopped: Class.prototype.stopped !== Actor.prototype.stopped,
  }
}
