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
    `${source}/topics/histories.ts`,
    [`${tests}/topics/histories.test.ts`],
    [
      [
        'topics are kept without end',
        'this.#all.size >= this.#limits.topics && !this.#retire()',
        'this.#all.size < 0',
      ],
      [
        "Holdline's own topics are refused",
        '!isOwn && this.#all.size >= this.#limits.topics',
        'this.#all.size >= this.#limits.topics',
      ],
      [
        "Holdline's own topics go for others",
        'if (!isOwn) this.#unused.add(kept)',
        'this.#unused.add(kept)',
      ],
      [
        "Holdline's own topics go once nobody is attached",
        'if (isOwnTopic(kept.name) || this',
        'if (this',
      ],
      [
        'a topic that is gone comes back',
        ' || this.#all.get(kept.name) !== kept) return',
        ') return',
      ],
      [
        'names that were asked for cost a history',
        'for (const candidates of [this.#unused, this.#idle]) {\n      let',
        'for (const candidates of [this.#idle, this.#unused]) {\n      let',
      ],
      [
        'a topic goes though a retry is awaited',
        'if (!kept.history.awaitsRetry(nowMs)) {',
        'if (nowMs >= 0) {',
      ],
      [
        'topics that cannot go hide one that can',
        '        candidates.delete(kept)\n        candidates.add(kept)\n',
      ],
      ['a topic goes for its own publication', '        if (kept === spared) continue\n'],
      [
        'a topic that is written goes as if it were not',
        '    if (this.#unused.delete(kept) || this.#idle.delete(kept)) this.#idle.add(kept)\n',
      ],
      [
        'a topic that is read goes as if it were not',
        '    if (this.#idle.delete(kept)) this.#idle.add(kept)\n  ',
      ],
      [
        'a topic that somebody is attached to goes',
        '    this.#unused.delete(kept)\n    this.#idle.delete(kept)\n  }\n\n  /** Nobody',
        '  }\n\n  /** Nobody',
      ],
      [
        'bytes are kept without end',
        'const isTight = this.#bytes + message.length * MOST_UNIT_BYTES > this.#limits.bytes',
        'const isTight = false',
      ],
      [
        'a retry is refused for want of room',
        ' || history.isKnown(options.idempotencyKey, nowMs)) return options',
        ') return options',
      ],
      [
        'a publication is longer than there is room',
        'if (bytes > mostBytes) {',
        'if (bytes < 0) {',
      ],
      ['topics are kept for ever', 'if (this.#all.size >= this.#sweepAt) this.#sweep()'],
      [
        'bytes that a sweep lets go are counted on',
        '        this.#bytes += kept.history.bytes - before\n',
      ],
      ['bytes of a forgotten topic are counted on', '    this.#bytes -= kept.history.bytes\n'],
    ],
  ),
  ...guardsOf(
    `${source}/brokers/memory/memory-broker.ts`,
    [`${tests}/brokers/memory/memory-broker.test.ts`],
    [
      ['a topic that somebody reads is forgotten', '    this.#histories.hold(kept)\n'],
      [
        'a topic that nobody reads any more is kept',
        'if (kept !== undefined) this.#histories.release(kept)',
      ],
      ['a retry is told again', 'if (publication !== null) sink', 'sink'],
    ],
  ),
]
