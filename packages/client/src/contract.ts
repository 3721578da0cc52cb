// The types of a conversation. A contract is the one the server has, and keeps the server's point of view:
// `in` is what the route takes in (the client sends it), `out` is what the route gives out (the client reads it).

/** The part of Standard Schema v1 that is used here: zod, valibot and arktype schemas all fit. */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema answers: the value, or the places where it differs. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Schemas of both directions, from the server's point of view. */
export interface Contract {
  readonly in: Schema
  readonly out: Schema
}

/** The same without schemas, for `connect<Messages>(url, { format: 'json' })`. */
export interface MessageTypes {
  readonly in: unknown
  readonly out: unknown
}

/** What a program may hand to a schema. */
export type InputOf<S extends Schema> = NonNullable<S['~standard']['types']>['input']

/** What a schema hands to a program. */
export type OutputOf<S extends Schema> = NonNullable<S['~standard']['types']>['output']

/** A binary message. */
export type Bytes = Uint8Array<ArrayBuffer>
