// The guards of the CSP model: its channels, select, timers, contexts and groups, and the task of a connection.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const csp = 'packages/server/src/models/csp'
const tests = 'packages/server/test/models/csp'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${csp}/channel.ts`,
    [`${tests}/channel.test.ts`, `${tests}/channel-model.test.ts`],
    [
      [
        'a channel may have any capacity',
        '!Number.isInteger(capacity) || capacity < 0 || capacity > MAX_CAPACITY',
        'capacity > Infinity',
      ],
      [
        'a channel is closed twice',
        "if (this.#isClosed) throw new HoldlineError('ERR_CHANNEL_CLOSED_TWICE')",
      ],
      [
        'close leaves receivers waiting',
        '      one.complete(undefined, false)\n',
        '      void one\n',
      ],
      ['close leaves senders waiting', 'one.fail(new', 'void (new'],
      [
        'a value is sent on a closed channel',
        "if (this.#isClosed) throw new HoldlineError('ERR_CHANNEL_CLOSED')\n    const",
        'const',
      ],
      ['a buffer grows without bound', 'buffer.length < this.capacity', 'buffer.length < Infinity'],
      [
        'a receive makes no room for who waits to send',
        '        buffer.push(sender.value as T)\n        sender.complete(undefined, true)\n',
      ],
    ],
  ),
  ...guardsOf(
    `${csp}/ring.ts`,
    [`${tests}/ring.test.ts`],
    [['what was received is kept alive', '    this.#slots[head] = undefined\n']],
  ),
  ...guardsOf(
    `${csp}/select.ts`,
    [`${tests}/select.test.ts`],
    [
      ['the cases that lost leave waiters behind', 'waiter.leave()', 'void waiter'],
      ['the first case that is ready always wins', 'random() * readyCount < 1', 'random() < 0'],
      ['the last case that is ready mostly wins', 'random() * readyCount < 1', 'random() < 0.5'],
      [
        'a context that has ended is not looked at',
        'if (ctx !== null && ctx.err !== null) throw ctx.err',
      ],
      [
        'a context that ends leaves a select waiting',
        'if (ctx !== null) this.#join(ctx.done, new Ended(this, ctx))',
      ],
      [
        'what is no case waits for ever',
        "throw new HoldlineError('ERR_SELECT_CASE', key)",
        'return false',
      ],
    ],
  ),
  ...guardsOf(
    `${csp}/select.ts`,
    [`${tests}/line-sink.test.ts`],
    [
      [
        'a case that cannot be waited for leaves the others waiting',
        'this.fail(error as Error)\n    }\n  }\n\n  #join',
        'this.#resolve(failed(error as Error))\n    }\n  }\n\n  #join',
      ],
    ],
  ),
  ...guardsOf(
    `${csp}/turn-budget.ts`,
    [`${tests}/turn-budget.test.ts`],
    [
      [
        'tasks that find one another ready hold the event loop',
        'nowMs - turnSinceMs >= TURN_MS',
        'nowMs < turnSinceMs',
      ],
    ],
  ),
  ...guardsOf(
    `${csp}/timers.ts`,
    [`${tests}/timers.test.ts`],
    [
      [
        'a timer that nobody waits for runs on',
        'deserted: () => this.#disarm()',
        'deserted: () => {}',
      ],
      ['ticks that nobody took come all at once', 'Math.max(missed, 0) + 1', '1'],
      ['a late receiver overtakes one who waits', 'this.receivers.isEmpty && isDue', 'isDue'],
      ['a second who waits for a ticker is forgotten', 'if (!this.receivers.isEmpty) this.#arm()'],
    ],
  ),
  ...guardsOf(
    `${csp}/alarm.ts`,
    [`${tests}/alarm.test.ts`],
    [
      [
        'a timer that comes early is taken for due',
        'if (isDue(clock, dueMs)) f()\n    else arm()',
        'f()',
      ],
      ['far moments come at once', 'Math.min(leftMs, LONGEST_TIMER_MS)', 'leftMs'],
    ],
  ),
  ...guardsOf(
    `${csp}/context.ts`,
    [`${tests}/context.test.ts`],
    [
      [
        'a context ends twice',
        'if (this.ending !== null) return\n    const ending',
        'const ending',
      ],
      ['a scope that ended stays in its parent', '    this.#leaveParent()\n    for', '    for'],
      ['a scope that ended keeps its timer', '      one.#letGo?.()\n'],
      [
        'the root keeps all scopes alive',
        'if (!parent.#isRoot) this.#joinParent(parent)',
        'this.#joinParent(parent)',
      ],
      ['the end does not go downward', 'ended.push(child)', 'void child'],
    ],
  ),
  ...guardsOf(
    `${csp}/task-group.ts`,
    [`${tests}/task-group.test.ts`],
    [
      ['a group may run any number at once', 'this.#runningCount >= this.#limit ||', ''],
      ['the first error does not end the others', '    this.#scope.cancel(error)\n'],
      ['a later error hides the first', 'this.#failure ??= {', 'this.#failure = {'],
      [
        'a task outlives its group',
        '    this.#isEnded = true\n    this.#idle.close()',
        '    this.#idle.close()',
      ],
      [
        'a block is left while its tasks run',
        '    this.cancel()\n    await this.#untilIdle()',
        '    this.cancel()',
      ],
      ['that tasks were told to end is a failure', 'if (!this.#failure.isEnd) throw', 'throw'],
    ],
  ),
  ...guardsOf(
    `${csp}/line-source.ts`,
    [`${tests}/line-source.test.ts`],
    [
      ['a task has bytes that change', "typeof data === 'string' ? data : data.slice()", 'data'],
      ['messages that wait fill the memory', 'this.#connection.pauseFor(PausedBy.MODEL)'],
      ['bytes that wait fill the memory', ' || this.#keptBytes >= MAX_WAITING_BYTES'],
      ['the line is never read again', 'this.#connection.resumeFor(PausedBy.MODEL)'],
      ['what was taken counts for ever', '    this.#keptBytes -= bytes\n'],
      ['a message that was answered is received', '    if (message === UNFIT) return\n'],
    ],
  ),
  ...guardsOf(
    `${csp}/line-sink.ts`,
    [`${tests}/line-sink.test.ts`],
    [
      [
        'a send does not wait for room',
        "this.#isFull = result === 'queued'",
        'this.#isFull = false',
      ],
      [
        'a message to a connection that is gone passes for sent',
        "if (result === 'closed') throw new HoldlineError('ERR_CONNECTION_CLOSED')",
      ],
      [
        'a send waits for ever when the connection is gone',
        "one.fail(new HoldlineError('ERR_CONNECTION_CLOSED'))",
        'void one',
      ],
      ['a send that nobody awaits takes the process along', 'sending.catch(() => {})'],
      [
        'those who wait send more than there is room for',
        '!this.#isFull && !senders.isEmpty',
        '!senders.isEmpty',
      ],
    ],
  ),
  ...guardsOf(
    `${csp}/task.ts`,
    [`${tests}/task.test.ts`],
    [
      ['a task that returned leaves its connection open', '    this.#connection.close(1000)\n'],
      [
        'a task that failed leaves its connection open',
        "this.#connection.fail('ERR_HANDLER', error)",
      ],
      [
        'the end of a connection is a failure of its task',
        'if (!this.#connection.isOpen && this.#isOwnEnd(error)) return',
      ],
      [
        'a failure after the end is swallowed',
        'this.#connection.isOpen && this.#isOwnEnd(error)',
        'this.#connection.isOpen',
      ],
      ['a task never hears of the end of its connection', '    this.rx.end()\n'],
      [
        'the context of a task outlives its connection',
        '    this.tx.end()\n    this.#tellContext()\n',
        '    this.tx.end()\n',
      ],
    ],
  ),
]
