// The guards of the simulation and of the broker suite: what makes a run repeat, and what a checker must see.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const source = 'packages/server/src/testing'
const tests = 'packages/server/test/testing'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${source}/simulation/reliability-checker.ts`,
    [`${tests}/simulation/reliability-checker.test.ts`],
    [
      [
        'what is missing within a stream passes',
        'else wrong.push(...this.#missed(topic, at, cursor.offset))',
      ],
      [
        'what is missing at the end passes',
        'return [...wrong, ...this.#missed(topic, at, Infinity)]',
        'return wrong',
      ],
      ['what is shown twice passes', 'if (shown.has(place)) wrong', "if (place === '') wrong"],
      [
        'what is out of order passes',
        '} else if (cursor.offset <= at.offset) {',
        '} else if (cursor.offset < 0) {',
      ],
      [
        'another epoch passes without a word',
        'if (cursor.epoch !== at.epoch) {',
        'if (cursor.offset < 0) {',
      ],
      [
        'a gap may lead back',
        'if (fact.to.epoch === at.epoch && fact.to.offset < at.offset) {',
        'if (fact.to.offset < 0) {',
      ],
      [
        'a publication may be another one than was acknowledged',
        'if (known !== undefined && known !== id) {',
        'if (known === null) {',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/simulation/simulated-network.ts`,
    [`${tests}/simulation/simulated-network.test.ts`],
    [
      [
        'what is under way passes between two that are parted',
        'if (way.isParted || this.#stays.get(to) !== stay) {',
        'if (this.#stays.get(to) !== stay) {',
      ],
      [
        'what was sent to one who left arrives at the next',
        'if (way.isParted || this.#stays.get(to) !== stay) {',
        'if (way.isParted) {',
      ],
      ['nothing is lost in a storm', 'if (this.#random.happens(loss)) {', 'if (loss < 0) {'],
    ],
  ),
  ...guardsOf(
    `${source}/topic-reader.ts`,
    [`${tests}/topic-reader.test.ts`],
    [
      [
        'what comes twice is taken twice',
        'if (publication.offset > this.#cursor.offset) this.#take',
        'this.#take',
      ],
      ['a hole is taken for none', 'publication.previous === offset) this', 'offset >= 0) this'],
      [
        'an answer that leaves something out passes',
        'assert.equal(publication.previous, previous, `previous of ${publication.offset} as read`)',
        'void previous',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/simulation/simulated-broker.ts`,
    [`${tests}/simulation/simulated-broker.test.ts`],
    [
      [
        'what waits for an answer is without bound',
        'if (this.#pending.size >= MAX_PENDING) {',
        'if (this.#pending.size < 0) {',
      ],
      [
        'silence is not noticed',
        "if (this.#isConnected && nowMs - this.#heardMs > SILENCE_MS) this.#lost('silence')",
      ],
    ],
    'order of the publications of one|memory bounded|falls silent|once and in order',
  ),
  // What no test of one module need find, the histories do.
  ...guardsOf(
    'packages/server/src/topics/repair.ts',
    [`${tests}/simulation/histories.test.ts`],
    [
      ['a hole is passed over in silence', 'if (publication.previous <= cursor.offset) {', '{'],
      ['what comes twice is shown twice', 'if (publication.offset <= cursor.offset) return'],
    ],
    'loses anything',
  ),
  ...guardsOf(
    'packages/server/src/topics/subscriber.ts',
    [`${tests}/simulation/histories.test.ts`],
    [
      [
        'who resumes is not sent what it missed',
        'catchUp.beginWith(subscription, pace, cursor, result)',
      ],
    ],
    'loses anything',
  ),
]
