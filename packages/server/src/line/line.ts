// The route of a line: holdline.v1 over a connection. Joins the options of a program with the sessions of its lines.

import { buildRoute } from '../connection/build-route.ts'
import type { Behavior } from '../connection/connection.ts'
import type { HeldConnection } from '../connection/held-connection.ts'
import { isPromise } from '../connection/lane.ts'
import type { Route, RouteOptions, UpgradeAnswer } from '../connection/route.ts'
import type { UpgradeRequest } from '../connection/upgrade-request.ts'
import { parseSubprotocols } from '../protocol/handshake.ts'
import { encodings } from './encoding.ts'
import type { LineOptions } from './line-options.ts'
import { resolveLineOptions } from './line-options.ts'
import { LineSession } from './line-session.ts'

/**
 * A route whose lines speak holdline.v1: topics, resume, presence, identity, as docs/wire/holdline-v1.md says.
 *
 * @throws HoldlineError ERR_OPTION_INVALID
 */
export function line<Data = unknown>(options: LineOptions<Data> = {}): Route<Data> {
  const resolved = resolveLineOptions(options)
  const behavior: Behavior = {
    open: (connection) => {
      const c = connection as HeldConnection
      const encoding = encodings.find(({ subprotocol }) => subprotocol === c.subprotocol)!
      const session = new LineSession(c, resolved, encoding)
      c.model = session
      session.open()
    },
    message: (connection, message) => sessionOf(connection).message(message),
    leaving: (connection, leave) => sessionOf(connection).leaving(leave),
    close: (connection) => sessionOf(connection).closed(),
  }
  const routeOptions: RouteOptions<Data> = {
    ...options,
    upgrade: upgradeOf(options),
    subprotocols: encodings.map(({ subprotocol }) => subprotocol),
  }
  return buildRoute('line', routeOptions, behavior as Behavior<never>)
}

function sessionOf(connection: unknown): LineSession {
  return (connection as HeldConnection).model as LineSession
}

/** Who does not speak the protocol is told so before there is a line. */
function upgradeOf<Data>(options: LineOptions<Data>): NonNullable<RouteOptions<Data>['upgrade']> {
  return (request: UpgradeRequest) => {
    const offered = parseSubprotocols(request.header('sec-websocket-protocol')) ?? []
    const isSpoken = encodings.some(({ subprotocol }) => offered.includes(subprotocol))
    if (!isSpoken) {
      return { refuse: 400, reason: 'Offer the subprotocol holdline.v1 or holdline.v1.msgpack' }
    }
    const answer = options.upgrade?.(request)
    if (!isPromise(answer)) return withoutSubprotocol(answer)
    return Promise.resolve(answer).then((settled) => withoutSubprotocol(settled))
  }
}

/** Which encoding is spoken is the line's to choose. */
function withoutSubprotocol<Data>(
  answered: UpgradeAnswer<Data> | void,
): UpgradeAnswer<Data> | undefined {
  const answer = answered as UpgradeAnswer<Data> | undefined
  if (answer === undefined || answer.refuse !== undefined) return answer
  const { subprotocol: _, ...rest } = answer
  return rest
}
