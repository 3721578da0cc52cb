// What a route's messages look like, both ways: a pair of Standard Schemas (zod, valibot, arktype) and the JSON
// they travel as. Knows no connection.

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { errorCatalogue, HoldlineError } from '../protocol/errors.ts'

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
    if (typeof message !== 'string') return { issues: [issue('expected JSON in a text message')] }
    let json: unknown
    try {
      json = JSON.parse(message)
    } catch (error) {
      return { issues: [issue(`not JSON: ${(error as Error).message.slice(0, 120)}`)] }
    }
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
    return JSON.stringify(result.value)
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

/** The answer to a message that does not match: a text message that says what differs and where. */
export function invalidMessageAnswer(issues: readonly ContractIssue[]): string {
  const { message, fix } = errorCatalogue.ERR_MESSAGE_INVALID
  return JSON.stringify({ error: { code: 'ERR_MESSAGE_INVALID', message, fix, issues } })
}

function validate(schema: Schema, value: unknown): Decoded<unknown> {
  let result: ReturnType<Schema['~standard']['validate']>
  try {
    result = schema['~standard'].validate(value)
  } catch (error) {
    // Schemas recurse: a message nested 100,000 deep ends the stack, not the process.
    if (error instanceof RangeError) return { issues: [issue('nested too deep')] }
    throw error
  }
  if (result instanceof Promise) {
    result.catch(() => {})
    throw new HoldlineError('ERR_CONTRACT_ASYNC', schema['~standard'].vendor)
  }
  if (result.issues === undefined) return { value: result.value }
  return {
    issues: result.issues.slice(0, MAX_ISSUES).map(({ message, path = [] }) => ({
      path: path.map(keyOf),
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
