// What programs without types may hand to a connection's commands, checked and made uniform.

import { isSendableCloseCode, MAX_REASON_BYTES } from '../protocol/close-code.ts'
import { HoldlineError } from '../protocol/errors.ts'

/** The bytes of any view or ArrayBuffer. */
export function bytesOf(message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message
  if (ArrayBuffer.isView(message)) {
    return new Uint8Array(message.buffer, message.byteOffset, message.byteLength)
  }
  if (message instanceof ArrayBuffer || message instanceof SharedArrayBuffer) {
    return new Uint8Array(message)
  }
  throw new TypeError('A message is a string, a Uint8Array, or another view of bytes')
}

/** @throws HoldlineError ERR_CLOSE_ARGUMENT; TypeError for a reason that is no string. */
export function checkCloseArguments(code: unknown, reason: unknown): void {
  // A typed array as reason once leaked a server's memory to its peers (CVE-2026-45736).
  if (typeof reason !== 'string') throw new TypeError('A close reason is a string')
  if (code === undefined) {
    if (reason !== '') throw new HoldlineError('ERR_CLOSE_ARGUMENT', 'a reason needs a code')
    return
  }
  if (typeof code !== 'number' || !isSendableCloseCode(code)) {
    throw new HoldlineError('ERR_CLOSE_ARGUMENT', `the code ${JSON.stringify(code)}`)
  }
  if (Buffer.byteLength(reason, 'utf8') > MAX_REASON_BYTES) {
    throw new HoldlineError('ERR_CLOSE_ARGUMENT', `a reason of ${reason.length} characters`)
  }
}
