// What a program says most, of the system of its process.

import type { Actor } from './actor.ts'
import type { ActorClass } from './actor-class.ts'
import { defaultSystem } from './actor-system.ts'
import type { AnyRef, Ref } from './ref.ts'

export function spawn<A extends Actor, Args extends readonly unknown[]>(
  Class: ActorClass<A, Args>,
  ...args: Args
): Ref<A> {
  return defaultSystem().spawn(Class, ...args)
}

/** The actor that has the name in this worker; null: none. */
export function whereis<A = Actor>(name: string): Ref<A> | null
/** The actor of a class with this key on the whole machine, started if there is none. */
export function whereis<A extends Actor>(Class: ActorClass<A, [key: string]>, key: string): Ref<A>
export function whereis<A extends Actor>(
  first: string | ActorClass<A, [key: string]>,
  key = '',
): Ref<A> | null {
  const system = defaultSystem()
  return typeof first === 'string' ? system.whereis<A>(first) : system.whereis(first, key)
}

/** As `whereis`, for who relies on it. Throws ERR_ACTOR_NAME_UNKNOWN. */
export function named<A = Actor>(name: string): Ref<A> {
  return defaultSystem().named<A>(name)
}

/** Throws ERR_ACTOR_NAME_TAKEN. */
export function register(name: string, ref: AnyRef): void {
  defaultSystem().register(name, ref)
}
