// The entry `holdline/threads`. It is loaded in each thread, where a connection, its parser and its cryptography would
// cost a third of the memory: what is exported here must not import them.

export { blocking } from './blocking.ts'
export type { BlockingFunction, BlockingHandler } from './blocking.ts'
export type { ThreadOptions } from './options.ts'
export { Session, TIMEOUT } from './session.ts'
export { SessionRequest } from './session-request.ts'
export type { Received, Sent } from './session.ts'
export { threads } from './threads.ts'
export { contract } from '../../connection/contract.ts'
