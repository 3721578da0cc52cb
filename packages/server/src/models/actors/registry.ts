// Names of actors: those given in one worker, and those by class and key, which have one owner on the machine and are
// started when first asked for.

import type { WorkerMesh } from '../../connection/worker-mesh.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { Cell } from './cell.ts'
import { reasonOf } from './exit-reason.ts'
import { Monitor, watch } from './links-and-monitors.ts'
import type { Remote } from './remote.ts'
import type { AnyRef, Ref } from './ref.ts'
import { Unresolved } from './unresolved.ts'

/** Owners asked for, one after the other, while actors end as fast as they are found. */
const MAX_TRIES = 100

/** What a registry needs of its system. */
export interface RegistryHost {
  /** Starts the actor of a key as the one that a reference stands for. */
  startKeyed(ref: AnyRef, key: string): void
  newRef(actorName: string): AnyRef
  /** The actor is in another worker. */
  bindRemote(ref: AnyRef, workerId: number, id: number): void
  reportFailure(error: unknown): void
}

interface Mesh {
  readonly mesh: WorkerMesh
  readonly remote: Remote
  readonly joined: Promise<void>
}

export class Registry {
  readonly #host: RegistryHost
  readonly #names = new Map<string, AnyRef>()
  readonly #keyed = new Map<string, AnyRef>()
  readonly #resolving = new Map<string, Promise<void>>()
  #mesh: Mesh | null = null

  constructor(host: RegistryHost) {
    this.#host = host
  }

  // --- Names in this worker

  register(name: string, ref: AnyRef): void {
    const owner = this.#names.get(name)
    if (owner !== undefined && !owner.equals(ref)) {
      throw new HoldlineError('ERR_ACTOR_NAME_TAKEN', `${name}, which is ${owner.toString()}'s`)
    }
    const { cell } = ref
    if (cell === null)
      throw new HoldlineError('ERR_ACTOR_NAME_UNKNOWN', `${ref.toString()} is not here`)
    if (owner !== undefined) return
    this.#names.set(name, ref)
    const rare = cell.rarely()
    rare.names ??= []
    rare.names.push(name)
  }

  unregister(name: string): void {
    const names = this.#names.get(name)?.cell?.rare?.names
    names?.splice(names.indexOf(name), 1)
    this.#names.delete(name)
  }

  named(name: string): AnyRef | null {
    return this.#names.get(name) ?? null
  }

  /** The names of a dead actor are free. */
  forget(cell: Cell): void {
    const { rare } = cell
    for (const name of rare?.names ?? []) this.#names.delete(name)
    const key = rare?.key ?? null
    if (key === null) return
    const place = placeOf(cell.kind.name, key)
    if (this.#keyed.get(place) !== cell.knownRef) return
    this.#keyed.delete(place)
    this.#mesh?.mesh.release(place)
  }

  // --- Class and key on the machine

  keyed<A>(actorName: string, key: string): Ref<A> {
    const place = placeOf(actorName, key)
    const known = this.#keyed.get(place)
    if (known !== undefined && !known.isDead) return known
    const ref = this.#host.newRef(actorName)
    this.#keyed.set(place, ref)
    if (this.#mesh === null) this.#start(ref, place, key)
    else {
      const unresolved = new Unresolved(actorName, key, (error) => this.#host.reportFailure(error))
      ref.away = unresolved
      const resolving = this.#resolve(ref, unresolved, place, this.#mesh).finally(() => {
        if (this.#resolving.get(place) === resolving) this.#resolving.delete(place)
      })
      this.#resolving.set(place, resolving)
    }
    return ref
  }

  /** The number of the actor that has a key in this worker, for another one; 0: it has none, or not any more. */
  async owned(actorName: string, key: string): Promise<number> {
    const place = placeOf(actorName, key)
    await this.#resolving.get(place)
    const ref = this.#keyed.get(place)
    return ref === undefined || ref.cell === null ? 0 : ref.id
  }

  /** From now on keys belong to the machine. What was started before is claimed. */
  join(mesh: WorkerMesh, remote: Remote, joined: Promise<void>): void {
    this.#mesh = { mesh, remote, joined }
    for (const [place, ref] of this.#keyed) {
      this.#claim(place, ref).catch((error: unknown) => this.#host.reportFailure(error))
    }
  }

  async #claim(place: string, ref: AnyRef): Promise<void> {
    const { mesh, joined } = this.#mesh!
    await joined
    if (ref.isDead || (await mesh.claim(place)) === mesh.workerId) return
    ref.cell?.terminate('shutdown')
    throw new HoldlineError('ERR_ACTOR_NAME_TAKEN', `${place}, by another worker`)
  }

  #start(ref: AnyRef, place: string, key: string): void {
    try {
      this.#host.startKeyed(ref, key)
    } catch (error) {
      if (this.#keyed.get(place) === ref) this.#keyed.delete(place)
      throw error
    }
  }

  async #resolve(ref: AnyRef, waiting: Unresolved, place: string, at: Mesh): Promise<void> {
    try {
      await at.joined
      await this.#bind(ref, waiting, place, at)
    } catch (error) {
      ref.away = null
      if (this.#keyed.get(place) === ref) this.#keyed.delete(place)
      this.#host.reportFailure(error)
      waiting.resolved(reasonOf(error))
    }
  }

  /** What waits goes on in the same breath: nothing may overtake it. */
  async #bind(ref: AnyRef, waiting: Unresolved, place: string, at: Mesh): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const owner = await at.mesh.claim(place)
      if (owner === at.mesh.workerId) {
        try {
          this.#start(ref, place, waiting.key)
        } catch (error) {
          at.mesh.release(place)
          throw error
        }
        waiting.resolved(null)
        return
      }
      const id = await at.remote.peer(owner).resolve(ref.actorName, waiting.key)
      if (id !== 0) {
        this.#host.bindRemote(ref, owner, id)
        waiting.resolved(null)
        this.#forgetWithIt(ref, place)
        return
      }
    }
    throw new HoldlineError('ERR_ACTOR_SYSTEM', `${place}: no owner after ${MAX_TRIES} tries`)
  }

  /** When the actor ends in its worker, the next `keyed` looks for another one. */
  #forgetWithIt(ref: AnyRef, place: string): void {
    const down = (): void => {
      ref.away = null
      if (this.#keyed.get(place) === ref) this.#keyed.delete(place)
    }
    watch(new Monitor(ref, { down }))
  }
}

/** What the owner of a key is claimed as. The name of a class has no slash. */
function placeOf(actorName: string, key: string): string {
  return `actor:${actorName}/${key}`
}
