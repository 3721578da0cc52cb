// More guards of reading frames, beside those in frames.ts: what cut frames, halted connections and the end of
// a message ask of the parser, and the memory that it may keep.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const protocol = 'packages/server/src/protocol'
const tests = 'packages/server/test/protocol'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${protocol}/parser.ts`,
    [`${tests}/parser-refusals.test.ts`],
    [
      [
        'a server takes unmasked frames',
        'masked !== this.#mustBeMasked',
        'masked && !this.#mustBeMasked',
      ],
      [
        'a client takes masked frames',
        'masked !== this.#mustBeMasked',
        '!masked && this.#mustBeMasked',
      ],
      [
        'control frames count towards the limit of a message',
        'this.#opcode < Opcode.CLOSE && before',
        'before',
      ],
      [
        'a refused header that came in parts is taken for one of length −1',
        `      if (headerLength === HEADER_REFUSED) {
        sink.onProtocolError(this.#problem)
        return end
      }
      if (headerLength === HEADER_INCOMPLETE) continue`,
        '      if (headerLength === HEADER_INCOMPLETE) continue',
      ],
    ],
  ),
  ...guardsOf(
    `${protocol}/parser.ts`,
    [`${tests}/parser.test.ts`],
    [
      [
        'bytes behind a refused part of a message are parsed',
        'return this.#append(sink, reading, bytes, at, partEnd) ? partEnd : end',
        'this.#append(sink, reading, bytes, at, partEnd)\n      reading.stage = Stage.BETWEEN_FRAMES\n      return partEnd',
      ],
      [
        'bytes behind a refused close frame that came in parts are parsed',
        'return this.#control(sink, reading.frameOpcode, payload, 0, length) ? partEnd : end',
        'this.#control(sink, reading.frameOpcode, payload, 0, length)\n    return partEnd',
      ],
      [
        'bytes behind a refused empty frame are parsed',
        'return this.#continueFrame(sink, reading, bytes, position, end)',
        'return this.#continueFrame(sink, reading, bytes, position, position)',
      ],
      [
        'an empty frame waits for the next one',
        'if (this.#length === 0) return this.#continueFrame(sink, reading, bytes, position, end)',
      ],
      ['octets behind the end count', '&& available > 2) return', ') return'],
      [
        'every failure to inflate looks the same',
        "error instanceof HoldlineError ? error.code : 'ERR_MESSAGE_DEFLATE'",
        "'ERR_MESSAGE_DEFLATE'",
      ],
      [
        'a foreign error of the inflater comes out',
        "error instanceof HoldlineError ? error.code : 'ERR_MESSAGE_DEFLATE'",
        '(error as HoldlineError).code',
      ],
      [
        'inflating has no limit',
        'bytes.subarray(start, end), this.#maxMessageBytes',
        'bytes.subarray(start, end), Infinity',
      ],
      [
        'fragments of a compressed message are not inflated',
        'if (reading.compressed) {',
        'if (false) {',
      ],
      [
        'what could not be inflated is used',
        'this.#maxMessageBytes)\n      return inflated !== null && deliver(sink, inflated, 0, inflated.length, isText)',
        'this.#maxMessageBytes)\n      return deliver(sink, inflated!, 0, inflated!.length, isText)',
      ],
    ],
  ),
  ...guardsOf(
    `${protocol}/parser.ts`,
    [`${tests}/parser-chunking.test.ts`],
    [
      ['one octet is read as a header', 'if (available < 2) return HEADER_INCOMPLETE'],
      ['a 16-bit length is read before it is there', 'if (available < 4) return HEADER_INCOMPLETE'],
      [
        'a 64-bit length is read before it is there',
        'if (available < 10) return HEADER_INCOMPLETE',
      ],
      ['a mask is read before it is there', 'if (end - position < 4) return HEADER_INCOMPLETE'],
      [
        'each part of a payload is unmasked as if it were the first',
        'reading.phase += partEnd - at',
      ],
      [
        'memory is kept behind a message',
        'sink.reading = null\n    const isText',
        'Object.assign(reading, { stage: Stage.BETWEEN_FRAMES, opcode: 0 })\n    const isText',
      ],
      ['memory is kept behind a control frame', 'if (reading.opcode === 0) sink.reading = null'],
      ['memory of a control frame is kept within a message', 'reading.control = null\n'],
    ],
  ),
  ...guardsOf(
    `${protocol}/reading.ts`,
    [`${tests}/reading.test.ts`],
    [
      [
        'the buffer is as large as what is declared',
        'Math.max(needed, Math.min(doubled, bound))',
        'bound',
      ],
      [
        'the buffer passes what the last frame says',
        'this.frameFinal ? this.length + this.remaining : maxMessageBytes',
        'maxMessageBytes',
      ],
      ['compressed bytes are taken for text', ' || this.compressed', ''],
      ['binary bytes are taken for text', 'this.opcode !== Opcode.TEXT || ', ''],
      ['a control payload goes on where the last one ended', 'this.controlLength = 0\n'],
      ['the memory of a header is kept', 'this.header = null\n'],
    ],
  ),
  ...guardsOf(
    `${protocol}/utf8.ts`,
    [`${tests}/utf8.test.ts`],
    [
      ['a long piece must end with a character', 'lastBorder(bytes, i, end)\n', 'end\n'],
      ['a long text is not checked', 'return isUtf8(bytes.subarray(i, end))', 'return true'],
    ],
  ),
  ...guardsOf(
    `${protocol}/mask.ts`,
    [`${tests}/mask.test.ts`],
    [['words are masked with the phase of the start', 'rotateKey(key, aligned - start)', 'key']],
  ),
  ...guardsOf(
    `${protocol}/close-code.ts`,
    [`${tests}/close-code.test.ts`],
    [
      ['codes that are no whole numbers pass', 'Number.isInteger(code) &&'],
      ['1015 may be sent', 'code <= 1014', 'code <= 1015'],
      ['codes below 1000 may be sent', 'code >= 1000 &&'],
      ['codes from 5000 up may be sent', '&& code <= 4999'],
    ],
  ),
]
