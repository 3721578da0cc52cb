// The entry `holdline/servlet`.

export { servlet } from './servlet.ts'
export { RequestError } from './request-error.ts'
export type { Exchange } from './exchange.ts'
export type { Answer, Replies, ServletHandler, ServletOptions } from './handlers.ts'
export { TypedConnection } from '../../connection/typed-connection.ts'
