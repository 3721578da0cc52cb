// Reads what [value-writer.ts] wrote. The bytes come from another worker of this machine, perhaps of another version:
// what cannot be read is an error, and never more than that.

import type { ErrorCode } from '../../protocol/errors.ts'
import { errorCatalogue, HoldlineError } from '../../protocol/errors.ts'
import { ActorDownError } from './exit-reason.ts'
import type { ExitReason } from './exit-reason.ts'
import { Tag, viewKinds } from './value-tag.ts'

/** What the program's objects are, that are more than data. */
export interface Inward {
  ref(workerId: number, id: number, actorName: string): unknown
  keyedRef(actorName: string, key: string): unknown
  actorClass(actorName: string): unknown
}

const errors: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

type ViewClass = new (bytes: ArrayBuffer) => ArrayBufferView

export class ValueReader {
  readonly #inward: Inward
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array, inward: Inward) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#inward = inward
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw cutOff()
    return this.#bytes[this.#at++]!
  }

  count(): number {
    let byte = this.byte()
    if (byte < 0x80) return byte
    let n = byte & 0x7f
    for (let scale = 0x80; ; scale *= 0x80) {
      byte = this.byte()
      n += (byte & 0x7f) * scale
      if (byte < 0x80) return n
    }
  }

  text(): string {
    const header = this.count()
    const isWide = header % 2 === 1
    const start = this.#at
    this.#skip(isWide ? header - 1 : header / 2)
    return this.#bytes.toString(isWide ? 'utf16le' : 'latin1', start, this.#at)
  }

  value(): unknown {
    const tag = this.byte()
    switch (tag) {
      case Tag.UNDEFINED:
        return undefined
      case Tag.NULL:
        return null
      case Tag.TRUE:
        return true
      case Tag.FALSE:
        return false
      case Tag.COUNT:
        return this.count()
      case Tag.NUMBER:
        return this.#double()
      case Tag.TEXT:
        return this.text()
      case Tag.BIGINT:
        return BigInt(this.text())
      case Tag.LIST:
        return this.#list()
      case Tag.RECORD:
        return this.#record()
      default:
        return this.#rarer(tag)
    }
  }

  /** A list of values. */
  list(): unknown[] {
    if (this.byte() !== Tag.LIST) throw cutOff()
    return this.#list()
  }

  #rarer(tag: number): unknown {
    switch (tag) {
      case Tag.MAP:
        return this.#map()
      case Tag.SET:
        return new Set(this.#list())
      case Tag.DATE:
        return new Date(this.#double())
      case Tag.ERROR:
        return this.#error()
      case Tag.VIEW:
        return this.#view(viewKinds[this.byte()])
      case Tag.BUFFER:
        return this.#raw()
      case Tag.REF:
        return this.#inward.ref(this.count(), this.count(), this.text())
      case Tag.KEYED_REF:
        return this.#inward.keyedRef(this.text(), this.text())
      case Tag.CLASS:
        return this.#inward.actorClass(this.text())
      default:
        throw new HoldlineError('ERR_ACTOR_MESSAGE', `unknown tag ${tag}`)
    }
  }

  #list(): unknown[] {
    const length = this.count()
    const list: unknown[] = []
    for (let i = 0; i < length; i++) list.push(this.value())
    return list
  }

  #record(): Record<string, unknown> {
    const record: Record<string, unknown> = {}
    for (let left = this.count(); left > 0; left--) {
      const key = this.text()
      const value = this.value()
      // An assignment would set the prototype.
      if (key === '__proto__') {
        const own = { value, writable: true, enumerable: true, configurable: true }
        Object.defineProperty(record, key, own)
      } else record[key] = value
    }
    return record
  }

  #map(): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    for (let left = this.count(); left > 0; left--) {
      const key = this.value()
      map.set(key, this.value())
    }
    return map
  }

  #double(): number {
    const start = this.#at
    this.#skip(8)
    return this.#bytes.readDoubleLE(start)
  }

  #raw(): ArrayBuffer {
    const length = this.count()
    const from = this.#at
    this.#skip(length)
    // A copy: the bytes are borrowed.
    const copy = new Uint8Array(length)
    copy.set(this.#bytes.subarray(from, from + length))
    return copy.buffer
  }

  #view(kind: (typeof viewKinds)[number] | undefined): ArrayBufferView {
    if (kind === undefined) throw cutOff()
    const raw = this.#raw()
    if (kind === 'Buffer') return Buffer.from(raw)
    return new (globalThis as unknown as Record<string, ViewClass>)[kind]!(raw)
  }

  #error(): Error {
    const name = this.text()
    const message = this.text()
    const stack = this.text()
    const code = this.value()
    const detail = this.value()
    const reason = this.value()
    const cause = this.value()
    const options = cause === undefined ? undefined : { cause }
    const isOwn = name === 'HoldlineError' && typeof code === 'string' && code in errorCatalogue
    const about = typeof detail === 'string' ? detail : undefined
    let error: Error
    if (isOwn && code === 'ERR_ACTOR_DOWN') error = new ActorDownError('', reason as ExitReason)
    else if (isOwn) error = new HoldlineError(code as ErrorCode, about, options)
    else error = new (errors[name] ?? Error)(message, options)
    define(error, { message, stack, ...(error.name !== name && { name }) })
    if (isOwn) Object.assign(error, { detail: about })
    else if (code !== undefined) Object.assign(error, { code })
    return error
  }

  #skip(bytes: number): void {
    this.#at += bytes
    if (this.#at > this.#bytes.length) throw cutOff()
  }
}

/** As in an error that was made here: what is not enumerated is not printed twice. */
function define(error: Error, own: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(own)) {
    Object.defineProperty(error, key, { value, writable: true, configurable: true })
  }
}

function cutOff(): HoldlineError {
  return new HoldlineError('ERR_ACTOR_MESSAGE', 'bytes that no worker of this version writes')
}
