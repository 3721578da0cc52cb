// Supervisors: actors that start others in order, start them again when they fail, and stop them in reverse. They are
// made of what every actor has: links, trapped exits, selective receive.

import { HoldlineError } from '../../protocol/errors.ts'
import { Actor } from './actor.ts'
import { Method } from './actor-class.ts'
import type { ActorClass } from './actor-class.ts'
import { ActorDownError, isAbnormal, reasonOf } from './exit-reason.ts'
import type { Down, Exit, ExitReason } from './exit-reason.ts'
import { Refusal } from './refusal.ts'
import { RestartIntensity } from './restart-intensity.ts'
import type { AnyRef } from './ref.ts'

export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one'
export type Restart = 'permanent' | 'transient' | 'temporary'

/** How a child is started, and when again. `child` makes one whose arguments fit its class. */
export interface ChildSpec {
  readonly id: string
  readonly Class: ActorClass<Actor, never>
  readonly args?: readonly unknown[]
  /**
   * `permanent` (the default): always started again. `transient`: when its end was a failure. `temporary`: never, and
   * forgotten when it ends.
   */
  readonly restart?: Restart
  /** How long it may take to stop before it is killed. 0: killed at once. Infinity: for supervisors. Default 5,000. */
  readonly shutdownMs?: number
  /** A name in this worker, given each time it is started. */
  readonly name?: string
}

export interface SupervisorOptions {
  /** Who is started again beside the one that failed. Default `one_for_one`. */
  readonly strategy?: Strategy
  /** More restarts than this within `periodMs` end the supervisor itself. Default 1. */
  readonly intensity?: number
  /** Default 5,000. */
  readonly periodMs?: number
  readonly children?: readonly ChildSpec[]
}

export interface ChildState {
  readonly id: string
  /** null: it is not running. */
  readonly ref: AnyRef | null
  readonly restart: Restart
}

/** A child whose arguments fit its class. */
export function child<A extends Actor, Args extends readonly unknown[]>(
  spec: Omit<ChildSpec, 'Class' | 'args'> & {
    readonly Class: ActorClass<A, Args>
  } & (Args extends readonly [] ? { readonly args?: Args } : { readonly args: Args }),
): ChildSpec {
  return spec
}

interface Child {
  readonly spec: ChildSpec
  ref: AnyRef | null
}

const DEFAULT_SHUTDOWN_MS = 5_000

/** A start that failed is tried again in a turn of its own, and counts as a restart. */
const TRY_AGAIN: Method = new Method(
  'tryAgain',
  function (child) {
    return Supervisor.tryAgain(this as Supervisor, child as Child)
  },
  true,
)

export class Supervisor extends Actor {
  readonly #strategy: Strategy
  readonly #specs: readonly ChildSpec[]
  readonly #restarts: RestartIntensity
  /** In the order in which they were started. */
  readonly #children = new Map<string, Child>()
  readonly #byRef = new Map<AnyRef, Child>()
  #adopted = 0
  #isStopping = false

  constructor(options: SupervisorOptions = {}) {
    super()
    const { strategy = 'one_for_one', intensity = 1, periodMs = 5_000, children = [] } = options
    if (!['one_for_one', 'one_for_all', 'rest_for_one'].includes(strategy)) {
      throw new HoldlineError('ERR_OPTION_INVALID', `strategy ${strategy}`)
    }
    this.#strategy = strategy
    this.#restarts = new RestartIntensity(intensity, periodMs)
    this.#specs = children
    this.trapExit = true
  }

  // --- What it can be told

  /** Starts one more. Answers with its reference when it has started. */
  async startChild(spec: ChildSpec): Promise<AnyRef> {
    const known = this.#children.get(spec.id)
    if (known !== undefined) throw refused(`${spec.id} is there already`)
    const added = this.#add(spec)
    try {
      await this.#start(added)
    } catch (error) {
      this.#children.delete(spec.id)
      throw refused(spec.id, error)
    }
    return added.ref!
  }

  /** Stops a child. It is not started again until `restartChild`. */
  async terminateChild(id: string): Promise<void> {
    const known = this.#mustKnow(id)
    await this.#stopChild(known)
    if (known.spec.restart === 'temporary') this.#children.delete(id)
  }

  async restartChild(id: string): Promise<AnyRef> {
    const known = this.#mustKnow(id)
    if (known.ref !== null) throw refused(`${id} is running`)
    try {
      await this.#start(known)
    } catch (error) {
      throw refused(id, error)
    }
    return known.ref!
  }

  deleteChild(id: string): void {
    const known = this.#mustKnow(id)
    if (known.ref !== null) throw refused(`${id} is running`)
    this.#children.delete(id)
  }

  whichChildren(): readonly ChildState[] {
    return Array.from(this.#children.values(), ({ spec, ref }) => {
      return { id: spec.id, ref, restart: spec.restart ?? 'permanent' }
    })
  }

  // --- Its life

  override async started(): Promise<void> {
    for (const spec of this.#specs) {
      if (this.#children.has(spec.id))
        throw new HoldlineError('ERR_ACTOR_CHILD', `${spec.id} twice`)
      try {
        await this.#start(this.#add(spec))
      } catch (error) {
        await this.#stopAll()
        throw new HoldlineError('ERR_ACTOR_START', spec.id, { cause: error })
      }
    }
  }

  override exit(exit: Exit): void | Promise<void> {
    const ended = exit.from === null ? undefined : this.#byRef.get(exit.from.canonical)
    if (ended === undefined) return this.#toldToStop(exit)
    this.#byRef.delete(exit.from!.canonical)
    ended.ref = null
    const { restart = 'permanent', id } = ended.spec
    if (restart === 'permanent' || (restart === 'transient' && isAbnormal(exit.reason))) {
      return this.#restart(ended)
    }
    if (restart === 'temporary') this.#children.delete(id)
    return undefined
  }

  /** For the library: takes a child that runs, and is not started again. */
  static adopt(supervisor: Supervisor, ref: AnyRef): void {
    const id = `${ref.actorName} ${++supervisor.#adopted}`
    const adopted = supervisor.#add({ id, Class: Actor as never, restart: 'temporary' })
    adopted.ref = ref
    supervisor.#byRef.set(ref.canonical, adopted)
  }

  static tryAgain(supervisor: Supervisor, failed: Child): void | Promise<void> {
    const isStill = supervisor.#children.get(failed.spec.id) === failed && failed.ref === null
    return isStill ? supervisor.#restart(failed) : undefined
  }

  async #toldToStop(exit: Exit): Promise<void> {
    const parent = Actor.cellOf(this).rare?.parent ?? null
    const isParent = exit.from === null || (parent !== null && parent.equals(exit.from))
    // Else it is of a stranger, or of a child that did not start.
    if (!isParent) return
    await this.#stopAll()
    this.stop(exit.reason)
  }

  // --- Children

  #add(spec: ChildSpec): Child {
    const added: Child = { spec, ref: null }
    this.#children.set(spec.id, added)
    return added
  }

  #mustKnow(id: string): Child {
    const known = this.#children.get(id)
    if (known === undefined) throw refused(`there is no ${id}`)
    return known
  }

  async #start(to: Child): Promise<void> {
    const { spec } = to
    const cell = Actor.cellOf(this)
    const { promise, resolve } = Promise.withResolvers<ExitReason | null>()
    const ref = this.system.start(
      spec.Class as ActorClass<Actor, readonly unknown[]>,
      spec.args ?? [],
      {
        parent: this.self,
        linkTo: cell,
        whenStarted: resolve,
        ...(spec.name !== undefined && { name: spec.name }),
      },
    )
    const failure = await promise
    if (failure !== null) throw new ActorDownError(ref.toString(), failure)
    to.ref = ref
    this.#byRef.set(ref, to)
  }

  async #restart(failed: Child): Promise<void> {
    if (this.#isStopping) return
    if (!this.#restarts.allows(this.system.clock.now())) {
      this.system.reportFailure(new HoldlineError('ERR_ACTOR_RESTARTS', failed.spec.id))
      await this.#stopAll()
      this.stop('shutdown')
      return
    }
    const others = await this.#stopWith(failed)
    for (const each of others) {
      try {
        await this.#start(each)
      } catch (error) {
        this.system.reportFailure(
          new HoldlineError('ERR_ACTOR_START', each.spec.id, { cause: reasonOf(error) }),
        )
        Actor.cellOf(this).accept(TRY_AGAIN, [each], null)
        return
      }
    }
  }

  /** Stops those that are started again with a child, in reverse, and answers with all of them, in order. */
  async #stopWith(failed: Child): Promise<Child[]> {
    if (this.#strategy === 'one_for_one') return [failed]
    const all = [...this.#children.values()]
    const group = this.#strategy === 'one_for_all' ? all : all.slice(all.indexOf(failed))
    const stopped: Child[] = []
    for (const each of group.reverse()) {
      const wasRunning = each.ref !== null
      if (each !== failed) await this.#stopChild(each)
      if (each.spec.restart !== 'temporary') stopped.unshift(each)
      else if (wasRunning) this.#children.delete(each.spec.id)
    }
    return stopped
  }

  async #stopAll(): Promise<void> {
    this.#isStopping = true
    for (const each of [...this.#children.values()].reverse()) await this.#stopChild(each)
  }

  /** Politely, then not. A monitor tells of the end even where the child has undone the link. */
  async #stopChild(running: Child): Promise<void> {
    const { ref, spec } = running
    if (ref === null) return
    running.ref = null
    this.#byRef.delete(ref.canonical)
    const monitor = this.monitor(ref)
    this.unlink(ref)
    await this.receive(({ method, args }) => method === 'exit' && isFrom(args[0], ref), {
      timeoutMs: 0,
    })
    const { shutdownMs = DEFAULT_SHUTDOWN_MS } = spec
    const isDown = (message: { method: string; args: readonly unknown[] }): boolean =>
      message.method === 'down' && (message.args[0] as Down).monitor === monitor
    this.sendExit(ref, shutdownMs === 0 ? 'kill' : 'shutdown')
    const down = await this.receive(isDown, { timeoutMs: shutdownMs === 0 ? Infinity : shutdownMs })
    if (down !== null) return
    this.sendExit(ref, 'kill')
    await this.receive(isDown)
  }
}

/** Whoever asked is told; the supervisor goes on. */
function refused(detail: string, cause?: unknown): Refusal {
  const options = cause === undefined ? undefined : { cause }
  return new Refusal(new HoldlineError('ERR_ACTOR_CHILD', detail, options))
}

function isFrom(exit: unknown, ref: AnyRef): boolean {
  const { from } = exit as Partial<Exit>
  return (from ?? null) !== null && from!.equals(ref)
}
