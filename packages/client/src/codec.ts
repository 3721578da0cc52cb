// Turns messages into what a WebSocket carries and back. Knows schemas, not connections.

import type { Bytes, Contract, Schema } from './contract.ts'
import { ClientError } from './errors.ts'
import type { MessageIssue } from './errors.ts'

/** Both functions throw a ClientError on a message that does not fit. */
export interface Codec {
  encode(message: unknown): string | Bytes
  decode(data: string | ArrayBuffer): unknown
}

/** Text stays text and bytes stay bytes. */
export const plainCodec: Codec = {
  encode: (message) => message as string | Bytes,
  decode: (data) => (typeof data === 'string' ? data : new Uint8Array(data)),
}

/** JSON in text messages, validated both ways where there is a contract. */
export function jsonCodec(contract?: Contract): Codec {
  return {
    encode(message) {
      const value = validate(contract?.in, message, 'ERR_MESSAGE_OUT_INVALID')
      const text: string | undefined = JSON.stringify(value)
      if (text === undefined)
        throw new ClientError('ERR_MESSAGE_OUT_INVALID', 'it has no JSON form')
      return text
    },
    decode(data) {
      if (typeof data !== 'string') throw new ClientError('ERR_MESSAGE_INVALID', 'it is binary')
      let value: unknown
      try {
        value = JSON.parse(data)
      } catch {
        throw new ClientError('ERR_MESSAGE_INVALID', 'it is not JSON')
      }
      return validate(contract?.out, value, 'ERR_MESSAGE_INVALID')
    },
  }
}

/**
 * Without a schema everything fits.
 * @throws ClientError with `code`, or ERR_CONTRACT_ASYNC.
 */
export function validate(
  schema: Schema | undefined,
  value: unknown,
  code: 'ERR_MESSAGE_INVALID' | 'ERR_MESSAGE_OUT_INVALID',
): unknown {
  if (!schema) return value
  const result = schema['~standard'].validate(value)
  // An asynchronous schema would reorder messages.
  if (result instanceof Promise) throw new ClientError('ERR_CONTRACT_ASYNC')
  if (!result.issues) return result.value
  const issues = result.issues.map(({ message, path }): MessageIssue => {
    return {
      message,
      path: path?.map((part) => (part as { key?: PropertyKey }).key ?? (part as PropertyKey)),
    }
  })
  throw new ClientError(
    code,
    issues
      .map(({ message, path }) =>
        path?.length ? `${path.map(String).join('.')}: ${message}` : message,
      )
      .join('; '),
    issues,
  )
}

/** What a message weighs, about: a character of text counts as two bytes. */
export function sizeOf(data: string | Bytes): number {
  return data.length * (typeof data === 'string' ? 2 : 1)
}
