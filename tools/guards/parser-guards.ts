// The guards of frames: the parser and what it stands on.
import type { Guard } from '../guards.ts'

const protocol = 'packages/server/src/protocol'
const tests = 'packages/server/test/protocol'

/** The guards of one module, each as: without it …, the code, what stands there instead. */
function guardsOf(
  module: string,
  testFiles: readonly string[],
  list: readonly (readonly [without: string, snippet: string, replacement?: string])[],
): Guard[] {
  return list.map(([without, snippet, replacement = '']) => ({
    without,
    file: `${protocol}/${module}.ts`,
    snippet,
    replacement,
    tests: testFiles.map((name) => `${tests}/${name}.test.ts`),
  }))
}

export const guards: readonly Guard[] = [
  ...guardsOf(
    'parser',
    ['parser-refusals'],
    [
      [
        'reserved bits pass',
        "if ((first & 0x70 & ~allowedBits) !== 0) return this.#refuses('ERR_FRAME_RESERVED_BITS')",
      ],
      [
        'RSV1 passes without permessage-deflate',
        'sink.inflater !== null && isFirstOfMessage ?',
        'isFirstOfMessage ?',
      ],
      [
        'RSV1 passes on any frame',
        'sink.inflater !== null && isFirstOfMessage ?',
        'sink.inflater !== null ?',
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
        'this.#opcode >= Opcode.CLOSE && length > MAX_CONTROL_BYTES',
        'false',
      ],
      [
        'a continuation may come without a beginning',
        "return isInMessage || this.#refuses('ERR_CONTINUATION_UNEXPECTED')",
        'return true',
      ],
      [
        'a message may begin within a message',
        "return !isInMessage || this.#refuses('ERR_CONTINUATION_EXPECTED')",
        'return true',
      ],
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
        'small lengths pass in 16 bits',
        "if (length < 126) return this.#refuse('ERR_FRAME_LENGTH_NOT_MINIMAL')",
      ],
      [
        'small lengths pass in 64 bits',
        "if (length < 65_536) return this.#refuse('ERR_FRAME_LENGTH_NOT_MINIMAL')",
      ],
      [
        'the top bit of a length passes',
        "if (bytes[position]! > 127 && available > 2) return this.#refuse('ERR_FRAME_LENGTH_TOP_BIT')",
      ],
      [
        'messages may be of any length',
        'this.#opcode < Opcode.CLOSE && before + length > this.#maxMessageBytes',
        'false',
      ],
      ['each fragment has the limit for itself', 'before + length > this', 'length > this'],
      [
        'control frames count towards the limit of a message',
        'this.#opcode < Opcode.CLOSE && before',
        'before',
      ],
      ['wrong text passes until it ends', '!reading.checkUtf8(bytes, start, end)', 'false'],
      [
        'a text in parts may end within a character',
        'isText && reading.utf8 !== UTF8_COMPLETE',
        'false',
      ],
      ['wrong text in one frame passes', 'isText && !isValidUtf8(payload, from, to)', 'false'],
      ['wrong close payloads pass', 'close.problem !== null', 'false'],
      [
        'a refused header is taken for one of length −1',
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
    'parser',
    ['parser'],
    [
      [
        'a halted connection is read on',
        'while (at < end && !sink.halted) {',
        'while (at < end) {',
      ],
      [
        'bytes behind a refused frame are parsed',
        'if (!this.#wholeFrame(sink, bytes, at, payloadEnd)) return end',
        'this.#wholeFrame(sink, bytes, at, payloadEnd)',
      ],
      [
        'bytes behind a refused part of a message are parsed',
        'return this.#append(sink, reading, bytes, at, partEnd) ? partEnd : end',
        'this.#append(sink, reading, bytes, at, partEnd)\n      return partEnd',
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
      ['what could not be inflated is used', 'if (inflated === null) return false'],
    ],
  ),
  ...guardsOf(
    'parser',
    ['parser-chunking'],
    [
      ['one octet is read as a header', 'if (available < 2) return HEADER_INCOMPLETE'],
      ['a 16-bit length is read before it is there', 'if (available < 4) return HEADER_INCOMPLETE'],
      [
        'a 64-bit length is read before it is there',
        'if (available < 10) return HEADER_INCOMPLETE',
      ],
      ['a mask is read before it is there', 'if (end - position < 4) return HEADER_INCOMPLETE'],
      ['a frame takes bytes of the next one', 'Math.min(end, at + reading.remaining)', 'end'],
      [
        'each part of a payload is unmasked as if it were the first',
        'reading.phase += partEnd - at',
      ],
      ['memory is kept behind a message', 'sink.reading = null\n    const isText', 'const isText'],
      ['memory is kept behind a control frame', 'if (reading.opcode === 0) sink.reading = null'],
      ['memory of a control frame is kept within a message', 'reading.control = null\n'],
    ],
  ),
  ...guardsOf(
    'reading',
    ['reading'],
    [
      ['the buffer passes what will come', 'Math.min(doubled, bound)', 'doubled'],
      [
        'the buffer is as large as what is declared',
        'Math.max(needed, Math.min(doubled, bound))',
        'bound',
      ],
      ['the buffer is moved for every fragment', 'this.data.length * 2, FIRST_CAPACITY_BYTES', '0'],
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
    'utf8',
    ['utf8'],
    [
      ['overlong forms of two octets pass', 'octet < 0xc2', 'octet < 0xc0'],
      ['characters of more than four octets pass', 'octet > 0xf4', 'octet > 0xff'],
      ['overlong forms of three octets pass', 'if (octet === 0xe0) return expect(2, 0xa0, 0xbf)'],
      ['surrogates pass', 'if (octet === 0xed) return expect(2, 0x80, 0x9f)'],
      ['overlong forms of four octets pass', 'if (octet === 0xf0) return expect(3, 0x90, 0xbf)'],
      ['what lies above U+10FFFF passes', 'if (octet === 0xf4) return expect(3, 0x80, 0x8f)'],
      [
        'low octets pass as continuations',
        'octet < ((state >>> 8) & 255) || octet > ((state >>> 16) & 255)',
        'octet > ((state >>> 16) & 255)',
      ],
      [
        'high octets pass as continuations',
        'octet < ((state >>> 8) & 255) || octet > ((state >>> 16) & 255)',
        'octet < ((state >>> 8) & 255)',
      ],
      [
        'a long piece is not checked',
        'if (!isUtf8(bytes.subarray(i, border))) return UTF8_INVALID',
      ],
      ['a long piece must end with a character', 'lastBorder(bytes, i, end)\n', 'end\n'],
      ['a long text is not checked', 'return isUtf8(bytes.subarray(i, end))', 'return true'],
    ],
  ),
  ...guardsOf(
    'mask',
    ['mask'],
    [
      ['words begin where none may', '-(bytes.byteOffset + start) & 3', '-start & 3'],
      ['the words have the phase of the start', 'rotateKey(key, aligned - start)', 'key'],
    ],
  ),
  ...guardsOf(
    'close-code',
    ['close-code'],
    [
      ['codes that are no whole numbers pass', 'Number.isInteger(code) &&'],
      ['codes that are only reported may be sent', 'code <= 1003', 'code <= 1006'],
      ['1015 may be sent', 'code <= 1014', 'code <= 1015'],
      ['codes below 1000 may be sent', 'code >= 1000 &&'],
      ['codes from 5000 up may be sent', '&& code <= 4999'],
      [
        'one octet is read as a code',
        "if (end - start === 1) return { code: 0, reason: '', problem: 'ERR_CLOSE_PAYLOAD' }",
      ],
      [
        'any code is taken',
        "if (!isSendableCloseCode(code)) return { code, reason: '', problem: 'ERR_CLOSE_CODE' }",
      ],
      [
        'any reason is taken',
        "if (!isValidUtf8(bytes, start + 2, end)) return { code, reason: '', problem: 'ERR_MESSAGE_UTF8' }",
      ],
      [
        'a reason is cut within a character',
        'while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--',
      ],
    ],
  ),
]
