// The guards of histories in memory and of the broker on them: what is let go, which cursors are served, what a retry adds.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const source = 'packages/server/src'
const tests = 'packages/server/test'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${source}/topics/history.ts`,
    [`${tests}/topics/history.test.ts`],
    [
      ['a cursor of another epoch is served', "if (epoch !== this.epoch) return 'epoch'"],
      ['a cursor from the future is served', "if (offset > this.#head) return 'future'"],
      [
        'what was trimmed is left out in silence',
        'return offset < this.#first - 1 ? this.#lastLoss : null',
        'return null',
      ],
      ['more publications are kept than may be', ' && this.count <= count'],
      ['more bytes are kept than may be', ' && this.#bytes <= bytes'],
      ['what is too old is kept', 'if (!isOld && this.count', 'if (this.count'],
      [
        'the newest goes too',
        'while (this.#first < this.#head) {',
        'while (this.#first <= this.#head) {',
      ],
      ['what is let go stays in memory', '      block.messages[place] = null\n'],
      [
        'bytes that were let go are counted on',
        '      this.#bytes -= byteLengthOf(block.messages[place]!)\n',
      ],
      ['a page is longer than was asked for', 'if (bytes > limit.bytes && page.length > 0) break'],
      ['a page has no publication where one is long', ' && page.length > 0) break', ') break'],
      ['bytes of a publisher are kept', ': new Uint8Array(message)', ': message'],
      ['a retry is added again', 'if (known !== undefined) {', 'if (known === -1) {'],
      ['a retry is forgotten before its time', ' ?? this.#olderKeys?.get(idempotencyKey)'],
      [
        'keys of retries are kept without end',
        'if (this.#keys.size < MAX_IDEMPOTENCY_KEYS) return',
        'return',
      ],
      ['a clock that is set back makes publications old', 'if (nowMs > this.#nowMs) this', 'this'],
    ],
  ),
  ...guardsOf(
    `${source}/brokers/memory/memory-broker.ts`,
    [`${tests}/brokers/memory/memory-broker.test.ts`],
    [
      ['topics are kept without end', 'if (this.#topics.size >= this.#sweepAt) this.#sweep()'],
      ['a topic that somebody reads is forgotten', '!isAttached && '],
      ['a topic that keeps something is forgotten', ' && history.isStale(nowMs)'],
      ['a retry is told again', 'if (publication !== null) this', 'this'],
    ],
  ),
]
