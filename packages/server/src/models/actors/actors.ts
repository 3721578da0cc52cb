// The actors model: a route whose connections are actors. Knows what the core calls; what an actor is, the library says.

import type { Behavior, Connection } from '../../connection/connection.ts'
import { buildRoute } from '../../connection/build-route.ts'
import { Contract } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { isAsync } from '../../connection/lane.ts'
import type { Route, RouteOptions } from '../../connection/route.ts'
import type { WorkerMesh } from '../../connection/worker-mesh.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { bear } from './actor.ts'
import type { Actor } from './actor.ts'
import type { ActorClass, MailboxOptions } from './actor-class.ts'
import { defaultSystem } from './actor-system.ts'
import type { ActorSystem } from './actor-system.ts'
import { CLOSED, ConnectionActor, ConnectionCell } from './connection-actor.ts'
import type { ConnectionKind } from './connection-actor.ts'
import type { AnyRef } from './ref.ts'

export interface ActorRouteOptions<Data = unknown> extends RouteOptions<Data> {
  /** Default: that of the process. */
  readonly system?: ActorSystem
  /** Messages that may wait for a connection before its line is held back. Default 64. */
  readonly mailbox?: MailboxOptions & { readonly onFull?: 'pause' }
  /**
   * An actor, mostly a Supervisor, without which connections of this route cannot be: when it ends, they are closed
   * with 1001. It hears nothing of those that crash; `report` of the system does.
   */
  readonly supervisor?: AnyRef
}

/** A class of connection actors, whose constructor takes nothing. */
export interface ConnectionActorClass<C extends Contract | undefined, Data> {
  new (): ConnectionActor<C, Data>
  readonly prototype: ConnectionActor<C, Data>
  readonly name: string
  readonly actorName?: string
  readonly mailbox?: MailboxOptions
}

const DEFAULT_LIMIT = 64

/** A route whose connections are actors of a class. */
export function actors<Data = unknown>(
  Class: ConnectionActorClass<undefined, Data>,
  options?: ActorRouteOptions<Data>,
): Route<Data>
/** A route whose messages are those of a contract: validated both ways, JSON on the wire. */
export function actors<C extends Contract, Data = unknown>(
  agreed: C,
  Class: ConnectionActorClass<C, Data>,
  options?: ActorRouteOptions<Data>,
): Route<Data>
export function actors<Data>(
  first: Contract | ConnectionActorClass<undefined, Data>,
  second?: ConnectionActorClass<Contract, Data> | ActorRouteOptions<Data>,
  third?: ActorRouteOptions<Data>,
): Route<Data> {
  const agreed = first instanceof Contract ? first : null
  const Class = (agreed === null ? first : second) as ConnectionActorClass<never, Data>
  const options = ((agreed === null ? second : third) ?? {}) as ActorRouteOptions<Data>
  const system = options.system ?? defaultSystem()
  const { limit = DEFAULT_LIMIT, onFull = 'pause' } = options.mailbox ?? Class.mailbox ?? {}
  if (onFull !== 'pause') {
    throw new HoldlineError('ERR_OPTION_INVALID', "the mailbox of a connection has onFull: 'pause'")
  }
  const ActorOf = Class as unknown as ActorClass<Actor, []>
  const kind = {
    ...system.kindOf(ActorOf, { limit, onFull }),
    hasStarted: overrides(Class, 'opened') || overrides(Class, 'started'),
  }
  const route: ConnectionKind = {
    kind,
    agreed,
    keepsBytes: isAsync((Class.prototype as { readonly frame: unknown }).frame),
  }
  const make = (): Actor => new ActorOf()
  const behavior = behaviorOf(system, route, make, options.supervisor)
  const join = (mesh: WorkerMesh): void => {
    system.join(mesh).catch((error: unknown) => system.reportFailure(error))
  }
  const leave = (withinMs: number): Promise<void> => system.stop({ timeoutMs: withinMs })
  return buildRoute('actors', options, behavior, join, leave)
}

function overrides(Class: { readonly prototype: object }, name: 'opened' | 'started'): boolean {
  return (Class.prototype as ConnectionActor)[name] !== ConnectionActor.prototype[name]
}

function behaviorOf(
  system: ActorSystem,
  route: ConnectionKind,
  make: () => Actor,
  supervisor: AnyRef | undefined,
): Behavior {
  const cells = new Set<ConnectionCell>()
  if (supervisor !== undefined) {
    void system.whenDown(supervisor).then(() => {
      for (const cell of cells) cell.terminate('shutdown')
    })
  }
  return {
    open: (connection) => {
      const c = connection as HeldConnection
      const cell = new ConnectionCell(system, route, system.nextId(), c)
      c.model = cell
      system.enter(cell, () => bear(cell, make), {})
      if (supervisor === undefined) return
      if (supervisor.isDead) cell.terminate('shutdown')
      else cells.add(cell)
    },
    message: (connection, data) => cellOf(connection).frame(data),
    drain: (connection) => {
      const { actor } = cellOf(connection)
      if (actor !== null) (actor as unknown as ConnectionActor).drain()
    },
    close: (connection, code, reason) => {
      const cell = cellOf(connection)
      if (supervisor !== undefined) cells.delete(cell)
      cell.accept(CLOSED, [code, reason], null)
    },
  }
}

function cellOf(connection: Connection): ConnectionCell {
  return (connection as unknown as HeldConnection).model as ConnectionCell
}
