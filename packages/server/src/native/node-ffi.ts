// Whether node:ffi can be used in this thread, and the module where it can: the one door to what is not memory-safe.
// Knows no function of the kernel's.

import type * as FfiModule from 'node:ffi'
import { isMainThread } from 'node:worker_threads'

export type Ffi = typeof FfiModule

/**
 * Why nothing that watches a descriptor through `node:ffi` can run here; null when it can.
 *
 * @param what Whose it is, for the reason: `io_uring`.
 * @param version Of Node, from which on it has what is needed.
 */
export function whyNoFfi(what: string, version: string): string | null {
  if (process.platform !== 'linux') return `${what} is Linux's; this is ${process.platform}`
  // Node aborts when a worker ends with a handle that it does not know, and `terminate` lets nobody close it before.
  if (!isMainThread) return 'a worker thread that is terminated would abort the whole process'
  if (nodeFfi() === null) {
    return `this Node (${process.version}) has no node:ffi; it needs ${version}, without --no-experimental-ffi`
  }
  return null
}

let loaded: Ffi | null | undefined

/** Without the warning that it is experimental: who uses it says so. null: there is none. */
export function nodeFfi(): Ffi | null {
  if (loaded !== undefined) return loaded
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => {}
  try {
    const module = process.getBuiltinModule('node:ffi') as Ffi | undefined
    // Probed at once: Node may be built with the module and without what it needs.
    if (module !== undefined) void module.getCurrentEventLoop()
    loaded = module ?? null
  } catch {
    loaded = null
  } finally {
    process.emitWarning = emitWarning
  }
  return loaded
}
