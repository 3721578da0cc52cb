// Which pages may open a WebSocket here. Browsers send cookies along with every handshake, whoever's page began
// it (CWE-1385), so the default is the server's own host.

import type { RouteOptions } from '../connection/route.ts'
import type { UpgradeRequest } from '../connection/upgrade-request.ts'
import { HoldlineError } from '../protocol/errors.ts'

type Origins = NonNullable<RouteOptions['origins']>

/** Whether the request's origin may connect. Called with every request; those without Origin pass. */
export type OriginCheck = (request: UpgradeRequest) => boolean

/** @throws HoldlineError ERR_OPTION_INVALID for an entry that is no origin. */
export function originCheck(origins: Origins = 'same-host'): OriginCheck {
  if (origins === 'any') return () => true
  if (origins === 'same-host') return (request) => passes(request, isSameHost)
  if (typeof origins === 'function') return (request) => passes(request, origins)
  const allowed = new Set(origins.map(checkOrigin))
  return (request) => passes(request, (origin) => allowed.has(origin))
}

function passes(
  request: UpgradeRequest,
  judge: (origin: string, request: UpgradeRequest) => boolean,
): boolean {
  const { origin } = request
  return origin === undefined || judge(origin, request)
}

/** The default: scheme aside, as proxies may end TLS, the origin's host and port are what was connected to. */
export function isSameHost(origin: string, request: UpgradeRequest): boolean {
  const host = /^https?:\/\/([^/?#@\s]+)$/i.exec(origin)?.[1]
  return host !== undefined && host.toLowerCase() === request.host.toLowerCase()
}

function checkOrigin(origin: string): string {
  if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
    const detail = `origins: ${JSON.stringify(origin)} is not an origin such as "https://example.com"`
    throw new HoldlineError('ERR_OPTION_INVALID', detail)
  }
  return origin
}
