// What runs in each thread: it loads the route's module once, and then runs its handler for one connection after the
// other. Between two of them the thread is in its event loop.

import { parentPort, workerData } from 'node:worker_threads'
import type { Contract } from '../../connection/contract.ts'
import { isPromise } from '../../connection/is-promise.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { BlockingHandler } from './blocking.ts'
import { isBlockingHandler } from './blocking.ts'
import { formatError, ParcelKind } from './parcel-kind.ts'
import type { SessionStart } from './session.ts'
import { Session } from './session.ts'
import { ThreadEnd } from './thread-end.ts'
import type { ThreadMemory } from './thread-memory.ts'

/** What a thread is given when it starts. */
export interface ThreadSetup {
  readonly moduleUrl: string
  /** Whether the route has a contract, and so the module has to have one. */
  readonly isTyped: boolean
  readonly canPublish: boolean
  readonly memory: ThreadMemory
}

/** @throws HoldlineError ERR_THREAD_MODULE */
export async function loadHandler(moduleUrl: string, isTyped: boolean): Promise<BlockingHandler> {
  const module = await import(moduleUrl).then(
    (loaded: { default?: unknown }) => loaded,
    (cause: unknown) => {
      throw new HoldlineError('ERR_THREAD_MODULE', moduleUrl, { cause })
    },
  )
  const handler = module.default
  if (!isBlockingHandler(handler)) {
    throw new HoldlineError('ERR_THREAD_MODULE', `${moduleUrl} has no such default export`)
  }
  if (isTyped && handler.contract === undefined) {
    const detail = `the route of ${moduleUrl} has a contract, and its handler none`
    throw new HoldlineError('ERR_THREAD_MODULE', detail)
  }
  return handler
}

/** Serves one connection from its beginning until the handler is done, and says so to the loop. */
export async function runSession(
  load: () => Promise<BlockingHandler>,
  end: ThreadEnd,
  start: SessionStart,
  canPublish: boolean,
): Promise<void> {
  let failure: string | null = null
  try {
    const handler = await load()
    const session = new Session<Contract | undefined>(end, start, handler.contract, canPublish)
    const result: unknown = handler.run(session)
    if (isPromise(result)) await result
  } catch (error) {
    failure = formatError(error)
  }
  if (failure === null) end.deliver(ParcelKind.DONE, '')
  else end.deliver(ParcelKind.FAILED, failure)
  // What the handler left behind (a timer, a promise) may still hold the session.
  end.retire()
}

function main(port: NonNullable<typeof parentPort>): void {
  const { moduleUrl, isTyped, canPublish, memory } = workerData as ThreadSetup
  let loaded: Promise<BlockingHandler> | null = null
  const load = (): Promise<BlockingHandler> => (loaded ??= loadHandler(moduleUrl, isTyped))
  const call = (): void => port.postMessage(null)
  port.on('message', (start: SessionStart) => {
    void runSession(load, new ThreadEnd(memory, call), start, canPublish)
  })
}

const isThread = parentPort !== null && isSetup(workerData)
if (isThread) main(parentPort!)

/** Tests load this module too, which may run in a worker of another kind. */
function isSetup(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'moduleUrl' in data && 'memory' in data
}
