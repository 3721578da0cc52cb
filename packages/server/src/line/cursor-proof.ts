// What binds a cursor to the identity that it was given to: a keyed hash over identity and topic. Stateless, so that
// any process that has the secret can check it.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { TopicIdentity } from '../topics/topic-options.ts'
import { HoldlineError } from '../protocol/errors.ts'

/** The environment variable in which the workers of one supervisor find the secret that they share. */
export const SECRET_VARIABLE = 'HOLDLINE_LINE_SECRET'

const MIN_SECRET_BYTES = 32

export type Secret = string | Uint8Array

export class CursorProof {
  /** The first signs; all are believed, so that a secret can be changed without a gap. */
  readonly #secrets: readonly Secret[]

  /** @throws HoldlineError ERR_OPTION_INVALID */
  constructor(secret: Secret | readonly Secret[] | undefined) {
    const given = secret === undefined ? [sharedSecret()] : [secret].flat()
    for (const one of given as readonly Secret[]) {
      if (Buffer.byteLength(one) >= MIN_SECRET_BYTES) continue
      throw new HoldlineError(
        'ERR_OPTION_INVALID',
        `secret is shorter than ${MIN_SECRET_BYTES} bytes`,
      )
    }
    if (given.length === 0) throw new HoldlineError('ERR_OPTION_INVALID', 'secret is an empty list')
    this.#secrets = given
  }

  of(identity: TopicIdentity, topic: string): string {
    return sign(this.#secrets[0]!, identity, topic).toString('base64url')
  }

  isRight(proof: string, identity: TopicIdentity, topic: string): boolean {
    const given = Buffer.from(proof, 'base64url')
    let isOne = false
    for (const secret of this.#secrets) {
      const right = sign(secret, identity, topic)
      if (given.length === right.length && timingSafeEqual(given, right)) isOne = true
    }
    return isOne
  }
}

/** As text that no other identity has: neither part can hold what divides them. */
export function identityKey({ tenant, id }: TopicIdentity): string {
  return JSON.stringify([tenant ?? null, id])
}

function sign(secret: Secret, identity: TopicIdentity, topic: string): Buffer {
  const bound = JSON.stringify(['holdline.v1 cursor', identityKey(identity), topic])
  return createHmac('sha256', secret).update(bound).digest()
}

let ownSecret: Secret | null = null

/** One for all lines of the process, and for its workers where it is in the environment. */
function sharedSecret(): Secret {
  return process.env[SECRET_VARIABLE] ?? (ownSecret ??= randomBytes(MIN_SECRET_BYTES))
}
