// The package entry: what programs may import from `holdline-client`.

export { connect } from './connect.ts'
export { Client } from './client.ts'
export { ClientError } from './errors.ts'
export { backoffMs, retryAfterMs, worthRetrying } from './backoff.ts'
export type { BackoffOptions, CloseInfo } from './backoff.ts'
export type { Bytes, Contract, MessageTypes, Schema } from './contract.ts'
export type { Environment, NetworkEvent, WebSocketConstructor } from './environment.ts'
export type { ClientErrorCode, MessageIssue } from './errors.ts'
export type { ClientOptions, SendResult, State, StateDetail } from './options.ts'
