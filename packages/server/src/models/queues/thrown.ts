// What a task threw, on its way between threads: the structured clone of an Error loses its code and its class.

import { errorCatalogue, HoldlineError } from '../../protocol/errors.ts'
import type { ErrorCode } from '../../protocol/errors.ts'

/** An error in a form that can be cloned whole. */
export interface ThrownError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: unknown
  readonly detail: unknown
  readonly cause: Thrown | undefined
}

export type Thrown = { readonly error: ThrownError } | { readonly value: unknown }

/** Causes of causes that are told. */
const MAX_CAUSES = 8

const classes: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

export function describeThrown(thrown: unknown, causesLeft: number = MAX_CAUSES): Thrown {
  if (!(thrown instanceof Error)) return { value: cloneable(thrown) }
  const { name, message, stack, code, detail, cause } = thrown as Partial<HoldlineError> & Error
  return {
    error: {
      name: String(name),
      message: String(message),
      stack: stack === undefined ? undefined : String(stack),
      code: cloneable(code),
      detail: cloneable(detail),
      cause:
        cause === undefined || causesLeft === 0 ? undefined : describeThrown(cause, causesLeft - 1),
    },
  }
}

/** The error again: of its class where that is the language's or ours, with its name, code, stack and cause. */
export function reviveThrown(thrown: Thrown): unknown {
  if ('value' in thrown) return thrown.value
  const { name, message, stack, code, detail, cause } = thrown.error
  const options = cause === undefined ? {} : { cause: reviveThrown(cause) }
  const error =
    name === 'HoldlineError' && typeof code === 'string' && code in errorCatalogue
      ? new HoldlineError(code as ErrorCode, detail as string | undefined, options)
      : new (classes[name] ?? Error)(message, options)
  if (error.name !== name) define(error, 'name', name)
  if (stack !== undefined) define(error, 'stack', stack)
  if (code !== undefined && !('code' in error)) Object.assign(error, { code })
  return error
}

function define(error: Error, key: string, value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true })
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch {
    return String(value)
  }
}
