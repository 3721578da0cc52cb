// What a model is given of the other workers: bytes from one to another, and names that one worker of the machine has
// at a time. No implementation here.

/**
 * - Bytes from one worker to another MUST arrive in the order in which they were sent, each once, or not at all when one
 *   of the two ends; none after `workerGone`.
 * - A name MUST have at most one owner at any time. A worker that is gone owns nothing: `claim` in another worker,
 *   called from `workerGone`, MUST be able to get its names. An answer MUST NOT name a worker of which `workerGone` was
 *   told before, nor one that `send` says is gone: where the owner is about to end, the answer waits for its end.
 * - What one worker asks of names MUST be done in the order in which it asked.
 * - `send` MUST NOT keep the bytes it was given after it returns, and MUST NOT call a listener before it returns.
 * - Before `start` and after `stop` nothing is delivered, `send` says 'gone', and names are refused: ERR_MESH_STOPPED.
 *   `stop` MUST NOT drop what was sent before.
 */
export interface WorkerMesh {
  /** Number of this worker; no other worker of the machine has it, before or after. */
  readonly workerId: number
  /**
   * Takes part from now on; once. Resolves when this worker and all that started before it hear one another; names
   * that are asked for before that are asked for then.
   */
  start(listener: WorkerMeshListener): Promise<void>
  /**
   * Sends bytes; what a turn sends leaves in one write. `'queued'`: taken, and so much waits that the sender should hold
   * back until `drained`: nothing is dropped, so whoever goes on fills memory. `'gone'`: not taken, for there is no
   * such other worker, or it is about to end and `workerGone` will say so.
   *
   * @throws HoldlineError ERR_MESH_MESSAGE_TOO_BIG: above 64 MiB
   */
  send(workerId: number, bytes: Uint8Array): 'sent' | 'queued' | 'gone'
  /**
   * Makes this worker the owner of a name that has none. Answers with the number of whoever owns it now.
   *
   * Rejects with HoldlineError ERR_WORKER_NAME, ERR_WORKER_NAMES, ERR_MESH_STOPPED.
   */
  claim(name: string): Promise<number>
  /** Gives a name back; nothing happens where this worker does not own it. */
  release(name: string): void
  /** The owner of a name now; null: nobody. Rejects with HoldlineError ERR_WORKER_NAME, ERR_MESH_STOPPED. */
  ownerOf(name: string): Promise<number | null>
  /** Ends it for this worker; its names are free when its process has ended. */
  stop(): Promise<void>
}

/** What it throws is reported as uncaught, and takes nothing from others. */
export interface WorkerMeshListener {
  /** The bytes are borrowed until it returns. */
  message(from: number, bytes: Uint8Array): void
  /** Less waits for that worker: once after a run of `send`s that said 'queued', unless that worker is gone. */
  drained(workerId: number): void
  /** Once, last: that worker has ended, all that it sent was delivered, and its names are free. */
  workerGone(workerId: number): void
}

/** Longest name, in UTF-16 units. */
export const MAX_NAME_LENGTH = 1_024
/** Names that all workers of a machine may own together. */
export const MAX_NAMES = 1_000_000
/** Longest message from one worker to another, in bytes. */
export const MAX_MESH_MESSAGE_BYTES = 67_108_864
