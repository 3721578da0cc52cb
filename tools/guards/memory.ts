// The guards of what is shared or used again: memory of messages and of masks, heads of requests, places in lists.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const source = 'packages/server/src'
const tests = 'packages/server/test'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${source}/protocol/message-memory.ts`,
    [`${tests}/protocol/message-memory.test.ts`],
    [
      [
        'a message is given memory that is too short',
        'last !== undefined && last.length >= bytes ? stack.pop() : undefined',
        'stack.pop()',
      ],
      ['two messages are given the same memory', '? stack.pop() : undefined', '? last : undefined'],
      [
        'a message is given memory that is far too long',
        'popLongEnough(kept[size + 1]!, bytes)',
        'popLongEnough(kept[size + 2]!, bytes)',
      ],
      [
        'a run of messages of one length finds no memory',
        'popLongEnough(kept[size]!, bytes) ?? popLongEnough(kept[size + 1]!, bytes)',
        'popLongEnough(kept[size + 1]!, bytes)',
      ],
      [
        'small memory is kept',
        'if (bytes < KEPT_FROM_BYTES || bytes > KEPT_UP_TO_BYTES || keptBytes + bytes',
        'if (bytes > KEPT_UP_TO_BYTES || keptBytes + bytes',
      ],
      [
        'very large memory is kept',
        'if (bytes < KEPT_FROM_BYTES || bytes > KEPT_UP_TO_BYTES || keptBytes + bytes',
        'if (bytes < KEPT_FROM_BYTES || keptBytes + bytes',
      ],
      ['the memory of a burst is kept', ' || keptBytes + bytes > KEPT_BYTES'],
      ['the stock takes itself for full', 'keptBytes -= memory.length'],
      ['a stock that was trimmed takes itself for full', '  }\n  keptBytes = 0\n', '  }\n'],
      ['a handler that gives memory away ends the process', 'if (length > 0) (buffer', '(buffer'],
    ],
  ),
  ...guardsOf(
    `${source}/protocol/wide-memory.ts`,
    [`${tests}/protocol/wide-memory.test.ts`],
    [
      [
        'a mask runs over the end of a message',
        '...SIXTY_FOUR, SUBTRACT, GREATER',
        '...SIXTY_FOUR, SUBTRACT, NOT_LESS, 0x45',
      ],
      [
        'a mask leaves some sixteen bytes out',
        '[0, 16, 32, 48].flatMap',
        '[0, 16, 32, 32].flatMap',
      ],
      [
        'a mask leaves the last bytes out',
        'NOT_LESS],\n      [',
        'NOT_LESS, 0x1a, 0x41, 1],\n      [',
      ],
      [
        'the last bytes have the wrong octet of the key',
        '...[...get(KEY), ...constant(8), SHIFT_RIGHT, ...set(KEY)],\n',
      ],
      [
        'without WebAssembly nothing runs',
        'return Buffer.allocUnsafeSlow(bytes).fill(0).buffer',
        "throw new Error('no wide memory')",
      ],
      [
        'memory is shorter than was asked for',
        'Math.ceil(bytes / PAGE_BYTES)',
        'Math.floor(bytes / PAGE_BYTES)',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/connection/request-head.ts`,
    [`${tests}/connection/request-head.test.ts`],
    [
      ['requests of another method share a head', '${method}\\n${target}', '${target}'],
      ['requests for another place share a head', '${method}\\n${target}', '${method}'],
      ['requests of another version share a head', '${httpVersion}\\n${secure', '${secure'],
      [
        'a line in plain text is taken for an encrypted one',
        "${secure ? 'tls' : ''}\\n${block}",
        '${block}',
      ],
      [
        'requests with other headers share a head',
        "${secure ? 'tls' : ''}\\n${block}",
        "${secure ? 'tls' : ''}",
      ],
      [
        'the heads of all who ever came are remembered',
        'if (remembered.size === MOST_REMEMBERED) remembered.clear()\n',
      ],
      [
        'who writes to the headers of one request writes to those of others',
        'return Object.freeze(headers)',
        'return headers',
      ],
      [
        'a head that one request has keeps its headers twice',
        'if (!this.#isShared) this.#headers = null',
      ],
      ['a shared head is parsed again for each line', 'if (!this.#isShared) this', 'this'],
    ],
  ),
  ...guardsOf(
    `${source}/connection/connection-list.ts`,
    [`${tests}/connection/connection-list.test.ts`],
    [
      ['a connection stands in a list twice', 'if (item.listIndex >= 0) return\n'],
      ['who has left leaves again', 'if (index < 0) return\n'],
      ['who takes a place does not know it', 'last.listIndex = index\n'],
      ['the last one takes its own place again', 'if (last === item) return\n'],
      [
        'who leaves meanwhile hides another one',
        'this.#items.slice().values()',
        'this.#items.values()',
      ],
    ],
  ),
]
