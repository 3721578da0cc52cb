// The entry of the package `holdline`.

export { serve } from './server/serve.ts'
export { attach } from './server/attach.ts'
export type { AttachOptions } from './server/attach.ts'
export type { RestartOptions, ServeOptions } from './server/options.ts'
export type { CloseOptions, Server, ShedOptions } from './server/server.ts'
export type { AdmissionOptions } from './server/admission.ts'
export type { DrainOptions } from './server/drain.ts'
export type { DeliveryStats, Logger, RouteStats, ServerStats } from './server/statistics.ts'
export { contract } from './connection/contract.ts'
export type { Contract, In, Out } from './connection/contract.ts'
export type { Behavior, Connection, Leave, SendResult } from './connection/connection.ts'
export type { Keepalive, Route, RouteOptions, UpgradeAnswer } from './connection/route.ts'
export type { UpgradeRequest } from './connection/upgrade-request.ts'
export type { Limits } from './connection/limits.ts'
export { defaultLimits } from './connection/limits.ts'
export type {
  Acceptor,
  Engine,
  HttpHandler,
  ListenAddress,
  Listener,
  ListenOptions,
  ProxyOptions,
} from './connection/engine.ts'
export { NodeEngine } from './engines/node/node-engine.ts'
export type {
  AppendOptions,
  Broker,
  BrokerSink,
  ReadLimit,
  ReadResult,
  Retention,
} from './topics/broker.ts'
export type {
  Cursor,
  Gap,
  HistoryOptions,
  HistoryPage,
  LostReason,
  Overflow,
  Publication,
  PublicationFormat,
  PublishedMessage,
  PublishOptions,
  Subscribed,
  SubscribeOptions,
} from './connection/topic-hub.ts'
export type { Authorize, TopicAction, TopicIdentity, TopicOptions } from './topics/topic-options.ts'
export type { Topic } from './server/server.ts'
export type {
  PresenceDifference,
  PresenceHub,
  PresenceListener,
  PresentMember,
} from './connection/presence-hub.ts'
export type { HistoryLimits } from './topics/history-limits.ts'
export type { PresenceOptions } from './topics/presence-options.ts'
export type { TopicListener } from './topics/topics.ts'
export { errorCatalogue, HoldlineError } from './protocol/errors.ts'
export type { ErrorCode, ErrorEntry } from './protocol/errors.ts'
export { CloseCode } from './protocol/close-code.ts'
export type { DeflateOptions } from './protocol/deflate-parameters.ts'
