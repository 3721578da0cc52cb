// A route of a model out of the one object in which a program sets the route's options beside its handlers.

import type { Behavior } from './connection.ts'
import type { Route, RouteOptions } from './route.ts'
import type { WorkerMesh } from './worker-mesh.ts'

/** `join` and `leave` where the model talks with the other workers of the machine. */
export function buildRoute<Data>(
  model: string,
  options: RouteOptions<Data>,
  behavior: Behavior<never>,
  join?: (mesh: WorkerMesh) => void,
  leave?: (withinMs: number) => Promise<void>,
): Route<Data> {
  const { upgrade, limits, origins, subprotocols, deflate, keepalive } = options
  return Object.freeze({
    model,
    behavior: Object.freeze(behavior),
    ...(upgrade !== undefined && { upgrade: upgrade.bind(options) }),
    ...(limits !== undefined && { limits }),
    ...(origins !== undefined && { origins }),
    ...(subprotocols !== undefined && { subprotocols }),
    ...(deflate !== undefined && { deflate }),
    ...(keepalive !== undefined && { keepalive }),
    ...(join !== undefined && { join }),
    ...(leave !== undefined && { leave }),
  }) as Route<Data>
}
