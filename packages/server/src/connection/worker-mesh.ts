// What a model is given of the other workers: bytes from one to another, and names that one worker of the machine has
// at a time. No implementation here.

/**
 * - Bytes from one worker to another MUST arrive in the order in which they were sent, each once, or not at all when one
 *   of the two ends; none after `workerGone`.
 * - A name MUST have at most one owner at any time. A worker that is gone owns nothing: `claim` in another worker,
 *   called from `workerGone`, MUST be able to get its names.
 * - `send` MUST NOT keep the bytes it was given after it returns, and MUST NOT call a listener before it returns.
 */
export interface WorkerMesh {
  /** Number of this worker; no other worker of the machine has it, before or after. */
  readonly workerId: number
  /** Takes part from now on; once. Resolves when this worker and all that started before it hear one another. */
  start(listener: WorkerMeshListener): Promise<void>
  /**
   * Sends bytes; what a turn sends leaves in one write. `'queued'`: taken, and so much waits that the sender should hold
   * back until `drained`. `'gone'`: there is no such worker, or none any more.
   */
  send(workerId: number, bytes: Uint8Array): 'sent' | 'queued' | 'gone'
  /** Makes this worker the owner of a name that has none. Answers with the number of whoever owns it now. */
  claim(name: string): Promise<number>
  /** Gives a name back; nothing happens where this worker does not own it. */
  release(name: string): void
  /** The owner of a name now; null: nobody. */
  ownerOf(name: string): Promise<number | null>
  stop(): Promise<void>
}

export interface WorkerMeshListener {
  /** The bytes are borrowed until it returns. */
  message(from: number, bytes: Uint8Array): void
  /** Less waits for that worker, after a `send` that said 'queued'. */
  drained(workerId: number): void
  /** Once, last: that worker has ended, and its names are free. */
  workerGone(workerId: number): void
}
