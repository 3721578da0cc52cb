// How requests and replies look on the wire: messages as they are, or JSON with ids. Knows no connection.

import type { Contract } from '../../connection/contract.ts'
import { readJson } from '../../connection/contract.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { ErrorReply } from './request-error.ts'
import { catalogueReply } from './request-error.ts'

/** What a request is called by, where several are under way. Unset where one is. */
export type RequestId = string | number | undefined

/** A message that is no request of the route, and what to answer. */
export class Refusal {
  readonly answer: string
  /** What the program's schema threw, if it did. */
  readonly error: unknown

  constructor(answer: string, error?: unknown) {
    this.answer = answer
    this.error = error
  }
}

/** A request with an id. */
export class Envelope {
  readonly id: RequestId
  readonly message: unknown

  constructor(id: RequestId, message: unknown) {
    this.id = id
    this.message = message
  }
}

/** `hasIds`: what is read is an Envelope, else the message itself. */
export interface RequestForm {
  readonly hasIds: boolean
  read(message: string | Uint8Array): unknown
  /** @throws HoldlineError ERR_REPLY_INVALID, ERR_MESSAGE_OUT_INVALID; whatever JSON.stringify throws. */
  reply(id: RequestId, value: unknown): string | Uint8Array
  /** @throws whatever JSON.stringify throws. */
  error(id: RequestId, error: ErrorReply): string
  /** What says that nothing more comes, where one reply is not the end by itself; null: nothing does. */
  end(id: RequestId): string | null
}

/** Longest id; longer ones would be kept as long as their request runs. */
const MAX_ID_LENGTH = 128

/** Messages are requests; replies leave in their order. */
export function plainForm(agreed: Contract | null): RequestForm {
  return {
    hasIds: false,
    read:
      agreed === null
        ? (message) => message
        : (message) => matched(agreed, readJson(message), null),
    reply: agreed === null ? sendable : (_, value) => agreed.encode(value),
    error: (_, error) => JSON.stringify({ error }),
    end: () => null,
  }
}

/** Requests `{ id, data }`; replies `{ id, data }`, `{ id, error }`, `{ id, done: true }`. */
export function envelopeForm(agreed: Contract | null): RequestForm {
  return {
    hasIds: true,
    read: (message) => {
      const json = readJson(message)
      if (json.issues !== undefined) return notAnEnvelope(null)
      const { value } = json
      if (typeof value !== 'object' || value === null) return notAnEnvelope(null)
      const { id, data } = value as { readonly id?: unknown; readonly data?: unknown }
      if (!isId(id)) return notAnEnvelope(null)
      if (!Object.hasOwn(value, 'data')) return notAnEnvelope(id)
      if (agreed === null) return new Envelope(id, data)
      const fit = matched(agreed, { value: data }, id)
      return fit instanceof Refusal ? fit : new Envelope(id, fit)
    },
    reply: (id, value) =>
      `{"id":${JSON.stringify(id)},"data":${agreed === null ? jsonOf(value) : agreed.encode(value)}}`,
    error: (id, error) => JSON.stringify({ id, error }),
    end: (id) => `{"id":${JSON.stringify(id)},"done":true}`,
  }
}

/** The message as the contract has it, or why it does not fit. `id`: null where requests have none. */
function matched(
  agreed: Contract,
  json: ReturnType<typeof readJson>,
  id: RequestId | null,
): unknown {
  const named = id === null ? {} : { id }
  try {
    const decoded = json.issues === undefined ? agreed.check(json.value) : json
    if (decoded.issues === undefined) return decoded.value
    const error = catalogueReply('ERR_MESSAGE_INVALID', decoded.issues)
    return new Refusal(JSON.stringify({ ...named, error }))
  } catch (cause) {
    const error = catalogueReply('ERR_REQUEST_FAILED')
    return new Refusal(JSON.stringify({ ...named, error }), cause)
  }
}

function notAnEnvelope(id: RequestId | null): Refusal {
  return new Refusal(JSON.stringify({ id, error: catalogueReply('ERR_REQUEST_ENVELOPE') }))
}

function isId(id: unknown): id is string | number {
  if (typeof id === 'string') return id.length > 0 && id.length <= MAX_ID_LENGTH
  return Number.isSafeInteger(id)
}

function sendable(_: RequestId, value: unknown): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  throw new HoldlineError('ERR_REPLY_INVALID', kindOf(value))
}

function jsonOf(value: unknown): string {
  const json = ArrayBuffer.isView(value) ? undefined : (JSON.stringify(value) as string | undefined)
  if (json === undefined) throw new HoldlineError('ERR_REPLY_INVALID', kindOf(value))
  return json
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value)
  return Object.prototype.toString.call(value)
}
