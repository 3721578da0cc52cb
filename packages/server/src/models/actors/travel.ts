// How values and references leave a system and come into it: the codec, the table of references, the mesh. The one
// place that knows them all.

import type { WorkerMesh } from '../../connection/worker-mesh.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { ActorClasses } from './actor-classes.ts'
import type { Cell } from './cell.ts'
import { Ref } from './ref.ts'
import type { AnyRef, RefHost } from './ref.ts'
import { HERE, RefTable } from './ref-table.ts'
import type { Registry } from './registry.ts'
import { Remote } from './remote.ts'
import type { RemoteHost } from './remote.ts'
import { Unresolved } from './unresolved.ts'
import { ValueReader } from './value-reader.ts'
import { ValueWriter } from './value-writer.ts'
import type { Outward } from './value-writer.ts'
import { Tag } from './value-tag.ts'

/** What this needs of its system. */
export interface TravelHost extends RefHost {
  readonly current: Cell | null
  reportFailure(error: unknown): void
}

export class Travel implements RemoteHost, Outward {
  readonly refs: RefTable = new RefTable()
  readonly #host: TravelHost
  readonly #classes: ActorClasses
  readonly #registry: Registry
  #writer: ValueWriter | null = null
  #remote: Remote | null = null
  #mesh: WorkerMesh | null = null

  constructor(host: TravelHost, classes: ActorClasses, registry: Registry) {
    this.#host = host
    this.#classes = classes
    this.#registry = registry
  }

  get workerId(): number {
    return this.#mesh === null ? 0 : this.#mesh.workerId
  }

  /** Only after `join`. */
  get mesh(): WorkerMesh {
    return this.#mesh!
  }

  get sender(): Cell | null {
    return this.#host.current
  }

  reportFailure(error: unknown): void {
    this.#host.reportFailure(error)
  }

  join(mesh: WorkerMesh): Promise<void> {
    this.#mesh = mesh
    this.#remote = new Remote(this)
    const joined = mesh.start(this.#remote)
    this.#registry.join(mesh, this.#remote, joined)
    return joined
  }

  async stop(): Promise<void> {
    await this.#mesh?.stop()
  }

  /** The reference stands for an actor of another worker. */
  bind(ref: AnyRef, workerId: number, id: number): void {
    ref.id = id
    ref.away = this.#remote!.peer(workerId)
    const known = this.refs.find(workerId, id)
    if (known === undefined) this.refs.keep(workerId, ref)
    else ref.canonical = known
  }

  forget(cell: Cell): void {
    this.refs.forget(cell.id)
  }

  /** As it would arrive in another worker. */
  copy<T>(value: T): T {
    if (typeof value === 'string' || typeof value === 'number' || value === undefined) return value
    let copy: unknown
    this.write(
      (writer) => writer.value(value),
      (bytes) => {
        copy = new ValueReader(bytes, this).value()
      },
    )
    return copy as T
  }

  write(fill: (writer: ValueWriter) => void, send: (bytes: Uint8Array) => void): void {
    // A getter of the program's may send while its object is written, or an actor be started while one is read.
    const writer = this.#writer ?? new ValueWriter(this)
    this.#writer = null
    try {
      writer.begin()
      fill(writer)
      send(writer.taken())
    } finally {
      this.#writer = writer
    }
  }

  // --- Outward

  /** For the writer: references, and classes of actors. */
  outward(value: object, writer: ValueWriter): boolean {
    if (value instanceof Ref) {
      this.#writeRef(value as AnyRef, writer)
      return true
    }
    const name = this.#classes.nameOf(value)
    if (name === null) return false
    writer.byte(Tag.CLASS)
    writer.text(name)
    return true
  }

  #writeRef(ref: AnyRef, writer: ValueWriter): void {
    if (ref.host !== this.#host)
      throw new HoldlineError('ERR_ACTOR_MESSAGE', "another system's reference")
    if (ref.away instanceof Unresolved) {
      writer.byte(Tag.KEYED_REF)
      writer.text(ref.actorName)
      writer.text(ref.away.key)
      return
    }
    if (ref.away === null) this.refs.expose(ref)
    writer.byte(Tag.REF)
    writer.count(ref.away === null ? this.workerId : ref.workerId!)
    writer.count(ref.id)
    writer.text(ref.actorName)
  }

  // --- Inward

  ref(workerId: number, id: number, actorName: string): AnyRef {
    const isHere = workerId === this.workerId
    const place = isHere ? HERE : workerId
    const known = isHere
      ? (this.refs.cell(id)?.ref ?? this.refs.find(HERE, id))
      : this.refs.find(place, id)
    if (known !== undefined) return known.canonical
    const protocol =
      this.#classes.named(actorName) === undefined ? null : this.#host.protocolNamed(actorName)
    const ref = new Ref(this.#host, id, actorName, protocol)
    if (!isHere) ref.away = this.#remote!.peer(workerId)
    this.refs.keep(place, ref)
    return ref
  }

  keyedRef(actorName: string, key: string): AnyRef {
    return this.#registry.keyed(actorName, key)
  }

  actorClass(actorName: string): unknown {
    const Class = this.#classes.named(actorName)
    if (Class === undefined)
      throw new HoldlineError('ERR_ACTOR_CLASS_NAME', `${actorName} is not known here`)
    return Class
  }

  keyed(actorName: string, key: string): Promise<number> {
    return this.#registry.owned(actorName, key).then((id) => {
      if (id !== 0) this.refs.expose(this.#registry.keyed(actorName, key))
      return id
    })
  }
}
