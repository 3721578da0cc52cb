// The guards of permessage-deflate.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const protocol = 'packages/server/src/protocol'
const tests = 'packages/server/test/protocol'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${protocol}/deflate-parameters.ts`,
    [`${tests}/deflate-parameters.test.ts`],
    [
      [
        'an option out of range is taken',
        'if (Number.isInteger(value) && value >= min && value <= max) return',
        'if (min <= max) return',
      ],
      [
        'no-context-takeover of the server may have a value or stand twice',
        'if (value !== null || read.serverNoContextTakeover) return null',
      ],
      [
        'no-context-takeover of the client may have a value or stand twice',
        'if (value !== null || read.clientNoContextTakeover) return null',
      ],
      [
        "the server's window may have any size or stand twice",
        'if (bits === undefined || read.serverMaxWindowBits !== undefined) return null',
      ],
      ["the client's window may stand twice", 'read.clientMaxWindowBitsOffered ||'],
      [
        'an unknown parameter is agreed to',
        `      default:
        return null`,
        `      default:
        break`,
      ],
      [
        'a client believes a server that did not grant what was asked',
        'if (options.serverNoContextTakeover && !agreed.serverNoContextTakeover) {',
        'if (options.serverNoContextTakeover && agreed === undefined) {',
      ],
      [
        'a server may use a larger window than asked',
        'if (askedBits !== undefined && (serverBits === undefined || serverBits > askedBits)) {',
        'if (askedBits !== undefined && askedBits < 0) {',
      ],
      [
        'a server may demand a larger window than offered',
        'if (agreed.clientMaxWindowBits !== undefined && clientBits > ownBits) {',
        'if (agreed.clientMaxWindowBits !== undefined && clientBits < 0) {',
      ],
      [
        'a response with several extensions is taken',
        'list?.length === 1 ? list[0] : undefined',
        'list?.[0]',
      ],
    ],
  ),
  ...guardsOf(
    `${protocol}/deflate.ts`,
    [`${tests}/deflate.test.ts`],
    [
      [
        'a message inflates past its bound',
        `      maxOutputLength: Math.max(1, maxBytes),
`,
      ],
      [
        'an empty bound lets one byte pass',
        "if (buffer.length > maxBytes) throw new HoldlineError('ERR_MESSAGE_TOO_BIG')",
      ],
      [
        'a message of many streams inflates past its bound',
        'const next = this.#inflateStream(input.subarray(at), window, maxBytes - totalBytes)',
        'const next = this.#inflateStream(input.subarray(at), window, maxBytes)',
      ],
      [
        'a message may be made of any number of streams',
        "if (--streamsLeft < 0) throw new HoldlineError('ERR_MESSAGE_DEFLATE', 'too many final blocks')",
      ],
      [
        'a message that is cut off passes',
        '} else if (first.consumedBytes !== bytes.length && first.consumedBytes !== input.length) {',
        '} else if (first.consumedBytes < 0) {',
      ],
      [
        'a last stream that is cut off passes',
        'if (at !== messageBytes && at !== input.length) {',
        'if (at < 0) {',
      ],
      [
        'the window grows without bound',
        'const keptBytes = Math.min(this.#length, this.#maxBytes - added.length)',
        'const keptBytes = this.#length',
      ],
    ],
  ),
]
