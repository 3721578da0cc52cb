// What a route's messages look like, both ways: a pair of Standard Schemas (zod, valibot, arktype) and the JSON
// they travel as. Knows no connection.

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { errorCatalogue, HoldlineError } from '../protocol/errors.ts'
import { isPromise } from './is-promise.ts'

type Schema = StandardSchemaV1

/** Why a message does not match, in the form of Standard Schema. */
export interface ContractIssue {
  /** Where in the message: keys and indexes from the outside in. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

export type Decoded<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly ContractIssue[] }

/**
 * Deepest message that is validated. Schemas recurse; one that runs out of stack may end in a RangeError or, as
 * zod, try again asynchronously, which could not be told from an asynchronous schema.
 */
const MAX_DEPTH = 256
/** Most issues that are told of one message. */
const MAX_ISSUES = 10

export class Contract<I extends Schema = Schema, O extends Schema = Schema> {
  readonly in: I
  readonly out: O

  constructor(schemas: { readonly in: I; readonly out: O }) {
    this.in = schemas.in
    this.out = schemas.out
  }

  /**
   * Reads and validates a message that came in.
   *
   * @throws HoldlineError ERR_CONTRACT_ASYNC
   */
  decode(message: string | Uint8Array): Decoded<StandardSchemaV1.InferOutput<I>> {
    const json = readJson(message)
    return json.issues === undefined ? this.check(json.value) : json
  }

  /**
   * Validates what `readJson` has read, or a part of it.
   *
   * @throws HoldlineError ERR_CONTRACT_ASYNC
   */
  check(json: unknown): Decoded<StandardSchemaV1.InferOutput<I>> {
    return validate(this.in, json)
  }

  /**
   * Validates a message and writes it as JSON, for `send` and `publish`.
   *
   * @throws HoldlineError ERR_MESSAGE_OUT_INVALID, ERR_CONTRACT_ASYNC
   */
  encode(message: StandardSchemaV1.InferInput<O>): string {
    const result = validate(this.out, message)
    if (result.issues !== undefined) {
      throw new HoldlineError('ERR_MESSAGE_OUT_INVALID', describe(result.issues))
    }
    const json = JSON.stringify(result.value) as string | undefined
    if (json === undefined) {
      throw new HoldlineError('ERR_MESSAGE_OUT_INVALID', `${typeof result.value} is not JSON`)
    }
    return json
  }
}

/** What a handler of the contract receives. */
export type In<C extends Contract> = StandardSchemaV1.InferOutput<C['in']>
/** What a handler of the contract sends. */
export type Out<C extends Contract> = StandardSchemaV1.InferInput<C['out']>

/** Any two schemas that follow Standard Schema. They must validate synchronously: an await would cost the order. */
export function contract<I extends Schema, O extends Schema>(schemas: {
  readonly in: I
  readonly out: O
}): Contract<I, O> {
  return new Contract(schemas)
}

/** Reads JSON that is not nested deeper than schemas can follow. */
export function readJson(message: string | Uint8Array): Decoded<unknown> {
  if (typeof message !== 'string') return { issues: [issue('expected JSON in a text message')] }
  if (isNestedTooDeep(message)) return { issues: [issue('nested too deep')] }
  try {
    return { value: JSON.parse(message) }
  } catch (error) {
    return { issues: [issue(`not JSON: ${(error as Error).message.slice(0, 120)}`)] }
  }
}

/** The answer to a message that does not match: a text message that says what differs and where. */
export function invalidMessageAnswer(issues: readonly ContractIssue[]): string {
  const { message, fix } = errorCatalogue.ERR_MESSAGE_INVALID
  return JSON.stringify({ error: { code: 'ERR_MESSAGE_INVALID', message, fix, issues } })
}

/** Counts brackets outside of strings. A message too short to be too deep costs nothing. */
function isNestedTooDeep(json: string): boolean {
  if (json.length <= MAX_DEPTH) return false
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at)
    if (unit === 0x22) at = endOfString(json, at + 1)
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > MAX_DEPTH) return true
    } else if (unit === 0x5d || unit === 0x7d) depth--
  }
  return false
}

/** The closing quote of the string whose text begins at `at`; the end of the text where there is none. */
function endOfString(json: string, at: number): number {
  for (let i = json.indexOf('"', at); i >= 0; i = json.indexOf('"', i + 1)) {
    let backslashes = 0
    while (json.charCodeAt(i - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return i
  }
  return json.length
}

function validate(schema: Schema, value: unknown): Decoded<unknown> {
  let result: ReturnType<Schema['~standard']['validate']>
  try {
    result = schema['~standard'].validate(value)
  } catch (error) {
    if (error instanceof RangeError) return { issues: [issue('nested too deep')] }
    throw error
  }
  // Any thenable: taken for a result it would let everything pass.
  if (isPromise(result)) {
    result.then(undefined, () => {})
    throw new HoldlineError('ERR_CONTRACT_ASYNC', schema['~standard'].vendor)
  }
  if (result.issues === undefined) return { value: result.value }
  return {
    issues: result.issues.slice(0, MAX_ISSUES).map(({ message, path = [] }) => ({
      // A plain array: some libraries have one of their own.
      path: Array.from(path, keyOf),
      message,
    })),
  }
}

function keyOf(segment: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof segment === 'object' ? segment.key : segment
  return typeof key === 'symbol' ? key.toString() : key
}

function issue(message: string): ContractIssue {
  return { path: [], message }
}

function describe(issues: readonly ContractIssue[]): string {
  return issues
    .map(({ path, message }) => `${path.join('.') || '(message)'}: ${message}`)
    .join('; ')
}
