// The guards of the broker on Redis: what a script refuses to do twice, what a connection may not keep anybody waiting
// for, and what is told of data that Redis has lost.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const source = 'packages/server/src/brokers/redis'
const tests = 'packages/server/test/brokers/redis'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${source}/topic-names.ts`,
    [`${tests}/topic-names.test.ts`],
    [
      ['a topic ends its own hash slot', '/[%{}]/g', '/[%{]/g'],
      ['two topics have the same keys', '/[%{}]/g', '/[{}]/g'],
      [
        'a character of a topic is a wildcard of Redis',
        "encode(part).replace(/[*?[\\]\\\\^-]/g, '\\\\$&')",
        'encode(part)',
      ],
      ['a pattern of one part takes several', ' : parts.length !== last + 1', ' : false'],
    ],
  ),
  ...guardsOf(
    `${source}/redis-cluster-broker.ts`,
    [`${tests}/redis-cluster-broker.test.ts`],
    [
      [
        'who asks a node that has moved on is refused',
        'if (!isElsewhere(error)) throw error',
        'throw error',
      ],
      [
        'what moved is not read',
        "this.#interrupted(new HoldlineError('ERR_BROKER_AWAY', 'redis cluster: slots have moved'))",
      ],
      [
        'a pattern is attached to a node of many',
        "    if (isPattern(topic)) throw new HoldlineError('ERR_TOPIC_PATTERN', topic)\n",
      ],
    ],
  ),
  ...guardsOf(
    `${source}/cluster-slots.ts`,
    [`${tests}/cluster-slots.test.ts`],
    [
      ['an empty tag is one', 'close > open + 1', 'close > open'],
      ['a node without a name is nobody', "named === '' || named === '?'", "named === '?'"],
    ],
  ),
  ...guardsOf(
    `${source}/topic-scripts.ts`,
    [`${tests}/topic-scripts.test.ts`, `${tests}/redis-broker.test.ts`],
    [
      [
        'offsets that were acknowledged are used again after a failover',
        ' or (epoch == ARGV[2] and tonumber(ARGV[3]) > offset)',
      ],
      ['a retry is added a second time', 'if KEYS[3] and not isNew then', 'if false then'],
      [
        'a retry is answered with a cursor of a history that is lost',
        'if knownEpoch == epoch then',
        'if true then',
      ],
      ['an idempotency key stays for good', ", 'PX', ${IDEMPOTENCY_WINDOW_MS})", ')'],
      [
        'a hole in the middle of a history is passed over',
        'if at ~= after + 1 then',
        'if false then',
      ],
      [
        'a cursor from the future is served',
        'if after > offset then return lost',
        'if false then return lost',
      ],
      [
        'a cursor behind what is kept is served',
        'if after < start then return lost',
        'if false then return lost',
      ],
      ['a page may be of any length', 'if bytes < 0 and not isFirst then return answer end'],
      ['a topic that nobody uses stays for good', "redis.call('PEXPIRE', KEYS[2], ms)"],
      ['the newest publication goes too', 'if left <= 1 or not (', 'if not ('],
    ],
  ),
  ...guardsOf(
    `${source}/publication-payload.ts`,
    [`${tests}/publication-payload.test.ts`],
    [
      ['what somebody else publishes is told', 'if (!/^p[bt] /.test(line)) return null'],
      ['an offset that is none is told', '!(offset > 0) || '],
      [
        'bytes that are kept change',
        'Uint8Array.from(bytes.subarray(keyEnd))',
        'bytes.subarray(keyEnd)',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/redis-link.ts`,
    [`${tests}/redis-link.test.ts`],
    [
      [
        'what waits for Redis has no bound',
        'this.#askedBytes + size > this.#backlogBytes && this.#askedBytes > 0',
        'false',
      ],
      ['a long publication is refused for ever', ' && this.#askedBytes > 0'],
      ['a silent connection is kept', 'nowMs - this.#heardMs > SILENCE_MS', 'false'],
      ['whoever asked waits for ever', '    this.#rejectLate(nowMs)\n'],
      [
        'a connection that is lost twice is told twice',
        'if (this.#connection !== connection) return',
      ],
      [
        'a server that refuses everything is kept',
        '    this.#lose(connection, error)\n    return new',
        '    return new',
      ],
      [
        'stop waits for ever',
        'const late = setTimeout(resolve, STOP_MS)',
        'const late = undefined',
      ],
      [
        'stop does not wait',
        'if (this.#waiting > 0 && this.#connection !== null) {',
        'if (this.#waiting < 0) {',
      ],
      [
        'what may have been done is told as not done',
        "adds ? 'ERR_BROKER_UNCONFIRMED' : 'ERR_BROKER_AWAY', 'redis', {",
        "'ERR_BROKER_AWAY', 'redis', {",
      ],
    ],
  ),
  ...guardsOf(
    `${source}/redis-broker.ts`,
    [`${tests}/redis-broker.test.ts`],
    [
      [
        'deleted data is noticed only with the next publication',
        'if (life !== this.#life) {',
        'if (life === null) {',
      ],
      [
        'the lost history of one topic is noticed only with the next publication',
        'if (changed.includes(true)) ',
        'if (changed.length < 0) ',
      ],
      [
        'a pattern of one part tells of more',
        'if (matches(parts!, topic)) return true',
        'if (parts !== null) return true',
      ],
      ['a replica is taken for a server', "connection.sendCommand(['PERSIST', life]),", 'null,'],
    ],
  ),
  ...guardsOf(
    `${source}/redis-broker.ts`,
    [`${tests}/contract.test.ts`],
    [
      [
        'what several subscriptions match is told several times',
        'if (line === this.#lastLine && topic === this.#lastTopic) return',
      ],
    ],
    'matches a pattern',
  ),
]
