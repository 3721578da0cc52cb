// Links, which end actors together, and monitors, which tell of an end: who is bound to whom, and the signals that
// follow from it. Their order is that of all else from one actor to another.

import type { Cell } from './cell.ts'
import type { ExitReason } from './exit-reason.ts'
import type { AnyRef } from './ref.ts'

/** Who is told of an end. */
export interface Watcher {
  down(monitor: Monitor, reason: ExitReason): void
}

/** One call of `monitor`. It tells at most once. */
export class Monitor {
  readonly ref: AnyRef
  readonly watcher: Watcher
  isTold = false
  /** It tells nothing any more, what waits in the mailbox included. */
  isTakenBack = false
  /** What another worker calls it; 0 where both are here. */
  remoteId = 0

  constructor(ref: AnyRef, watcher: Watcher) {
    this.ref = ref
    this.watcher = watcher
  }

  tell(reason: ExitReason): void {
    if (this.isTold || this.isTakenBack) return
    this.isTold = true
    this.watcher.down(this, reason)
  }
}

/** To whom an actor is bound; most are to nobody. */
export class Relations {
  readonly links: Set<AnyRef> = new Set()
  /** Those who are told when it ends. */
  readonly watchers: Set<Monitor> = new Set()
  /** Those of whose end it is told. */
  readonly watching: Set<Monitor> = new Set()
}

export function link(cell: Cell, to: AnyRef): void {
  const ref = to.canonical
  if (ref === cell.ref) return
  if (ref.cell !== null) {
    cell.related().links.add(ref)
    ref.cell.related().links.add(cell.ref)
  } else if (ref.away !== null) ref.away.link(ref, cell)
  else cell.exitSignal(ref, 'noproc', false)
}

export function unlink(cell: Cell, from: AnyRef): void {
  const ref = from.canonical
  cell.relations?.links.delete(ref)
  if (ref.cell !== null) ref.cell.relations?.links.delete(cell.ref)
  else if (ref.away !== null) ref.away.unlink(ref, cell)
}

/** Sends an exit signal. */
export function exit(to: AnyRef, from: AnyRef | null, reason: ExitReason): void {
  if (to.cell !== null) to.cell.exitSignal(from, copied(to, reason), false)
  else if (to.away !== null) to.away.exit(to, from, reason, false)
}

export function watch(monitor: Monitor): void {
  const { ref } = monitor
  if (ref.cell !== null) ref.cell.related().watchers.add(monitor)
  else if (ref.away !== null) ref.away.monitor(monitor)
  else monitor.tell('noproc')
}

/** It tells nothing from now on, what is on its way included. */
export function unwatch(monitor: Monitor): void {
  monitor.isTakenBack = true
  if (monitor.isTold) return
  const { ref } = monitor
  if (ref.cell !== null) ref.cell.relations?.watchers.delete(monitor)
  else if (ref.away !== null) ref.away.demonitor(monitor)
}

/** The end of an actor, told to all who are bound to it. Its names are free by now. */
export function tellOfEnd(self: AnyRef, relations: Relations, reason: ExitReason): void {
  for (const ref of relations.links) {
    if (ref.cell !== null) ref.cell.exitSignal(self, copied(ref, reason), true)
    else if (ref.away !== null) ref.away.exit(ref, self, reason, true)
  }
  for (const monitor of relations.watching) unwatch(monitor)
  for (const monitor of relations.watchers) monitor.tell(copied(monitor.ref, reason))
}

function copied(ref: AnyRef, reason: ExitReason): ExitReason {
  return ref.host.serializes ? ref.host.copy(reason) : reason
}
