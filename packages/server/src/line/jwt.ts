// A ready-made `identify` for JSON Web Tokens (RFC 7519), on `jose`, which is loaded when the first token comes. What is
// not named is not accepted: algorithms, audience and issuer are a program's to say.

import type * as JoseModule from 'jose'
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import { HoldlineError } from '../protocol/errors.ts'
import type { Identification, Identify, LineIdentity } from './identity.ts'

/** A set of public keys (RFC 7517 §5). Told here, so that programs without `jose` find no hole in our types. */
export interface JsonWebKeySet {
  readonly keys: readonly { readonly kty?: string; readonly [member: string]: unknown }[]
}

export interface JwtOptions {
  /** For HS256, HS384, HS512: at least 32 bytes. Exactly one of `secret`, `publicKey` and `jwks` is set. */
  readonly secret?: string | Uint8Array
  /** PEM of a public key (SPKI). */
  readonly publicKey?: string
  /** Keys of the issuer: the address where they are, fetched and kept by `jose`, or the keys themselves. */
  readonly jwks?: string | URL | JsonWebKeySet
  /** The only ones accepted. Default with a secret: HS256; otherwise they must be named. */
  readonly algorithms?: readonly string[]
  /** One of these must be the token's. */
  readonly audience: string | readonly string[]
  readonly issuer: string | readonly string[]
  /** The claim that is the identity's id. Default `sub`. */
  readonly identityClaim?: string
  /** The claim that is its tenant; a token without it is refused. Default: there are no tenants. */
  readonly tenantClaim?: string
  /** The tenant that is served here, or at this request; a token of another is refused. */
  readonly tenant?: string | ((request: Identification['request']) => string)
  /** How far clocks may differ, in milliseconds. Default 0. */
  readonly clockToleranceMs?: number
}

type Jose = typeof JoseModule
interface Verifier {
  readonly jose: Jose
  readonly key: Uint8Array | CryptoKey | JWTVerifyGetKey
}

/** @throws HoldlineError ERR_OPTION_INVALID */
export function jwt(options: JwtOptions): Identify {
  const algorithms = checkOptions(options)
  const { audience, issuer, clockToleranceMs = 0, identityClaim = 'sub' } = options
  const verifyOptions: JWTVerifyOptions = {
    algorithms: [...algorithms],
    audience: typeof audience === 'string' ? audience : [...audience],
    issuer: typeof issuer === 'string' ? issuer : [...issuer],
    clockTolerance: clockToleranceMs / 1_000,
    // A token without an end could be renewed with for ever; one without a beginning could not be revoked.
    requiredClaims: ['exp', 'iat', identityClaim],
  }
  let loading: Promise<Verifier> | null = null
  return async ({ token, request }) => {
    loading ??= load(options, algorithms).catch((error: unknown) => {
      loading = null
      throw error
    })
    const { jose, key } = await loading
    let payload: JWTPayload
    try {
      ;({ payload } = await jose.jwtVerify(token, key as JWTVerifyGetKey, verifyOptions))
    } catch (error) {
      throw refusalOf(jose, error)
    }
    return identityOf(payload, options, request)
  }
}

async function load(options: JwtOptions, algorithms: readonly string[]): Promise<Verifier> {
  const jose = await import('jose')
  const { secret, publicKey, jwks } = options
  if (secret !== undefined) {
    return { jose, key: typeof secret === 'string' ? new TextEncoder().encode(secret) : secret }
  }
  if (publicKey !== undefined)
    return { jose, key: await jose.importSPKI(publicKey, algorithms[0]!) }
  const isAddress = typeof jwks === 'string' || jwks instanceof URL
  const key = isAddress
    ? jose.createRemoteJWKSet(new URL(jwks))
    : jose.createLocalJWKSet(jwks as unknown as JSONWebKeySet)
  return { jose, key }
}

/** What is the token's fault, by its code; anything else (keys that cannot be fetched) as it came. */
function refusalOf(jose: Jose, error: unknown): unknown {
  if (error instanceof jose.errors.JWTExpired) {
    return new HoldlineError('ERR_TOKEN_EXPIRED', undefined, { cause: error })
  }
  const isOurs =
    !(error instanceof jose.errors.JOSEError) ||
    error instanceof jose.errors.JWKSTimeout ||
    error instanceof jose.errors.JWKSInvalid ||
    // What a server of keys answered with another status is told so.
    error.code === 'ERR_JOSE_GENERIC'
  return isOurs ? error : new HoldlineError('ERR_TOKEN_INVALID', undefined, { cause: error })
}

function identityOf(
  payload: JWTPayload,
  { identityClaim = 'sub', tenantClaim, tenant }: JwtOptions,
  request: Identification['request'],
): LineIdentity | null {
  const id = payload[identityClaim]
  const ofTenant = tenantClaim === undefined ? undefined : payload[tenantClaim]
  if (typeof id !== 'string' || id === '') return null
  if (tenantClaim !== undefined && (typeof ofTenant !== 'string' || ofTenant === '')) return null
  const expected = typeof tenant === 'function' ? tenant(request) : tenant
  if (expected !== undefined && ofTenant !== expected) return null
  const { exp, iat, jti, sid } = payload
  return {
    id,
    claims: payload,
    expiresAtMs: exp! * 1_000,
    issuedAtMs: iat! * 1_000,
    ...(ofTenant !== undefined && { tenant: ofTenant as string }),
    ...(typeof sid === 'string' && { session: sid }),
    ...(typeof jti === 'string' && { tokenId: jti }),
  }
}

function checkOptions(options: JwtOptions): readonly string[] {
  const { secret, publicKey, jwks, audience, issuer, tenant, tenantClaim } = options
  const keys = [secret, publicKey, jwks].filter((key) => key !== undefined)
  if (keys.length !== 1) invalid('jwt takes exactly one of secret, publicKey and jwks')
  if (secret !== undefined && Buffer.byteLength(secret) < 32)
    invalid('secret is shorter than 32 bytes')
  if (isNone(audience) || isNone(issuer)) invalid('jwt needs audience and issuer')
  if (tenant !== undefined && tenantClaim === undefined) invalid('tenant needs tenantClaim')
  const algorithms = options.algorithms ?? (secret === undefined ? [] : ['HS256'])
  if (algorithms.length === 0) invalid('algorithms must be named, such as ES256 or RS256')
  for (const algorithm of algorithms) {
    // A public key taken for a secret is known to everybody.
    if (algorithm.startsWith('HS') === (secret !== undefined) && algorithm !== 'none') continue
    invalid(`the algorithm ${algorithm} does not go with the key`)
  }
  return algorithms
}

function isNone(value: string | readonly string[] | undefined): boolean {
  const all = value === undefined ? [] : [value].flat()
  return all.length === 0 || all.includes('')
}

function invalid(detail: string): never {
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
