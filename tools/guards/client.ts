// The guards of the client with topics: what it must not believe, lose, repeat, or keep without a bound.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const hostile = 'packages/client/test/live-line-hostile.test.ts'
const own = 'packages/client/test/live-line.test.ts'

export const guards: readonly Guard[] = [
  ...guardsOf(
    'packages/client/src/topic-subscription.ts',
    ['packages/client/test/topic-subscription.test.ts', hostile, own],
    [
      [
        'a publication that comes twice is seen twice',
        'if (offset <= this.cursor.offset) return\n',
      ],
      [
        'a publication without a place moves the cursor to nowhere',
        "if (!isCount(offset)) throw new ClientError('ERR_ENVELOPE_INVALID', 'offset')",
      ],
      [
        'what history lost is lost in silence',
        "if (asked || this.#wasSubscribed) this.#tellGap(asked, given, null, reason ?? 'away')",
      ],
      [
        'publications arrive before the subscription is answered',
        "pub(message: Envelope): void {\n    if (this.state !== 'subscribed') return",
        'pub(message: Envelope): void {',
      ],
      [
        'a gap behind the cursor is told again',
        'if (isSameEpoch && isCount(to) && to <= from.offset) return',
      ],
    ],
  ),
  ...guardsOf(
    'packages/client/src/asks.ts',
    ['packages/client/test/asks.test.ts', own, hostile],
    [
      ['what waits for answers has no bound', 'lasts && bytes > bufferBytes', 'false'],
      [
        'a message that the server never takes ends each line anew',
        'if (data.length * 3 > this.maxMessageBytes && new Blob([data]).size > this.maxMessageBytes) {',
        'if (false) {',
      ],
      [
        'an answer of an earlier line is taken for one of this',
        'if (!ask?.socket || ask.socket !== this.socket) return false',
        'if (!ask?.socket) return false',
      ],
      [
        'any message with the id is an answer',
        'if (!isRefusal && type !== ask.answerType) return false\n',
      ],
      [
        'what is too old is sent again, when the server may have forgotten that it did it',
        "if (ask.lasts) this.#fail(id, ask, 'ERR_UNANSWERED')",
        'if (ask.lasts) continue',
      ],
    ],
  ),
  ...guardsOf(
    'packages/client/src/live-line.ts',
    [own, hostile],
    [
      [
        'a server can send this line to any origin',
        'if (origins.includes(address.origin)) target = address.href',
        'target = address.href',
      ],
      [
        'a token that came late is said on the next line',
        'if (this.#line.socket !== socket) return\n',
      ],
      [
        'a server makes the client renew its token without a pause',
        'Math.max(1000, waitMs)',
        'waitMs',
      ],
      ['a half-open line is never given up', 'isStuck || this.#silentTicks > 2', 'isStuck'],
      [
        'a server that answers no subscription is waited for',
        'isStuck || this.#silentTicks > 2',
        'this.#silentTicks > 2',
      ],
      ['a token that is refused is refused for ever', '(this.#refusedCount += 1) < 2', 'true'],
      [
        'what is no envelope is taken for one',
        "if (!isEnvelope(message)) throw new ClientError('ERR_ENVELOPE_INVALID')\n",
      ],
    ],
  ),
  ...guardsOf(
    'packages/client/src/held-line.ts',
    ['packages/client/test/held-line.test.ts', hostile],
    [
      [
        'a server that sends everyone away as they come is hammered',
        "{ code: 1000, reason: 'goaway' }, this.#attempt === 0, url",
        "{ code: 1000, reason: 'goaway' }, true, url",
      ],
    ],
  ),
]
