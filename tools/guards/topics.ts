// The guards of topics: whom a publication reaches, how far a subscriber may lag, and what memory is given back.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const topics = 'packages/server/src/topics'
const tests = 'packages/server/test/topics'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${topics}/topics.ts`,
    [`${tests}/topics.test.ts`, `${tests}/subscriber.test.ts`, `${tests}/overflow.test.ts`],
    [
      [
        'a connection may subscribe to any name',
        '    checkSubscribedTopic(name)\n    const known',
        '    const known',
      ],
      [
        'a program may listen to any name',
        '    checkSubscribedTopic(name)\n    return this.#listen',
        '    return this.#listen',
      ],
      [
        'who subscribes twice gets everything twice',
        'if (known !== undefined) return known.subscribed',
      ],
      [
        'a subscription that is not there is ended',
        'if (mine === null || subscription === undefined) return',
        'if (mine === null) return',
      ],
      [
        'a connection without subscriptions keeps an empty map',
        'if (mine.size === 0) connection.subscriptions = null',
      ],
      [
        'who leaves stays a subscriber',
        'for (const subscription of mine.values()) this.#remove(subscription)',
      ],
      [
        'a publication is sent twice',
        '        bytes += log.slice(subscription.position, pieces)\n        subscription.position = log.head',
        '        bytes += log.slice(subscription.position, pieces)',
      ],
      ['a listener that stopped hears on', '      topic.listeners.delete(listener)\n'],
      ['a topic is flushed once and never again', '      topic.isDirty = false\n'],
      [
        'a subscriber may lag without end',
        '    if (waiting <= connection.limits.bufferedBytes) return\n    this.counters.disconnected++',
        '    if (waiting > 0) return\n    this.counters.disconnected++',
      ],
      [
        "a lag does not count what the connection's own buffer holds",
        'connection.bufferedBytes + this.lagBytes(connection)',
        'this.lagBytes(connection)',
      ],
      [
        'a subscription that was refused stays',
        'if (mine.get(topic.name) === subscription) this.unsubscribe(connection, topic.name)',
      ],
      ['publishers wait for one who has left', 'if (pace.isBlocking) this.#unblock(subscription)'],
    ],
  ),
  ...guardsOf(
    `${topics}/repair.ts`,
    [`${tests}/repair.test.ts`],
    [
      ['a publication comes twice', 'if (publication.offset <= cursor.offset) return'],
      [
        'what comes behind a hole is passed over it',
        'if (publication.previous <= cursor.offset) {',
        'if (publication.previous >= 0) {',
      ],
      [
        'what waits is not bounded',
        'if (this.#waiting.size >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES) return',
      ],
      [
        'what a page has is passed twice',
        'if (publication.offset > this.#cursor!.offset) this.#pass(publication)',
        'this.#pass(publication)',
      ],
      [
        'a broker that is behind is asked without end',
        '          this.#retry()\n          return\n        }',
        '          return\n        }',
      ],
      [
        'what came before the head was known is missed',
        'if (this.#mustAsk) this.ask()\n    else this.#reach(head)',
        'this.#reach(head)',
      ],
    ],
  ),
  ...guardsOf(
    `${topics}/overflow.ts`,
    [`${tests}/overflow.test.ts`, `${tests}/topics-property.test.ts`],
    [
      ['whoever lags within its bound overflows', '    if (lag <= pace.lagBytes) return\n'],
      [
        'a gap of dropOldest begins at its end',
        'pace.skippedFrom ??= from',
        'pace.skippedFrom = from',
      ],
      [
        'a gap of the topic is passed over by conflate',
        '    pace.latestFrom = to\n    pace.dueGap = overflowGap(subscription, from, to, true)\n',
      ],
      [
        'what is skipped is not told',
        '    const gap = overflowGap(subscription, from, to, isCountUnknown)\n    return this.tellGap(subscription, pace, gap, pieces)',
        '    return 0',
      ],
      [
        'keys that are gone are not told',
        'if (evicted.ordinal > from.ordinal) {',
        'if (evicted.ordinal < 0) {',
      ],
    ],
  ),
  ...guardsOf(
    `${topics}/catch-up.ts`,
    [`${tests}/catch-up.test.ts`, `${tests}/overflow.test.ts`, `${tests}/topics-property.test.ts`],
    [
      [
        'everybody who comes back has the page encoded anew',
        'if (known !== undefined) return known.page',
      ],
      [
        'a page is given in the encoding of another',
        'one.format === format && one.count === count',
        'one.count === count',
      ],
      [
        'a read that failed is not tried again',
        'if (subscription.index >= 0) this.#goOn(subscription, pace)\n      })\n      return',
        '})\n      return',
      ],
    ],
  ),
  ...guardsOf(
    `${topics}/hold.ts`,
    [`${tests}/hold.test.ts`],
    [
      [
        'a lease lasts for ever',
        'if (untilMs <= now) others.delete(process)',
        'if (untilMs <= 0) others.delete(process)',
      ],
      [
        'who comes now overtakes who waits',
        'return this.#queues.has(topic) || this.#isHeldNow(topic)',
        'return this.#isHeldNow(topic)',
      ],
      ['it is freed while another one holds it', '    if (count > 1) {', '    if (count > 9) {'],
      [
        'its own word holds it',
        "if (process === this.#place.processName() || topic === '') return",
        "if (topic === '') return",
      ],
    ],
  ),
  ...guardsOf(
    `${topics}/subscribe-options.ts`,
    [`${tests}/subscribe-options.test.ts`],
    [
      ['any cursor is one', "if (since !== undefined && since !== 'start') checkCursor(since)"],
      [
        'a cursor is taken where there is no history',
        "    throw new HoldlineError('ERR_TOPIC_UNKNOWN', name)\n",
      ],
      [
        'a subscriber may lag by more than half of its buffer',
        'Math.min(lagBytes ?? settings.lagBytes ?? most, most)',
        'lagBytes ?? settings.lagBytes ?? most',
      ],
    ],
  ),
  ...guardsOf(
    `${topics}/topic-name.ts`,
    [`${tests}/topic-name.test.ts`],
    [
      ['a name need not be a string', "typeof name === 'string' && name !== ''", "name !== ''"],
      ['a name may be empty', "name !== '' && "],
      ['a name may have any length', ' && Buffer.byteLength(name) <= MAX_TOPIC_NAME_BYTES'],
      ['a name may hold control characters', ' || /[\\u0000-\\u001f\\u007f]/.test(name)'],
      [
        "Holdline's own topics are anybody's",
        '  checkTopicName(name)\n  if (isOwnTopic(name)) refuse(name)',
        '  checkTopicName(name)',
      ],
      ['a pattern is published on', '  if (isPattern(name)) refuse(name)\n'],
      ["a pattern brings Holdline's own topics", '    if (isOwnTopic(name)) return false\n'],
    ],
  ),
  ...guardsOf(
    `${topics}/publisher.ts`,
    ['packages/server/test/server/local-server.test.ts'],
    [
      [
        'a publication that fails unheard takes the process along',
        'done.catch((error: unknown) => this.#warn?.(error))',
      ],
    ],
  ),
  ...guardsOf(
    `${topics}/publisher.ts`,
    [`${tests}/publisher.test.ts`, `${tests}/overflow.test.ts`],
    [
      [
        'a program publishes on any name',
        '    checkProgramTopic(name)\n    return this.publishAny',
        '    return this.publishAny',
      ],
      [
        'a program reads any name',
        '    checkProgramTopic(name)\n    return this.historyOfAny',
        '    return this.historyOfAny',
      ],
      [
        'any number may wait',
        "if (waiting > 0 && waiting + bytes > most) throw new HoldlineError('ERR_TOPIC_HELD', name)",
      ],
      ['each subscriber reads for itself', 'if (known !== undefined) return known'],
      ['a key may have any length', "  checkKey('key', key, MAX_KEY_BYTES)\n"],
    ],
  ),
  ...guardsOf(
    `${topics}/topic-log.ts`,
    [`${tests}/topic-log.test.ts`],
    [
      ['a log keeps everything', '    this.#trim(neededFrom)\n'],
      [
        'segments grow without end',
        'Math.min(Math.max(size, FIRST_SEGMENT_BYTES), MAX_SEGMENT_BYTES)',
        'Math.max(size, FIRST_SEGMENT_BYTES)',
      ],
      ['a long message has no room', 'Math.max(bounded, count)', 'bounded'],
      ['each burst is sent in pieces', ', this.#gathers * 4)', ', 0)'],
      ['a log that had a burst stays large', ', this.#gathers >> 1)', ', this.#gathers)'],
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
      [
        'a slice begins before its position',
        'start: Math.max(from - base, 0), end: length',
        'start: 0, end: length',
      ],
      ['segments that have been read are sent again', 'if (base + length > from) pieces', 'pieces'],
      ['what is still needed is forgotten', 'if (base + length > position) break'],
    ],
  ),
]
