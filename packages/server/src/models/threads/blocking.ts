// What the module of a thread exports: the function that is run for each connection.

import type { Contract } from '../../connection/contract.ts'
import type { Session } from './session.ts'

/** For a registered symbol: the module may have been given another copy of this package. */
const BLOCKING: unique symbol = Symbol.for('holdline.blocking')

/**
 * Runs for one connection, in a thread that runs nothing else meanwhile; the connection is closed when it returns.
 * A promise is awaited, but nothing of the connection is heard while `recv` blocks, so that is hardly what you want:
 * asynchronous code belongs in another model, which needs no thread.
 */
export type BlockingFunction<C extends Contract | undefined, Data> = (
  session: Session<C, Data>,
) => void | Promise<void>

export interface BlockingHandler {
  readonly [BLOCKING]: true
  readonly contract: Contract | undefined
  readonly run: BlockingFunction<Contract | undefined, unknown>
}

/** The default export of a thread's module. */
export function blocking<Data = unknown>(run: BlockingFunction<undefined, Data>): BlockingHandler
/** With messages of a contract: validated both ways in the thread, where it keeps nobody else. */
export function blocking<C extends Contract, Data = unknown>(
  agreed: C,
  run: BlockingFunction<C, Data>,
): BlockingHandler
export function blocking(
  first: Contract | BlockingHandler['run'],
  second?: BlockingHandler['run'],
): BlockingHandler {
  const handler: BlockingHandler =
    second === undefined
      ? { [BLOCKING]: true, contract: undefined, run: first as BlockingHandler['run'] }
      : { [BLOCKING]: true, contract: first as Contract, run: second }
  return Object.freeze(handler)
}

/** Whether a module's default export is what `blocking` gave. */
export function isBlockingHandler(value: unknown): value is BlockingHandler {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, BLOCKING)
}
