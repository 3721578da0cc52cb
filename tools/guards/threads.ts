// The guards of the threads model.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const source = 'packages/server/src/models/threads'
const tests = 'packages/server/test/models/threads'
const onServer = [`${tests}/threads-on-node.test.ts`, `${tests}/threads.test.ts`]

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${source}/ring.ts`,
    [`${tests}/ring.test.ts`],
    [
      [
        'what does not fit overwrites what was not read',
        'Math.min(end - start, this.freeBytes)',
        'end - start',
      ],
      [
        'bytes behind the end of the ring are lost',
        'if (first < count) this.bytes.set(from.subarray(start + first, start + count), 0)',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/parcels.ts`,
    [`${tests}/parcels.test.ts`],
    [
      [
        'a parcel overtakes the rest of another',
        'this.#rest.length > 0 || size > ring',
        'size > ring',
      ],
      [
        'bytes that were taken change',
        'this.payload = new Uint8Array(end - start)\n      this.payload.set(from.subarray(start, end))',
        'this.payload = from.subarray(start, end)',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/loop-end.ts`,
    [`${tests}/loop-end.test.ts`, `${tests}/thread-end.test.ts`],
    [
      ['a call is missed', '    Atomics.store(this.#words, Word.CALLED, 0)\n'],
      ['a rest waits for ever', '    Atomics.store(this.#words, Word.WANTS_ROOM, 1)\n'],
      ['a slow line is sent to on and on', '        this.#isHeld = true\n        break\n', ''],
      ['a session reads the rest of the one before', '    this.#inbound.clear()\n'],
      ['the thread hears of no end', '    Atomics.store(this.#words, Word.ENDED, 1)\n'],
    ],
  ),
  ...guardsOf(
    `${source}/thread-end.ts`,
    [`${tests}/thread-end.test.ts`],
    [
      [
        'the loop is called for every parcel',
        'if (Atomics.exchange(this.#words, Word.CALLED, 1) === 0) this.#call()',
        'this.#call()',
      ],
      [
        'a session that is over writes into the next',
        'if (this.#isRetired || !this.#writer',
        'if (!this.#writer',
      ],
      ['a wait has no deadline', '    if (ms <= 0) return false\n'],
    ],
  ),
  ...guardsOf(
    `${source}/loop-end.ts`,
    [`${tests}/threads.test.ts`],
    [
      [
        'a thread that waits is not woken',
        'if (Atomics.load(this.#words, Word.WAITS) === 1) Atomics.notify(this.#words, Word.EVENT, 1)',
      ],
    ],
    'recv blocks',
  ),
  ...guardsOf(
    `${source}/pooled-thread.ts`,
    [`${tests}/pooled-thread.test.ts`],
    [
      ['a thread that is about to end is given to the next', 'if (!this.#isEnding) this', 'this'],
      ['threads keep the process', '    this.#worker.unref()\n'],
      ['a session ends and the next reads its messages', '    this.#end.reset()\n'],
      [
        'a thread that is gone leaves its session waiting',
        "      this.#finish(new HoldlineError('ERR_THREAD_EXITED', detail, cause))\n",
      ],
    ],
  ),
  ...guardsOf(
    `${source}/thread-pool.ts`,
    [`${tests}/thread-pool.test.ts`],
    [
      [
        'there are more threads than allowed',
        'if (!this.#promised.delete(who) && !this.#hasRoom) return null',
        'this.#promised.delete(who)',
      ],
      [
        'a promise that is not taken up holds a thread for ever',
        '      this.#promised.delete(who)\n    }\n    return',
        '    }\n    return',
      ],
      [
        'who asks later comes first',
        '    // A promise may have been forgotten: those who have waited come first.\n    this.#promiseNext()\n',
      ],
      [
        'free threads are kept without bound',
        'this.#waiting.length === 0 && this.#free.length >= this.#limits.keepThreads',
        'this.#waiting.length < 0',
      ],
      [
        'a thread that ended is given to the next',
        'if (at >= 0) this.#free.splice(at, 1)[0]!.cancel()',
      ],
    ],
  ),
  ...guardsOf(
    `${source}/threads.ts`,
    onServer,
    [
      ['a slow handler fills the memory', '    this.#c.pauseFor(Bit.PAUSED_BY_MODEL)\n'],
      [
        'a line that was held back is never read again',
        '    this.#c.resumeFor(Bit.PAUSED_BY_MODEL)\n',
      ],
      [
        'a handler never hears of the end',
        '    thread.write(ParcelKind.END, formatEnd(code, reason))\n',
      ],
      [
        'a handler that does not return keeps its thread',
        "    this.#stopAfter(this.#options.graceMs, 'ERR_THREAD_GRACE')\n",
      ],
      [
        'a slow client fills the memory',
        "return c.send(message) !== 'queued'",
        "return c.send(message) !== 'closed' || true",
      ],
      [
        'a long message ends the connection of a slow client',
        'if (c.bufferedBytes === 0 || bytesAbout',
        'if (c.bufferedBytes >= 0 || bytesAbout',
      ],
      [
        'a request beyond the bound is let in',
        'if (isPromised === false) return busy()',
        'if (isPromised === false) return answer',
      ],
    ],
    'memory engine|stallMs',
  ),
  ...guardsOf(
    `${source}/session.ts`,
    [`${tests}/session.test.ts`],
    [
      [
        'a session receives what its contract does not allow',
        'if (decoded.issues === undefined) return decoded.value',
        'return (decoded as { value: unknown }).value',
      ],
      [
        'something is sent behind the close frame',
        'if (!this.isOpen || !this.#end.send(ParcelKind.MESSAGE, payload))',
        'if (!this.#end.send(ParcelKind.MESSAGE, payload))',
      ],
    ],
  ),
]
