// The guards of the broker on NATS: how topics are named there, what a stranger may send, what waits while NATS is away,
// and what is told of histories that it no longer has.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const source = 'packages/server/src/brokers/nats'
const tests = 'packages/server/test/brokers/nats'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${source}/nats-names.ts`,
    [`${tests}/nats-names.test.ts`],
    [
      ['a prefix may be a pattern', 'if (!PREFIX.test(prefix)) {', 'if (prefix === undefined) {'],
      ['a part without characters is no subject', "if (part === '') return '='"],
      [
        'characters that NATS reserves go into subjects',
        'return FINE.test(part) ? part : escaped(part)',
        'return part',
      ],
      [
        'prefixes that differ in a dot share streams',
        '`${this.#prefix} ${topic}`',
        '`${this.#streams} ${topic}`',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/nats-message.ts`,
    [`${tests}/nats-message.test.ts`],
    [
      ['what a stranger sends is a publication', 'if (!stream || !(offset > 0)) return null'],
      ['bytes that the library owns are kept', ': Uint8Array.from(message),', ': message,'],
      [
        'bytes of a publisher are kept',
        'return Uint8Array.from(message)\n',
        'return message as Uint8Array\n',
      ],
      ['a key that is no text ends all reading', '.toWellFormed()'],
    ],
  ),
  ...guardsOf(
    `${source}/nats-link.ts`,
    [`${tests}/nats-link.test.ts`],
    [
      [
        'publications wait in the library while NATS is away',
        "if (this.#isAway || this.connection.isClosed()) throw new HoldlineError('ERR_BROKER_AWAY')",
      ],
      [
        'what waits has no bound',
        'if (this.#waitingBytes + bytes > this.#backlogBytes && this.#waitingBytes > 0) {',
        'if (bytes < 0) {',
      ],
      [
        'what was asked is left waiting when the connection is lost',
        "      reject(new HoldlineError('ERR_BROKER_UNCONFIRMED', `NATS: ${error.message}`))\n",
      ],
      [
        'a connection of the program is closed',
        '!this.#isOwn || this.connection',
        'this.connection',
      ],
      [
        'a connection that was closed is taken',
        "if (connection.isClosed()) throw new Error('The connection that was passed in is closed')",
      ],
      [
        'a server that reads nothing is waited for',
        'insides.protocol?.transport?.socket?.destroy?.()',
        'void insides',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/nats-broker.ts`,
    [`${tests}/nats-broker.test.ts`, `${tests}/nats.test.ts`],
    [
      [
        "a pattern hears Holdline's own topics",
        "if (!name.startsWith('$')) this.#deliver(name, message)",
        'this.#deliver(name, message)',
      ],
      [
        "a pattern hears Holdline's own topics with history",
        "if (!name.startsWith('$')) this.#appended(name, message)",
        'this.#appended(name, message)',
      ],
      ['who may not listen believes to', 'if (denied !== undefined) {', 'if (denied === null) {'],
      ['a backlog of no bytes is taken', ' || backlogBytes < 1'],
      ['more replicas are asked for than there can be', ' || replicas > 5'],
    ],
  ),
  ...guardsOf(
    `${source}/nats-streams.ts`,
    [`${tests}/nats-streams.test.ts`],
    [
      [
        'topics beyond the limit have no code of their own',
        'if (codeOf(error) === MAXIMUM_STREAMS) {',
        'if (codeOf(error) === -1) {',
      ],
      [
        'whoever comes second fails to begin a topic',
        'codeOf(error) === SUBJECTS_OVERLAP || codeOf(error) === STREAM_NOT_FOUND',
        'codeOf(error) === STREAM_NOT_FOUND',
      ],
      ['a topic keeps what it kept once', 'if (isSet) return info', 'return info'],
    ],
  ),
  ...guardsOf(
    `${source}/nats-histories.ts`,
    [`${tests}/nats-histories.test.ts`, `${tests}/nats-streams.test.ts`],
    [
      [
        'a cursor of another epoch is served',
        "if (after.epoch !== epoch) return { lost: 'epoch', head, start }",
      ],
      [
        'what is too old is read for the sake of retries',
        'if (ageMs >= IDEMPOTENCY_WINDOW_MS) return oldest',
        'return oldest',
      ],
      [
        'a hole is passed over',
        "return { lost: 'trimmed', head, start: { epoch: head.epoch, offset } }",
        'continue',
      ],
      [
        'a message that is more than the topic keeps is gone at once',
        'const maxBytes = isOnly ? neededBytes : options.retention.bytes',
        'const maxBytes = options.retention.bytes',
      ],
    ],
  ),
]
