// Plain HTTP of the gateway: the page, its files, and the health check. Knows no WebSocket.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Assets } from './assets.ts'

/** What the health check answers with. */
export interface Health {
  /** Makes it 503, so that nobody new is sent here. */
  readonly isDraining: boolean
  /** Open lines of this worker. */
  readonly connectionCount: number
}

export function httpHandler(
  { files, importMapHash }: Assets,
  health: () => Promise<Health>,
): (request: IncomingMessage, response: ServerResponse) => void {
  const securityHeaders = {
    'Content-Security-Policy': [
      "default-src 'none'",
      `script-src 'self' '${importMapHash}'`,
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  }

  return (request, response) => {
    const { method = '', url = '/' } = request
    const path = url.split('?', 1)[0] as string
    const send = (status: number, contentType: string, body: string | Buffer): void => {
      response.writeHead(status, {
        ...securityHeaders,
        'Content-Type': contentType,
        'Content-Length': Buffer.byteLength(body),
      })
      response.end(method === 'HEAD' ? undefined : body)
    }

    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      // The body is not read, so nothing behind it can be a request.
      response.setHeader('Connection', 'close')
      return send(405, 'text/plain; charset=utf-8', 'Only GET and HEAD are answered here\n')
    }
    if (path === '/healthz') {
      response.setHeader('Cache-Control', 'no-store')
      void health().then(({ isDraining, connectionCount }) => {
        const body = { status: isDraining ? 'draining' : 'ok', connections: connectionCount }
        send(isDraining ? 503 : 200, 'application/json', `${JSON.stringify(body)}\n`)
      })
      return
    }
    const asset = files.get(path)
    if (!asset) {
      response.setHeader('Cache-Control', 'no-store')
      return send(404, 'text/plain; charset=utf-8', 'There is nothing here. The chat is at /\n')
    }
    // Asked for again each time, and sent again only when it changed: a new release is seen at once.
    response.setHeader('Cache-Control', 'no-cache')
    response.setHeader('ETag', asset.etag)
    if (request.headers['if-none-match'] === asset.etag) {
      response.writeHead(304, securityHeaders).end()
      return
    }
    send(200, asset.contentType, asset.body)
  }
}
