// The guards of the line protocol: who gets in, what he may do, and what a message can do to the process.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const line = 'packages/server/src/line'
const tests = 'packages/server/test/line'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${line}/sign-in.ts`,
    [`${tests}/sign-in.test.ts`, `${tests}/vectors.test.ts`],
    [
      [
        'a renewal makes somebody else of a line',
        'if (identityKey(found) !== identityKey(before))',
        'if (identityKey(found) === "")',
      ],
      [
        'an expired token opens a line',
        'found.expiresAtMs <= Date.now()',
        'found.expiresAtMs <= 0',
      ],
      [
        'who was revoked comes in again',
        "if (this.#revocations!.isRevoked(found, this.session)) return 'ERR_IDENTITY_REVOKED'",
      ],
      ['a mistake of identify becomes somebody', '      checkIdentity(found)\n'],
      ['an open line hears of no revocation', '      this.#revocations!.watch(this)\n'],
      [
        'an open line outlives its token',
        'else this.#waitFor(Math.max(1, expiresAtMs - Date.now()))',
      ],
      ['a line may be silent for ever', '    this.#waitFor(helloMs)\n'],
      [
        'a program’s failure is the token’s fault',
        "return 'ERR_IDENTIFY_FAILED'",
        "return 'ERR_TOKEN_INVALID'",
      ],
    ],
  ),
  ...guardsOf(
    `${line}/line-session.ts`,
    [`${tests}/line-session.test.ts`, `${tests}/vectors.test.ts`],
    [
      [
        'a line is served before it said who it is',
        "if (!this.#signIn.isDone) return this.end('ERR_TOKEN_MISSING')",
      ],
      [
        'what is no envelope is answered for ever',
        "if (bad.code === 'ERR_LINE_MALFORMED') this.end(bad.code)\n      else this",
        'this',
      ],
    ],
  ),
  ...guardsOf(
    `${line}/line-topics.ts`,
    [`${tests}/line-topics.test.ts`, `${tests}/vectors.test.ts`],
    [
      [
        'a line publishes without being asked',
        "if (!isAllowed) throw new Refusal('ERR_TOPIC_FORBIDDEN', 'publish')",
      ],
      [
        'what the program refused is published',
        "if (answer === null) throw new Refusal('ERR_LINE_FIELD', 'data')",
        'if (answer === null) return message',
      ],
      [
        'a mistake of review is published',
        "if (typeof answer === 'string' || answer instanceof Uint8Array) return answer",
        'return answer',
      ],
      [
        'any line has every topic by a pattern',
        "if (!options.patterns) throw new Refusal('ERR_TOPIC_FORBIDDEN', 'patterns are not served')",
      ],
      [
        'subscriptions of a line are not counted',
        "if (this.#subscriptions.size >= options.maxSubscriptions) throw new Refusal('ERR_SUBSCRIPTIONS')",
      ],
      ['a cursor of another is believed', "throw new Refusal('ERR_CURSOR_PROOF')"],
      ['what is almost a yes is one', 'return answer === true', 'return Boolean(answer)'],
      ['a promise of almost a yes is one', 'settled === true', 'Boolean(settled)'],
      ['nobody may publish where nobody is asked', "return action !== 'publish'", 'return true'],
      [
        'one identity swallows what another publishes',
        'JSON.stringify([scope, key])',
        'JSON.stringify([key])',
      ],
      ['a publication may be of any length', 'if (bytes > maxPublishBytes)', 'if (bytes < 0)'],
    ],
  ),
  ...guardsOf(
    `${line}/command.ts`,
    [`${tests}/command.test.ts`, `${tests}/vectors.test.ts`],
    [
      ['__proto__ of an envelope is taken', " || Object.hasOwn(value, '__proto__')"],
      ['a line publishes on what is Holdline’s own', '!isOwnTopic(topic) && '],
    ],
  ),
  ...guardsOf(
    `${line}/plain-data.ts`,
    [`${tests}/plain-data.test.ts`],
    [
      ['data is followed as deep as it goes', 'if (depth === 0) return false'],
      [
        '__proto__ is published',
        "name === '__proto__' || !name.isWellFormed()",
        '!name.isWellFormed()',
      ],
    ],
  ),
  ...guardsOf(
    `${line}/message-pack-check.ts`,
    [`${tests}/message-pack-check.test.ts`],
    [
      ['depth is not bounded', 'if (open.length === maxDepth) return false'],
      ['what lies behind a value is not seen', 'return at === bytes.length', 'return true'],
    ],
  ),
  ...guardsOf(
    `${line}/jwt.ts`,
    [`${tests}/jwt.test.ts`, `${tests}/break-in.test.ts`],
    [
      [
        'a public key serves as a secret',
        "algorithm.startsWith('HS') === (secret !== undefined) && ",
        '',
      ],
      [
        'tokens of other tenants are let in',
        'if (expected !== undefined && ofTenant !== expected) return null',
      ],
      [
        'a secret may be short',
        'if (secret !== undefined && Buffer.byteLength(secret) < 32)',
        'if (false)',
      ],
    ],
  ),
  ...guardsOf(
    `${line}/revocations.ts`,
    [`${tests}/revocations.test.ts`],
    [
      [
        'a revocation of one tenant concerns another',
        'if (one.tenant !== null && one.tenant !== identity.tenant) return false',
      ],
      ['who signs in anew stays out', 'identity.issuedAtMs <= one.atMs', 'true'],
      [
        'what is heard and read counts twice',
        'else if (list.some((one) => isSame(one, revoked))) return\n',
      ],
      ['what nobody needs is kept', 'if (this.#count >= this.#pruneAt) this.#prune()'],
      ['a failure to read is for ever', '      this.#loading = null\n'],
    ],
  ),
]
