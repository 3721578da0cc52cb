// The entry `holdline/threads`.

export { blocking } from './blocking.ts'
export type { BlockingFunction, BlockingHandler } from './blocking.ts'
export type { ThreadOptions } from './options.ts'
export { Session, TIMEOUT } from './session.ts'
export type { Received, Sent } from './session.ts'
export { threads } from './threads.ts'
