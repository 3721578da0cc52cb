// Writes values as bytes for another worker: what structured clone takes, and references. What cannot travel is refused
// where it is sent. Knows neither actors nor workers. ([value-reader.ts] reads it.)

import { HoldlineError } from '../../protocol/errors.ts'
import { Tag, viewKinds } from './value-tag.ts'

/** What the program's objects are, that are more than data. */
export interface Outward {
  /** Writes a reference or a class; false: it is neither. */
  outward(value: object, writer: ValueWriter): boolean
}

const FIRST_BYTES = 1_024
/** A buffer that grew beyond this is not kept. */
const MAX_KEPT_BYTES = 1_048_576
/** Values in one another; a circle has no end. */
const MAX_DEPTH = 256
/** Shorter strings are copied here; for longer ones it pays to ask the runtime. */
const SHORT = 48

export class ValueWriter {
  readonly #outward: Outward
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #at = 0
  #depth = 0

  constructor(outward: Outward) {
    this.#outward = outward
  }

  /** Begins anew; what `taken` gave before is overwritten. */
  begin(): void {
    this.#at = 0
    this.#depth = 0
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  /** What was written; a view. */
  taken(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  byte(byte: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = byte
  }

  /** A whole number from 0 to 2^53 - 1. */
  count(n: number): void {
    this.#room(8)
    const bytes = this.#bytes
    while (n >= 0x80) {
      bytes[this.#at++] = (n % 0x80) | 0x80
      n = n < 0x8000_0000 ? n >>> 7 : Math.floor(n / 0x80)
    }
    bytes[this.#at++] = n
  }

  /** Latin-1 where that is enough, else UTF-16, which keeps lone surrogates: `length << 1 | isWide`, and the units. */
  text(text: string): void {
    const { length } = text
    if (length <= SHORT) {
      this.#room(length + 1)
      const start = this.#at
      const bytes = this.#bytes
      bytes[start] = length << 1
      let i = 0
      for (; i < length; i++) {
        const unit = text.charCodeAt(i)
        if (unit > 0xff) break
        bytes[start + 1 + i] = unit
      }
      if (i === length) {
        this.#at = start + 1 + length
        return
      }
    }
    // oxlint-disable-next-line no-control-regex -- it asks whether a unit has more than eight bits
    const isWide = length <= SHORT || /[^\x00-\xff]/.test(text)
    this.count(length * 2 + (isWide ? 1 : 0))
    this.#room(isWide ? length * 2 : length)
    this.#at += this.#bytes.write(text, this.#at, isWide ? 'utf16le' : 'latin1')
  }

  /** @throws HoldlineError ERR_ACTOR_MESSAGE */
  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.byte(Tag.TEXT)
        return this.text(value)
      case 'number':
        return this.#number(value)
      case 'boolean':
        return this.byte(value ? Tag.TRUE : Tag.FALSE)
      case 'undefined':
        return this.byte(Tag.UNDEFINED)
      case 'bigint':
        this.byte(Tag.BIGINT)
        return this.text(value.toString())
      case 'object':
        return value === null ? this.byte(Tag.NULL) : this.#object(value)
      default:
        if (typeof value === 'function' && this.#outward.outward(value, this)) return
        throw new HoldlineError('ERR_ACTOR_MESSAGE', `a ${typeof value}`)
    }
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value >= 0 && value <= 0x7fff_ffff && !Object.is(value, -0)) {
      this.byte(Tag.COUNT)
      this.count(value)
      return
    }
    this.byte(Tag.NUMBER)
    this.#room(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  #object(value: object): void {
    if (++this.#depth > MAX_DEPTH) {
      throw new HoldlineError('ERR_ACTOR_MESSAGE', `more than ${MAX_DEPTH} values in one another`)
    }
    if (Array.isArray(value)) this.#list(Tag.LIST, value.length, value)
    else {
      const prototype: unknown = Object.getPrototypeOf(value)
      if (prototype === Object.prototype || prototype === null) this.#record(value)
      else if (!this.#outward.outward(value, this)) this.#builtIn(value)
    }
    this.#depth--
  }

  #list(tag: number, length: number, values: Iterable<unknown>): void {
    this.byte(tag)
    this.count(length)
    for (const each of values) this.value(each)
  }

  #record(record: object): void {
    const keys = Object.keys(record)
    this.byte(Tag.RECORD)
    this.count(keys.length)
    for (const key of keys) {
      this.text(key)
      this.value((record as Record<string, unknown>)[key])
    }
  }

  #builtIn(value: object): void {
    if (ArrayBuffer.isView(value)) this.#view(value)
    else if (value instanceof ArrayBuffer) {
      this.byte(Tag.BUFFER)
      this.#raw(new Uint8Array(value))
    } else if (value instanceof Map) {
      this.byte(Tag.MAP)
      this.count(value.size)
      for (const [key, each] of value) {
        this.value(key)
        this.value(each)
      }
    } else if (value instanceof Set) this.#list(Tag.SET, value.size, value)
    else if (value instanceof Date) {
      this.byte(Tag.DATE)
      this.#room(8)
      this.#at = this.#bytes.writeDoubleLE(value.getTime(), this.#at)
    } else if (value instanceof Error) this.#error(value)
    else {
      const { name } = value.constructor as { name: string }
      throw new HoldlineError('ERR_ACTOR_MESSAGE', `an object of the class ${name || '(no name)'}`)
    }
  }

  #view(view: ArrayBufferView): void {
    const kind = Buffer.isBuffer(view)
      ? viewKinds.indexOf('Buffer')
      : viewKinds.indexOf(view.constructor.name as (typeof viewKinds)[number])
    if (kind < 0) throw new HoldlineError('ERR_ACTOR_MESSAGE', `a ${view.constructor.name}`)
    this.byte(Tag.VIEW)
    this.byte(kind)
    this.#raw(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  }

  #raw(raw: Uint8Array): void {
    this.count(raw.length)
    this.#room(raw.length)
    this.#bytes.set(raw, this.#at)
    this.#at += raw.length
  }

  /** Its name and message, where it was thrown, and what programs look at: code, detail, reason, cause. */
  #error(error: Error): void {
    this.byte(Tag.ERROR)
    this.text(String(error.name))
    this.text(String(error.message))
    this.text(String(error.stack ?? ''))
    const { code, detail, reason, cause } = error as Error & Record<string, unknown>
    for (const each of [code, detail, reason, cause]) this.#orText(each)
  }

  /** What an error holds must not keep it from being told. */
  #orText(value: unknown): void {
    const at = this.#at
    const depth = this.#depth
    try {
      this.value(value)
    } catch {
      this.#at = at
      this.#depth = depth
      this.byte(Tag.TEXT)
      this.text(`a value that cannot travel: ${typeof value}`)
    }
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + bytes))
    larger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = larger
  }
}
