// The contract between the loop and what knows of readiness: epoll, node:net, or a simulation. Everything above it is
// the same for all three.

import type { LineAddress } from './address.ts'

export const Backend = { EPOLL: 'epoll', NET: 'net', SIM: 'sim' } as const
export type Backend = (typeof Backend)[keyof typeof Backend]

/** `what` is READ, WRITE or both: at least one of those that the descriptor was armed for. */
export type OnReady = (fd: number, what: number) => void

/**
 * Descriptors are small integers, used again after `close`. A kernel trusts its caller: the loop hands it only
 * descriptors that are open. Results below zero are negated errnos (flags.ts); nothing here throws but where it says so.
 */
export interface Kernel {
  readonly backend: Backend
  /** Resolves with a descriptor whose READ means that `accept` has something. @throws HoldlineError ERR_LISTEN_… */
  listen(at: LineAddress, backlog: number): Promise<number>
  /** A new line's descriptor, AGAIN where none waits, or why none could be taken: EMFILE and its like. */
  accept(fd: number): number
  /** At once. The first WRITE means: connected, or failed and `takeError` says how. Below zero: no descriptor. */
  connect(to: LineAddress): number
  /** Takes over a descriptor of the process; gives its number here, or why not. */
  adopt(fd: number): number
  localAddress(fd: number): LineAddress
  remoteAddress(fd: number): LineAddress

  /** Watches for `interest`, READ | WRITE | EDGE | ONESHOT, from now on instead of what was watched for before. */
  arm(fd: number, interest: number): number
  disarm(fd: number): void
  /** Tells what is ready now, each descriptor at most once, and gives their number. Never waits. */
  poll(onReady: OnReady): number

  read(fd: number, target: Uint8Array): number
  write(fd: number, bytes: Uint8Array): number
  /** The error that waits on a line, 0 for none; asking takes it away (SO_ERROR). */
  takeError(fd: number): number
  /** Ends the sending direction, behind what was written. */
  endWriting(fd: number): void
  /** What was written still leaves. */
  close(fd: number): void

  /** From now on calls `wake` whenever `poll` would find something; null: no more. */
  wakeBy(wake: (() => void) | null): void
  /** Whether what is watched keeps the process alive. */
  setReferenced(isReferenced: boolean): void
  /** Calls `f` for each of these signals; the result ends that. */
  onSignal(name: NodeJS.Signals, f: () => void): () => void
  /** Gives back what the kernel itself holds; every descriptor has been closed. */
  release(): void
}
