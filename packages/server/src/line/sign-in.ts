// Who is on a line, from the handshake to the end: the token at the beginning, its renewal, its expiry, its revocation.

import { randomBytes } from 'node:crypto'
import type { WheelEntry } from '../connection/timing-wheel.ts'
import { WHEEL_TICK_MS } from '../connection/timing-wheel.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import { identityKey } from './cursor-proof.ts'
import type { LineIdentity } from './identity.ts'
import { MAX_TOKEN_LENGTH, tokenOf } from './identity.ts'
import type { LineSession } from './line-session.ts'
import { Revocations } from './revocations.ts'
import type { RevocableLine } from './revocations.ts'

/** Longest time until the wheel is asked again: its deadlines and the clock on the wall are not the same. */
const MAX_WAIT_MS = 60_000

export class SignIn implements WheelEntry, RevocableLine {
  wheelNext: WheelEntry | null = null
  wheelPrevious: WheelEntry | null = null
  wheelSlot = -1

  readonly session: string = randomBytes(12).toString('base64url')
  identity: LineIdentity | null = null
  /** Whether it is settled who this is. */
  isDone = false
  readonly #line: LineSession
  /** null: without `identify`, nobody can be revoked. */
  readonly #revocations: Revocations | null
  /** Of the first message, or of the expiry: on the wheel's clock. 0: none. */
  #dueMs = 0

  constructor(line: LineSession) {
    this.#line = line
    this.#revocations = line.options.identify === null ? null : Revocations.of(line.connection)
  }

  /** At the opening. A promise: nothing else is handled before it has settled, and it does not reject. */
  begin(): Promise<void> | null {
    const { identify, anonymous, cookie, helloMs } = this.#line.options
    if (identify === null) {
      this.#welcome(0, null)
      return null
    }
    this.#waitFor(helloMs)
    const token = tokenOf(this.#line.connection.request, cookie)
    if (token !== null) return this.#first(0, token)
    // Else a token may come in the first message; of an anonymous line, in any `hello`.
    if (anonymous) this.#welcome(0, null)
    return null
  }

  hello(id: number, token: string | null): void | Promise<void> {
    if (this.isDone) {
      if (token !== null && this.#line.options.identify !== null) {
        return this.identity === null ? this.#first(id, token) : this.renew('welcome', id, token)
      }
      this.#line.send(this.#welcomeAnswer(id))
      return undefined
    }
    if (token !== null) return this.#first(id, token)
    this.#line.end('ERR_TOKEN_MISSING')
    return undefined
  }

  /** Another token of the same identity. One that is refused changes nothing: the line goes on as long as it could. */
  async renew(type: 'renewed' | 'welcome', id: number, token: string): Promise<void> {
    const { identify } = this.#line.options
    const before = this.identity
    if (identify === null || before === null) throw new HoldlineError('ERR_TOKEN_IDENTITY')
    const found = await this.#identify(token)
    if (typeof found === 'string') {
      if (found === 'ERR_IDENTITY_REVOKED') this.#line.end(found)
      throw new HoldlineError(found)
    }
    if (identityKey(found) !== identityKey(before)) throw new HoldlineError('ERR_TOKEN_IDENTITY')
    // It may have been revoked, or have ended, while the token was looked at.
    if (!this.#line.connection.isOpen) return
    this.#settle(found)
    if (type === 'welcome') this.#line.send(this.#welcomeAnswer(id))
    else this.#line.send({ type, id, expiresInMs: this.#expiresInMs() })
    await this.#line.identityChanged()
  }

  end(): void {
    this.#line.connection.wheel.remove(this)
    this.#revocations?.unwatch(this)
  }

  /** Called by the revocations, and by nobody else. */
  revoked(): void {
    this.#line.end('ERR_IDENTITY_REVOKED')
  }

  onDue(nowMs: number): number {
    if (!this.#line.connection.isOpen) return 0
    const { identity } = this
    // The clock on the wall decides about tokens: it may have been set since.
    if (this.isDone && identity?.expiresAtMs !== undefined) {
      const leftMs = identity.expiresAtMs - Date.now()
      if (leftMs > 0 && nowMs < this.#dueMs) return Math.min(leftMs, MAX_WAIT_MS)
      this.#line.end('ERR_TOKEN_EXPIRED')
      return 0
    }
    if (this.isDone) return 0
    if (nowMs < this.#dueMs) return this.#dueMs - nowMs
    this.#line.end('ERR_TOKEN_MISSING')
    return 0
  }

  async #first(id: number, token: string): Promise<void> {
    const found = await this.#identify(token)
    if (!this.#line.connection.isOpen) return
    if (typeof found !== 'string') {
      const wasAnonymous = this.isDone
      this.#welcome(id, found)
      if (wasAnonymous) await this.#line.identityChanged()
      return
    }
    if (id !== 0) this.#line.refuse(id, new HoldlineError(found))
    // Who is welcome as nobody stays so.
    if (!this.isDone || found === 'ERR_IDENTITY_REVOKED') this.#line.end(found)
  }

  /** Whose token it is, or the code of its refusal. */
  async #identify(token: string): Promise<LineIdentity | ErrorCode> {
    const { connection, options } = this.#line
    if (token === '' || token.length > MAX_TOKEN_LENGTH) return 'ERR_TOKEN_INVALID'
    try {
      const { request } = connection
      const [found] = await Promise.all([
        options.identify!({ token, request }),
        this.#revocations!.ready(),
      ])
      if (found === null) return 'ERR_TOKEN_INVALID'
      checkIdentity(found)
      if (found.expiresAtMs !== undefined && found.expiresAtMs <= Date.now()) {
        return 'ERR_TOKEN_EXPIRED'
      }
      if (this.#revocations!.isRevoked(found, this.session)) return 'ERR_IDENTITY_REVOKED'
      return found
    } catch (error) {
      const code = error instanceof HoldlineError ? error.code : null
      if (code === 'ERR_TOKEN_INVALID' || code === 'ERR_TOKEN_EXPIRED') return code
      connection.report('ERR_IDENTIFY_FAILED', error)
      return 'ERR_IDENTIFY_FAILED'
    }
  }

  #welcome(id: number, identity: LineIdentity | null): void {
    this.isDone = true
    if (identity === null) this.#line.connection.wheel.remove(this)
    else {
      this.#settle(identity)
      this.#revocations!.watch(this)
    }
    this.#line.send(this.#welcomeAnswer(id))
  }

  #settle(identity: LineIdentity): void {
    this.identity = identity
    const { expiresAtMs } = identity
    if (expiresAtMs === undefined) this.#line.connection.wheel.remove(this)
    else this.#waitFor(Math.max(1, expiresAtMs - Date.now()))
  }

  #waitFor(ms: number): void {
    const { wheel } = this.#line.connection
    // The time is up to a tick old; a deadline must not come early.
    this.#dueMs = wheel.coarseNow + ms + WHEEL_TICK_MS
    wheel.schedule(this, Math.min(ms, MAX_WAIT_MS))
  }

  #welcomeAnswer(id: number): { readonly type: 'welcome'; readonly [field: string]: unknown } {
    const { connection, options } = this.#line
    return {
      type: 'welcome',
      id: id === 0 ? undefined : id,
      session: this.session,
      identity: this.identity?.id,
      expiresInMs: this.#expiresInMs(),
      maxMessageBytes: connection.limits.messageBytes,
      maxSubscriptions: options.maxSubscriptions,
    }
  }

  #expiresInMs(): number | undefined {
    const expiresAtMs = this.identity?.expiresAtMs
    return expiresAtMs === undefined ? undefined : Math.max(0, expiresAtMs - Date.now())
  }
}

/** A mistake of `identify` must not become somebody. */
function checkIdentity({ id, tenant, expiresAtMs, issuedAtMs }: LineIdentity): void {
  const isTime = (ms: unknown): boolean => ms === undefined || Number.isFinite(ms)
  if (typeof id === 'string' && id !== '' && (tenant === undefined || typeof tenant === 'string')) {
    if (isTime(expiresAtMs) && isTime(issuedAtMs)) return
  }
  throw new TypeError('identify answered with an identity that has no id, or fields that are none')
}
