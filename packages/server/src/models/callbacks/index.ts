// The entry `holdline/callbacks`.

export { callbacks } from './callbacks.ts'
export type { CallbackFunctions, CallbackHandlers, TypedCallbackHandlers } from './handlers.ts'
export { handler, ReadyState, WebSocketHandler } from './websocket-handler.ts'
export type { WebSocketHandlerClass } from './websocket-handler.ts'
export { TypedConnection } from '../../connection/typed-connection.ts'
