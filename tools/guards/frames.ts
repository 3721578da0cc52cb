// The guards of reading frames: what the parser refuses, and what bounds the memory it takes.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const protocol = 'packages/server/src/protocol'
const tests = 'packages/server/test/protocol'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${protocol}/parser.ts`,
    [`${tests}/parser-refusals.test.ts`, `${tests}/parser.test.ts`],
    [
      [
        'reserved bits pass',
        "if ((first & 0x70 & ~allowedBits) !== 0) return this.#refuses('ERR_FRAME_RESERVED_BITS')",
      ],
      [
        'RSV1 passes without the extension',
        'sink.inflater !== null && isFirstOfMessage ? 0x40 : 0',
        'isFirstOfMessage ? 0x40 : 0',
      ],
      [
        'RSV1 passes on continuations and control frames',
        'sink.inflater !== null && isFirstOfMessage ? 0x40 : 0',
        'sink.inflater !== null ? 0x40 : 0',
      ],
      [
        'reserved control opcodes pass',
        "if (opcode > Opcode.PONG) return this.#refuses('ERR_FRAME_OPCODE')",
      ],
      [
        'reserved data opcodes pass',
        "if (opcode > Opcode.BINARY) return this.#refuses('ERR_FRAME_OPCODE')",
      ],
      [
        'control frames may be fragmented',
        "if (!this.#final) return this.#refuses('ERR_CONTROL_FRAGMENTED')",
      ],
      [
        'control frames may be long',
        'if (this.#opcode >= Opcode.CLOSE && length > MAX_CONTROL_BYTES) {',
        'if (this.#opcode > 15) {',
      ],
      [
        'a continuation may come where no message began',
        "return isInMessage || this.#refuses('ERR_CONTINUATION_UNEXPECTED')",
        'return true',
      ],
      [
        'a message may begin inside another',
        "return !isInMessage || this.#refuses('ERR_CONTINUATION_EXPECTED')",
        'return true',
      ],
      [
        'the wrong side may mask',
        'if (masked !== this.#mustBeMasked) {',
        'if (masked === undefined) {',
      ],
      [
        'a 16-bit length need not be the shortest',
        "if (length < 126) return this.#refuse('ERR_FRAME_LENGTH_NOT_MINIMAL')",
      ],
      [
        'a 64-bit length need not be the shortest',
        "if (length < 65_536) return this.#refuse('ERR_FRAME_LENGTH_NOT_MINIMAL')",
      ],
      [
        'a 64-bit length may have its top bit set',
        "if (bytes[position]! > 127 && available > 2) return this.#refuse('ERR_FRAME_LENGTH_TOP_BIT')",
      ],
      [
        'a message may be longer than its limit',
        'if (this.#opcode < Opcode.CLOSE && before + length > this.#maxMessageBytes) {',
        'if (this.#opcode > 15) {',
      ],
      [
        'fragments together may be longer than the limit',
        'before + length > this.#maxMessageBytes',
        'length > this.#maxMessageBytes',
      ],
      [
        'a connection that is paused or closing is parsed on',
        'while (at < end && !sink.halted) {',
        'while (at < end) {',
      ],
      [
        'text that is not UTF-8 is delivered',
        'if (isText && !isValidUtf8(bytes, start, end)) {',
        'if (isText && end < 0) {',
      ],
      [
        'fragmented text fails late instead of at its first bad octet',
        'if (!reading.checkUtf8(bytes, start, end)) {',
        'if (reading === undefined) {',
      ],
      [
        'fragmented text may end inside a character',
        'if (isText && reading.utf8 !== UTF8_COMPLETE) {',
        'if (isText && reading.utf8 === undefined) {',
      ],
      [
        'a close frame may say anything',
        'if (close.problem !== null) {',
        'if (close === undefined) {',
      ],
      [
        'what follows a broken message is parsed',
        'if (!this.#wholeFrame(sink, bytes, at, payloadEnd)) return end',
        'this.#wholeFrame(sink, bytes, at, payloadEnd)',
      ],
    ],
  ),
  ...guardsOf(
    `${protocol}/reading.ts`,
    [`${tests}/reading.test.ts`, `${tests}/parser.test.ts`],
    [
      [
        'the buffer of fragments grows by what arrives alone, in quadratic time',
        'const doubled = Math.max(needed, this.data.length * 2, FIRST_CAPACITY_BYTES)',
        'const doubled = needed',
      ],
      [
        'the buffer of fragments doubles past the limit of the message',
        'Math.max(needed, Math.min(doubled, bound))',
        'doubled',
      ],
      [
        'memory that is there is taken for what nobody knows the length of',
        'if (this.data.length > 0 || !this.frameFinal) return false',
        'if (this.data.length > 0) return false',
      ],
      [
        'what came before is lost when memory is there',
        'if (this.data.length > 0 || !this.frameFinal) return false',
        'if (!this.frameFinal) return false',
      ],
      [
        'the memory of a large message is not used again',
        '    giveMessageMemory(this.data as Buffer)\n',
      ],
      [
        'memory that was given back is given back again',
        'giveMessageMemory(this.data as Buffer)\n    this.data = NO_DATA',
        'giveMessageMemory(this.data as Buffer)',
      ],
    ],
  ),
  ...guardsOf(
    `${protocol}/utf8.ts`,
    [`${tests}/utf8.test.ts`],
    [
      [
        'overlong forms of two and octets beyond F4 pass',
        'if (octet < 0xc2 || octet > 0xf4) return UTF8_INVALID',
      ],
      [
        'overlong forms of three pass',
        'if (octet === 0xe0) return expect(2, 0xa0, 0xbf) // no overlong forms',
      ],
      ['surrogates pass', 'if (octet === 0xed) return expect(2, 0x80, 0x9f) // no surrogates'],
      [
        'overlong forms of four pass',
        'if (octet === 0xf0) return expect(3, 0x90, 0xbf) // no overlong forms',
      ],
      [
        'characters beyond U+10FFFF pass',
        'if (octet === 0xf4) return expect(3, 0x80, 0x8f) // nothing above U+10FFFF',
      ],
      [
        'a continuation may be anything',
        'if (octet < ((state >>> 8) & 255) || octet > ((state >>> 16) & 255)) return UTF8_INVALID',
      ],
      ['a long run is not checked', 'if (!isUtf8(bytes.subarray(i, border))) return UTF8_INVALID'],
    ],
  ),
  ...guardsOf(
    `${protocol}/close-code.ts`,
    [`${tests}/close-code.test.ts`],
    [
      [
        'a close payload of one byte passes',
        "if (end - start === 1) return { code: 0, reason: '', problem: 'ERR_CLOSE_PAYLOAD' }",
      ],
      [
        'any close code passes',
        "if (!isSendableCloseCode(code)) return { code, reason: '', problem: 'ERR_CLOSE_CODE' }",
      ],
      [
        'a close reason need not be UTF-8',
        "if (!isValidUtf8(bytes, start + 2, end)) return { code, reason: '', problem: 'ERR_MESSAGE_UTF8' }",
      ],
      [
        'codes that must not be sent are sendable',
        '((code >= 1000 && code <= 1003) ||',
        '((code >= 1000 && code <= 1006) ||',
      ],
      [
        'a reason is cut inside a character',
        'while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--',
      ],
    ],
  ),
  ...guardsOf(
    `${protocol}/mask.ts`,
    [`${tests}/mask.test.ts`],
    [
      [
        'a mask begins anew with each part of a payload',
        'const rotated = rotateKey(key, phase)',
        'const rotated = key',
      ],
      [
        'a wide view begins where it must not',
        'Math.min(end, start + (-(bytes.byteOffset + start) & 3))',
        'Math.min(end, start + (-start & 3))',
      ],
    ],
  ),
  ...guardsOf(
    `${protocol}/mask.ts`,
    [`${tests}/wide-memory.test.ts`],
    [
      [
        'memory is masked by the function of another one',
        'if (bytes !== maskedBytes) {',
        'if (maskedBytes === null) {',
      ],
      [
        'a wide mask begins where the memory does, not the view',
        'wide(bytes.byteOffset + start, bytes.byteOffset + end, rotated)',
        'wide(start, end, rotated)',
      ],
    ],
  ),
]
