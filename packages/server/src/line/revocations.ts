// What was revoked, in every process: announced on a topic with history, so that a process that starts later, or was cut
// off, knows it too. Ends the lines that it concerns, and says of a newcomer whether he may come in.

import type { HeldConnection } from '../connection/held-connection.ts'
import type { OwnTopics, PublishedMessage, TopicHub } from '../connection/topic-hub.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { LineIdentity } from './identity.ts'

export const REVOCATIONS_TOPIC = '$revocations'

/** Longest life of a token that a revocation outlasts: the topic keeps them so long (topics/topic-settings.ts). */
export const MAX_TOKEN_LIFE_MS = 86_400_000

const PAGE = 1_000

/**
 * What is revoked: the lines and tokens to which all fields apply that are given. An identity or a tenant can sign in
 * anew: what was issued until now is worthless. A session or a token stays so.
 */
export interface Revocation {
  readonly identity?: string
  readonly tenant?: string
  /** As the token has it, or `session` of one line's welcome. */
  readonly session?: string
  readonly tokenId?: string
  /** How long the tokens concerned can still live; so long they are refused. Default a day, and at most that. */
  readonly tokenLifeMs?: number
}

interface Revoked {
  readonly identity: string | null
  readonly tenant: string | null
  readonly session: string | null
  readonly tokenId: string | null
  readonly atMs: number
  readonly untilMs: number
}

/** A line that may have to end. */
export interface RevocableLine {
  readonly identity: LineIdentity | null
  readonly session: string
  revoked(): void
}

/**
 * What is published on the topic of revocations.
 *
 * @throws HoldlineError ERR_OPTION_INVALID
 */
export function revocationMessage(what: Revocation, nowMs: number): string {
  const { identity, tenant, session, tokenId, tokenLifeMs = MAX_TOKEN_LIFE_MS } = what
  const given = [identity, tenant, session, tokenId].filter((field) => field !== undefined)
  if (given.length === 0 || given.some((field) => typeof field !== 'string' || field === '')) {
    const detail = 'a revocation names an identity, a tenant, a session or a tokenId'
    throw new HoldlineError('ERR_OPTION_INVALID', detail)
  }
  if (!(tokenLifeMs >= 1 && tokenLifeMs <= MAX_TOKEN_LIFE_MS)) {
    const detail = `tokenLifeMs is ${tokenLifeMs}, not from 1 to ${MAX_TOKEN_LIFE_MS}`
    throw new HoldlineError('ERR_OPTION_INVALID', detail)
  }
  const revoked: Revoked = {
    identity: identity ?? null,
    tenant: tenant ?? null,
    session: session ?? null,
    tokenId: tokenId ?? null,
    atMs: nowMs,
    untilMs: nowMs + tokenLifeMs,
  }
  return JSON.stringify(revoked)
}

const ofHubs = new WeakMap<TopicHub, Revocations>()

export class Revocations {
  readonly #own: OwnTopics | undefined
  readonly #lines = new Set<RevocableLine>()
  /** By the narrowest field that is given, which is looked up first. */
  readonly #revoked = new Map<string, Revoked[]>()
  #count = 0
  #pruneAt = 1_024
  #loading: Promise<void> | null = null
  #isListening = false
  #isSweepDue = false

  constructor(own: OwnTopics | undefined) {
    this.#own = own
  }

  /** One for all lines of a server in this process. */
  static of(connection: HeldConnection): Revocations {
    const { hub } = connection
    let revocations = ofHubs.get(hub)
    if (revocations === undefined) ofHubs.set(hub, (revocations = new Revocations(hub.own)))
    return revocations
  }

  get count(): number {
    return this.#count
  }

  /** Resolves when all that was revoked is known; rejects while the broker is away, and can be asked again. */
  ready(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = null
      throw error
    })
    return this.#loading
  }

  /** From now on the line is told. */
  watch(line: RevocableLine): void {
    this.#lines.add(line)
  }

  unwatch(line: RevocableLine): void {
    this.#lines.delete(line)
  }

  isRevoked(identity: LineIdentity, session: string, nowMs: number = Date.now()): boolean {
    if (this.#count === 0) return false
    const { id, tenant, tokenId } = identity
    return (
      this.#concerns(`k${tokenId}`, identity, session, nowMs) ||
      this.#concerns(`s${session}`, identity, session, nowMs) ||
      (identity.session !== undefined &&
        this.#concerns(`s${identity.session}`, identity, session, nowMs)) ||
      this.#concerns(`i${id}`, identity, session, nowMs) ||
      this.#concerns(`t${tenant}`, identity, session, nowMs)
    )
  }

  #concerns(key: string, identity: LineIdentity, session: string, nowMs: number): boolean {
    const list = this.#revoked.get(key)
    return list !== undefined && list.some((one) => applies(one, identity, session, nowMs))
  }

  async #load(): Promise<void> {
    const own = this.#own
    if (own === undefined) throw new HoldlineError('ERR_SERVER_CLOSED', 'revocations')
    // Heard before it is read, so that nothing falls between.
    if (!this.#isListening) {
      this.#isListening = true
      own.listen(REVOCATIONS_TOPIC, (message) => this.#heard(message))
    }
    let page = await own.history(REVOCATIONS_TOPIC, { limit: PAGE })
    for (;;) {
      for (const { message } of page.publications) this.#heard(message)
      if (page.publications.length === 0 || page.cursor.offset >= page.head.offset) return
      page = await own.history(REVOCATIONS_TOPIC, { after: page.cursor, limit: PAGE })
    }
  }

  #heard(message: PublishedMessage): void {
    if (typeof message !== 'string') return
    const revoked = JSON.parse(message) as Revoked
    const { tokenId, session, identity, tenant } = revoked
    const key =
      tokenId !== null
        ? `k${tokenId}`
        : session !== null
          ? `s${session}`
          : identity !== null
            ? `i${identity}`
            : `t${tenant}`
    const list = this.#revoked.get(key)
    if (list === undefined) this.#revoked.set(key, [revoked])
    else if (list.some((one) => isSame(one, revoked))) return
    else list.push(revoked)
    this.#count++
    if (this.#count >= this.#pruneAt) this.#prune()
    if (this.#isSweepDue) return
    // Many at once are one pass over the lines.
    this.#isSweepDue = true
    queueMicrotask(() => this.#sweep())
  }

  #sweep(): void {
    this.#isSweepDue = false
    const nowMs = Date.now()
    for (const line of this.#lines) {
      if (line.identity !== null && this.isRevoked(line.identity, line.session, nowMs))
        line.revoked()
    }
  }

  /** Forgets what no living token can need. */
  #prune(): void {
    const nowMs = Date.now()
    this.#count = 0
    for (const [key, list] of this.#revoked) {
      const needed = list.filter(({ untilMs }) => untilMs > nowMs)
      if (needed.length === 0) this.#revoked.delete(key)
      else this.#revoked.set(key, needed)
      this.#count += needed.length
    }
    this.#pruneAt = Math.max(1_024, this.#count * 2)
  }
}

function applies(one: Revoked, identity: LineIdentity, session: string, nowMs: number): boolean {
  if (one.untilMs <= nowMs) return false
  if (one.tokenId !== null && one.tokenId !== identity.tokenId) return false
  if (one.session !== null && one.session !== session && one.session !== identity.session) {
    return false
  }
  if (one.identity !== null && one.identity !== identity.id) return false
  if (one.tenant !== null && one.tenant !== identity.tenant) return false
  if (one.tokenId !== null || one.session !== null) return true
  return identity.issuedAtMs === undefined || identity.issuedAtMs <= one.atMs
}

function isSame(a: Revoked, b: Revoked): boolean {
  return (
    a.atMs === b.atMs &&
    a.untilMs === b.untilMs &&
    a.identity === b.identity &&
    a.tenant === b.tenant &&
    a.session === b.session &&
    a.tokenId === b.tokenId
  )
}
