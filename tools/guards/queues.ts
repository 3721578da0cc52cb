// The guards of dispatch queues: what may start when, what threads may do, and what a route owes its connections.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const queues = 'packages/server/src/models/queues'
const tests = 'packages/server/test/models/queues'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${queues}/dispatch-queue.ts`,
    [`${tests}/dispatch-queue.test.ts`],
    [
      [
        'a queue may be its own target',
        "if (queue === this) throw new HoldlineError('ERR_QUEUE_CYCLE', this.label)",
      ],
      [
        'the target changes under blocks that run',
        "if (this.#isActive) throw new HoldlineError('ERR_QUEUE_ACTIVE', this.label)",
      ],
      [
        'a target has another clock',
        'if (target !== null && target.#scheduler !== this.#scheduler) {',
        'if (target !== null && target.width === 0) {',
      ],
      [
        'resume goes below zero',
        "if (this.#suspensions === 0) throw new HoldlineError('ERR_QUEUE_RESUME', this.label)",
      ],
      [
        'a full queue grows',
        'if (this.#waitingCount >= this.#limit) {',
        'if (this.#waitingCount < 0) {',
      ],
      ['suspended queues go on', 'this.#suspensions === 0 &&\n'],
      ['a queue has any width', 'this.#runningCount < this.width &&\n'],
      ['blocks run beside a barrier', '&&\n      !this.#isBarrierRunning', ''],
      [
        'a barrier does not wait for those before it',
        'return this.#runningCount === 0 || !(first instanceof Work && first.isBarrier)',
        'return true',
      ],
      [
        'sync on the current queue passes for a busy one',
        'if (this.#isBarrierRunning || this.#runningCount >= this.width) return true',
      ],
      ['sync that may not run stays in the queue', 'this.callOff(work)\n    throw', 'throw'],
      [
        'sync runs what others add for ever',
        'while (!work.hasRun && this.isReadyToBase) {',
        'while (!work.hasRun) {',
      ],
      [
        'an urgent queue waits as its target does',
        'if (level >= this.ownLevel) return\n',
        'if (level >= 0) return\n',
      ],
      [
        'a barrier that is called off holds those behind it',
        '// It may have been a barrier, and those behind it need not wait any more.\n    this.offer()',
      ],
      [
        'a block that runs is called off',
        "work.onStart = () => signal.removeEventListener('abort', onAbort)",
      ],
    ],
  ),
  ...guardsOf(
    `${queues}/work.ts`,
    [`${tests}/dispatch-queue.test.ts`, `${tests}/work.test.ts`],
    [
      [
        'a foreign thenable ends a block twice',
        'Promise.resolve(result).then(',
        '(result as Promise<unknown>).then(',
      ],
      ['a failed onError loses its error', 'reportLost(error)\n  }\n  work', '}\n  work'],
    ],
  ),
  ...guardsOf(
    `${queues}/qos.ts`,
    [`${tests}/qos.test.ts`, `${tests}/scheduler.test.ts`],
    [
      [
        'what is not urgent starves',
        'if (level > 0 && this.#passedOver[level]! >= PATIENCE[level]!) return level',
      ],
    ],
  ),
  ...guardsOf(
    `${queues}/scheduler.ts`,
    [`${tests}/scheduler.test.ts`],
    [
      [
        'blocks starve I/O',
        'this.#startedBlocks >= this.#budget.blocks ||',
        'this.#startedBlocks < 0 ||',
      ],
      [
        'long blocks starve I/O',
        'this.clock.now() - this.#turnStartMs >= this.#budget.ms',
        'this.#startedBlocks < 0',
      ],
      [
        'who awaits a block waits for all others',
        'for (let left = BATCH_BLOCKS; left > 0 && !this.#isSpent; left--) {',
        'while (!this.#isSpent) {',
      ],
    ],
  ),
  ...guardsOf(
    `${queues}/group.ts`,
    [`${tests}/group.test.ts`],
    [
      [
        'a group is left more often than entered',
        "if (this.#count === 0) throw new HoldlineError('ERR_GROUP_LEAVE')",
      ],
      [
        'failures that nobody asks for fill the memory',
        'if (this.#failures.length < MAX_FAILURES) ',
      ],
    ],
  ),
  ...guardsOf(
    `${queues}/connection-queue.ts`,
    [`${tests}/connection-queue.test.ts`, `${tests}/dispatch.test.ts`],
    [
      ['the line is never held back', 'this.#connection.pauseFor(PausedBy.MODEL)'],
      [
        'the line is held back for ever',
        'if (this.#waitingMessages === 0) this.#connection.resumeFor(PausedBy.MODEL)',
      ],
      [
        'bytes that wait are overwritten',
        "typeof message === 'string' ? message : message.slice()",
        'message',
      ],
      ['messages behind a failed one are handled', 'this.#isStopped = true\n'],
      [
        'a connection keeps its queue for ever',
        'if (this.isIdle) this.#handlers.idle(this.#connection)',
      ],
    ],
  ),
  ...guardsOf(
    `${queues}/dispatch.ts`,
    [`${tests}/dispatch.test.ts`],
    [
      ['messages overtake those that wait', 'if (held !== null && held.own !== null) return false'],
      [
        'a handler that threw holds the shared queue for ever',
        'else if (target !== null) target.leave()',
      ],
      [
        'code after a handler passes for a block of its queue',
        'if (target !== null) leaveInline()',
      ],
    ],
  ),
  ...guardsOf(
    `${queues}/pool.ts`,
    [`${tests}/pool.test.ts`],
    [
      [
        'tasks that wait for a thread that cannot start wait for ever',
        'for (const task of this.#running) task.outcome.reject(threadEnded(task.call.name, error))',
      ],
      [
        'a task that waits cannot be called off',
        'this.#waiting.remove(task)\n      outcome.reject(signal!.reason as Error)',
      ],
      [
        'a closed pool takes tasks',
        "if (this.#isClosed) throw new HoldlineError('ERR_POOL_CLOSED')",
      ],
      [
        'close does not wait for the tasks it has',
        'if (this.#accepted > 0) await this.#emptied.promise',
      ],
    ],
  ),
  ...guardsOf(
    `${queues}/pool-thread.ts`,
    [`${tests}/pool-thread.test.ts`],
    [
      [
        'a task is found on the prototype',
        'Object.hasOwn(module, name) ? module[name] : undefined',
        '(Object.prototype as never)[name] ?? module[name]',
      ],
    ],
  ),
]
