// A sink that writes down what the parser calls, as text, so that two runs can be compared as a whole.
import { Buffer } from 'node:buffer'
import type { ErrorCode } from '../../src/protocol/errors.ts'
import type { FrameParser, MessageInflater, MessageSink } from '../../src/protocol/parser.ts'
import type { Reading } from '../../src/protocol/reading.ts'

export class RecordingSink implements MessageSink {
  reading: Reading | null = null
  halted = false
  readonly inflater: MessageInflater | null
  readonly calls: string[] = []
  /** Asked after every call: true halts. A close frame and a refusal halt always, as in a connection. */
  readonly #haltsAfter: (call: string) => boolean

  constructor(
    inflater: MessageInflater | null = null,
    haltsAfter: (call: string) => boolean = () => false,
  ) {
    this.inflater = inflater
    this.#haltsAfter = haltsAfter
  }

  onMessage(bytes: Uint8Array, start: number, end: number, isText: boolean): void {
    this.#record(`${isText ? 'text' : 'binary'} ${hex(bytes, start, end)}`)
  }

  onPing(bytes: Uint8Array, start: number, end: number): void {
    this.#record(`ping ${hex(bytes, start, end)}`)
  }

  onPong(bytes: Uint8Array, start: number, end: number): void {
    this.#record(`pong ${hex(bytes, start, end)}`)
  }

  onClose(code: number, reason: string): void {
    this.#record(`close ${code} ${reason}`)
    this.halted = true
  }

  onProtocolError(code: ErrorCode): void {
    this.#record(`refused ${code}`)
    this.halted = true
  }

  #record(call: string): void {
    if (this.halted) throw new Error(`called while halted: ${call}`)
    this.calls.push(call)
    if (this.#haltsAfter(call)) this.halted = true
  }
}

/** Gives `bytes`, a copy of them, to the parser in pieces that end at `cuts`. */
export function feed(
  parser: FrameParser,
  sink: RecordingSink,
  bytes: Uint8Array,
  cuts: readonly number[] = [],
): void {
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    const chunk = bytes.slice(from, cut)
    parser.parse(sink, chunk, 0, chunk.length)
    from = cut
  }
}

export function hex(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return Buffer.from(bytes.subarray(start, end)).toString('hex')
}

/** The bytes of hexadecimal digits; blanks are for the reader. */
export function unhex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}
