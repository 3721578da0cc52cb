// The guards of topics: whom a publication reaches, how far a subscriber may lag, and what memory is given back.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const topics = 'packages/server/src/topics'
const tests = 'packages/server/test/topics'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${topics}/topics.ts`,
    [`${tests}/topics.test.ts`],
    [
      [
        'a connection may subscribe to any name',
        '    checkTopicName(name)\n    const mine = (connection',
        '    const mine = (connection',
      ],
      [
        'a program may listen to any name',
        '    checkTopicName(name)\n    const topic = this.#topic(name)\n    topic.listeners',
        '    const topic = this.#topic(name)\n    topic.listeners',
      ],
      ['who subscribes twice gets everything twice', 'if (mine.has(name)) return'],
      [
        'who subscribes gets what came before',
        'position: topic.log.head, index',
        'position: 0, index',
      ],
      [
        'a subscription that is not there is ended',
        'if (mine === null || subscription === undefined) return',
        'if (mine === null) return',
      ],
      ['a subscription is ended twice', '    mine.delete(name)\n'],
      [
        'a connection without subscriptions keeps an empty map',
        'if (mine.size === 0) connection.subscriptions = null',
      ],
      [
        'who leaves stays a subscriber',
        'for (const subscription of mine.values()) this.#remove(subscription)',
      ],
      [
        'who leaves still has its subscriptions',
        '    connection.subscriptions = null\n    for',
        '    for',
      ],
      ['a publication is sent twice', 'subscription.position = log.head'],
      ['a listener that stopped hears on', '      topic.listeners.delete(listener)\n'],
      [
        'a topic stays when its last listener stops',
        '      topic.listeners.delete(listener)\n      this.#dropIfUnused(topic)',
        '      topic.listeners.delete(listener)',
      ],
      ['a topic is flushed once and never again', '      topic.isDirty = false\n'],
      [
        'a subscriber that takes nothing is given more',
        'if (!connection.isBlocked) connection.flushLater()\n        else this.#boundLag(connection)',
        'connection.flushLater()',
      ],
      [
        'a subscriber may lag without end',
        "if (waiting > connection.limits.bufferedBytes) connection.fail('ERR_SLOW_CONSUMER')",
      ],
      [
        "a lag does not count what the connection's own buffer holds",
        'connection.bufferedBytes + this.lagBytes(connection)',
        'this.lagBytes(connection)',
      ],
      [
        'only what is buffered counts as lag',
        'connection.bufferedBytes + this.lagBytes(connection)',
        'connection.bufferedBytes',
      ],
      [
        'the last subscriber is lost when another one leaves',
        '      topic.subscribers[index] = last\n',
      ],
      ['the last subscriber, moved, removes another one later', '      last.index = index\n'],
      [
        'who is visited when another one overflows is left out',
        'for (let i = topic.subscribers.length - 1; i >= 0; i--) {',
        'for (let i = 0; i < topic.subscribers.length; i++) {',
      ],
      [
        'a topic stays when its last subscriber leaves',
        '      topic.subscribers[index] = last\n    }\n    this.#dropIfUnused(topic)',
        '      topic.subscribers[index] = last\n    }',
      ],
      [
        'a topic in use is dropped',
        'if (topic.subscribers.length > 0 || topic.listeners.size > 0) return',
      ],
      ['a topic with subscribers is dropped', 'topic.subscribers.length > 0 || topic', 'topic'],
      ['a topic with listeners is dropped', ' || topic.listeners.size > 0'],
      [
        'a listener that stops twice drops a topic that began anew',
        'if (this.#topics.get(topic.name) === topic) this.#topics',
        'this.#topics',
      ],
      ['what a subscriber still needs is forgotten', 'if (position < lowest) lowest = position'],
      ['a name need not be a string', "typeof name === 'string' && name !== ''", "name !== ''"],
      ['a name may be empty', "name !== '' && "],
      ['a name may have any length', ' && Buffer.byteLength(name) <= 255'],
      ['a name may hold control characters', ' || /[\\u0000-\\u001f\\u007f]/.test(name)'],
    ],
  ),
  ...guardsOf(
    `${topics}/topic-log.ts`,
    [`${tests}/topic-log.test.ts`],
    [
      ['a log keeps everything', '    this.#trim(this.#neededFrom())\n'],
      [
        'segments grow without end',
        'Math.min(\n      (last?.slab.bytes.length ?? FIRST_SEGMENT_BYTES / 2) * 2,\n      MAX_SEGMENT_BYTES,\n    )',
        '(last?.slab.bytes.length ?? FIRST_SEGMENT_BYTES / 2) * 2',
      ],
      ['a long message has no room', 'Math.max(doubled, count)', 'doubled'],
      [
        'a message is written over the end of its segment',
        'current.slab.bytes.length - current.length >= count',
        'current.slab.bytes.length - current.length > 0',
      ],
      [
        'a slice that others share has an old head',
        'if (from !== this.#sharedFrom || this.#head !== this.#sharedHead) {',
        'if (from !== this.#sharedFrom) {',
      ],
      [
        'a slice that others share begins elsewhere',
        'if (from !== this.#sharedFrom || this.#head !== this.#sharedHead) {',
        'if (this.#head !== this.#sharedHead) {',
      ],
      [
        'each subscriber has a slice of its own',
        'if (from !== this.#sharedFrom || this.#head !== this.#sharedHead) {',
        'if (from >= 0) {',
      ],
      ['a slice begins before its position', 'Math.max(from - base, 0)', '0'],
      ['segments that have been read are sent again', 'if (base + length > from) pieces', 'pieces'],
      ['what is still needed is forgotten', 'if (base + length > position) break'],
    ],
  ),
]
