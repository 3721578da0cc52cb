// What runs in each thread of a pool: it loads the module of the tasks, runs one, and answers with what it returned
// or threw. An error leaves as data, so that the thread lives on.

import { move, transferableSymbol, valueSymbol } from 'piscina'
import { buffersOf, Moved } from './moved.ts'
import type { Thrown } from './thrown.ts'
import { describeThrown } from './thrown.ts'

/** What a thread is asked. */
export interface TaskCall {
  /** Address of the module. */
  readonly tasks: string
  readonly name: string
  readonly args: readonly unknown[]
}

export type TaskAnswer =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly thrown: Thrown }
  /** The module does not load, or has no such function. */
  | { readonly kind: 'unknown'; readonly detail: string; readonly thrown?: Thrown }
  /** What it returned cannot be sent. */
  | { readonly kind: 'uncloneable'; readonly thrown: Thrown }

/** For piscina. */
export async function runTask({ tasks, name, args }: TaskCall): Promise<unknown> {
  let module: Record<string, unknown>
  try {
    module = (await import(tasks)) as Record<string, unknown>
  } catch (error) {
    return { kind: 'unknown', detail: tasks, thrown: describeThrown(error) } satisfies TaskAnswer
  }
  const task = Object.hasOwn(module, name) ? module[name] : undefined
  if (typeof task !== 'function') {
    return { kind: 'unknown', detail: `${name} of ${tasks}` } satisfies TaskAnswer
  }
  let result: unknown
  try {
    result = await (task as (...all: readonly unknown[]) => unknown)(...args)
  } catch (error) {
    return { kind: 'threw', thrown: describeThrown(error) } satisfies TaskAnswer
  }
  return answerWith(result)
}

function answerWith(result: unknown): unknown {
  const value: unknown = result instanceof Moved ? result.value : result
  const buffers = result instanceof Moved ? result.buffers : buffersOf(value)
  try {
    // Here, where it can be caught: piscina would end the thread.
    const own = structuredClone({ value, buffers }, { transfer: [...buffers] })
    const answer: TaskAnswer = { kind: 'returned', value: own.value }
    return own.buffers.length === 0
      ? answer
      : move({ [transferableSymbol]: own.buffers, [valueSymbol]: answer })
  } catch (error) {
    return { kind: 'uncloneable', thrown: describeThrown(error) } satisfies TaskAnswer
  }
}
