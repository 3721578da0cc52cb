// What is answered to requests that are no upgrades.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpHandler } from '../connection/engine.ts'
import { errorCatalogue } from '../protocol/errors.ts'
import type { ErrorCode } from '../protocol/errors.ts'

/**
 * The handler of a server without one of its own: 426 where a WebSocket is served, 404 elsewhere. Both say so in
 * words, for the person who opened the address in a browser.
 */
export function defaultHttp(serves: (target: string) => boolean): HttpHandler {
  return (request: IncomingMessage, response: ServerResponse) => {
    const isRoute = serves(request.url ?? '')
    const code: ErrorCode = isRoute ? 'ERR_UPGRADE_HEADER_UPGRADE' : 'ERR_UPGRADE_NOT_FOUND'
    const { message, fix } = errorCatalogue[code]
    const body = JSON.stringify({ error: { code, message, fix } })
    if (isRoute) response.setHeader('Upgrade', 'websocket')
    if (isRoute) response.setHeader('Connection', 'Upgrade')
    response.setHeader('Content-Type', 'application/json')
    response.writeHead(isRoute ? 426 : 404).end(body)
  }
}
