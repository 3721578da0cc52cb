// The package entry: what programs may import from `holdline-client`.

export { connect } from './connect.ts'
export { live } from './live.ts'
export { Client } from './client.ts'
export { LiveLine } from './live-line.ts'
export { ClientError, RefusedError } from './errors.ts'
export { backoffMs, retryAfterMs, worthRetrying } from './backoff.ts'
export type { BackoffOptions, CloseInfo } from './backoff.ts'
export type { Bytes, Contract, MessageTypes, Schema } from './contract.ts'
export type { Environment, NetworkEvent, WebSocketConstructor } from './environment.ts'
export type { ClientErrorCode, MessageIssue } from './errors.ts'
export type { Envelope, EnvelopeCodec } from './envelope.ts'
export type { LiveOptions, TokenReason } from './live-options.ts'
export type { ClientOptions, LineOptions, SendResult, State, StateDetail } from './options.ts'
export type {
  Cursor,
  Gap,
  GapReason,
  HistoryOptions,
  HistoryPage,
  Member,
  MessageOf,
  Overflow,
  PresenceChange,
  PublishOptions,
  SubscribeOptions,
  Subscription,
  SubscriptionState,
  TopicMessage,
  TopicName,
  TopicSchemas,
} from './topic-words.ts'
