// The entry `holdline/line`.

export { line } from './line.ts'
export type { LineOptions, Review } from './line-options.ts'
export type { Identification, Identify, LineIdentity } from './identity.ts'
export { jwt } from './jwt.ts'
export type { JsonWebKeySet, JwtOptions } from './jwt.ts'
export type { Revocation } from './revocations.ts'
