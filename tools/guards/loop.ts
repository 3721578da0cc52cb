// The guards of the raw event loop.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const source = 'packages/server/src/models/loop'
const tests = 'packages/server/test/models/loop'
const onEvents = [`${tests}/event-loop.test.ts`, `${tests}/held-event.test.ts`]

export const guards: readonly Guard[] = [
  ...guardsOf(`${source}/held-event.ts`, onEvents, [
    [
      'a deleted event is called in the turn of its deletion',
      'del(): void {\n    this.active = 0',
      'del(): void {',
    ],
    [
      'an event goes on where its descriptor is closed',
      'this.del()\n    this.#isClosed = true',
      'this.#isClosed = true',
    ],
    [
      'a line is closed and its number is read',
      'if (this.#isClosed) throw unknownDescriptor',
      'if (false) throw unknownDescriptor',
    ],
    ['what fires once fires again', 'once ? interest | ONESHOT : interest', 'interest'],
    [
      'no room to read into looks like the end',
      "if (buffer.length === 0) throw new TypeError('There is no room in the buffer to read into')",
    ],
    ['a line that was changed is told of what it was', 'this.active &= flags | TIMEOUT'],
    [
      'a callback that throws keeps its line',
      'if (!this.#isClosed) this.#host.close(this.fd)\n    this.#host.failed',
      'this.#host.failed',
    ],
    [
      'a callback that rejects is not heard',
      'result.then(undefined, (error: unknown) => this.#failed(error))',
      'result.then(undefined, () => {})',
    ],
    [
      'a line that speaks is told that it was silent',
      'this.#pushBack(this.#host.nowMs)\n    }\n    try',
      '}\n    try',
    ],
    ['flags without a direction are watched', ' || (flags & (READ | WRITE)) === 0'],
  ]),
  ...guardsOf(
    `${source}/event-loop.ts`,
    [...onEvents, `${tests}/create-loop.test.ts`],
    [
      [
        'two events share a descriptor',
        "if (owner?.isPending === true) {\n      throw new HoldlineError('ERR_LOOP_WATCHED', String(event.fd))\n    }",
      ],
      [
        'an event outlives its place',
        'owner?.detach()\n    this.#owners[event.fd] = event',
        'this.#owners[event.fd] = event',
      ],
      [
        'what onError throws ends the turn',
        'queueMicrotask(() => {\n        throw error\n      })',
      ],
      [
        'what a stop left behind waits for ever',
        'if (this.agenda.hasWork) this.#askForTurn()\n    else if',
        'if',
      ],
      ['a loop that ends leaves its signals', 'for (const signal of this.#signals) signal.del()'],
    ],
  ),
  ...guardsOf(
    `${source}/agenda.ts`,
    [`${tests}/agenda.test.ts`],
    [
      ['what was taken off runs', 'if (what === 0) continue'],
      ['a time that was put off is the old one', 'if (first.dueMs > nowMs) {', 'if (false) {'],
      [
        'an earlier time comes at the old one',
        'activity.heapMs = dueMs\n      this.#rise(activity.heapIndex)\n    }\n  }',
        '}\n  }',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/line-listener.ts`,
    [`${tests}/line-listener.test.ts`],
    [
      [
        'a process without descriptors turns and turns',
        'this.#event.del()\n    this.#pause',
        'this.#pause',
      ],
      ['a listener closed while it pauses opens again', 'this.#pause?.del()'],
      ['a line whose callback threw stays', 'if (this.#loop.isOpen(fd)) this.#loop.close(fd)'],
      [
        'a flood of lines has the turn for itself',
        'i < MOST_IN_TURN && this.#event.isPending',
        'this.#event.isPending',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/ready-set.ts`,
    [`${tests}/ready-set.test.ts`],
    [
      [
        'an edge is told for as long as it is ready',
        '(interest & (EDGE | ONESHOT)) !== 0',
        '(interest & ONESHOT) !== 0',
      ],
      ['one-shot fires again', 'if ((interest & ONESHOT) !== 0) descriptor.interest = 0'],
    ],
  ),
  ...guardsOf(
    `${source}/net-kernel.ts`,
    [`${tests}/net-kernel.test.ts`],
    [
      ['who is not read fills the memory', 'if (this.#held.length >= HELD_BYTES) socket.pause()'],
      [
        "a caller's bytes change under way",
        'new Uint8Array(bytes.subarray(0, count))',
        'bytes.subarray(0, count)',
      ],
      [
        'lines wait without bound',
        'if (this.waiting.length >= backlog) socket.destroy()\n      else this',
        'this',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/epoll-kernel.ts`,
    [`${tests}/epoll-kernel.test.ts`],
    [
      [
        'an error is told to nobody',
        'if ((happened & (EPOLLERR | EPOLLHUP)) !== 0) what = READ | WRITE',
      ],
      ['a loop that ends keeps a descriptor', 'this.#native.close(this.#epoll)\n  }\n}', '}\n}'],
      [
        'a loop that is stopped burns the core',
        'this.#watched.setWatching(wake !== null)',
        'this.#watched.setWatching(true)',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/buffer-event.ts`,
    [`${tests}/buffer-event.test.ts`],
    [
      [
        'reading does not stop at the high mark',
        'Math.min(READ_BYTES, this.#readHighBytes - this.input.length)',
        'READ_BYTES',
      ],
      [
        'the read callback comes below the low mark',
        'if (this.input.length >= this.#readLowBytes) this',
        'this',
      ],
      [
        'the write callback comes above the low mark',
        'if (output.length <= this.#writeLowBytes) this',
        'this',
      ],
      ['a high mark below the low one never reads', 'Math.max(1, readLowBytes)', '1'],
      [
        'timers of a line that is closed tell of it',
        'if (this.isClosed) return\n    this.#isInCallback',
        'this.#isInCallback',
      ],
    ],
  ),
]
