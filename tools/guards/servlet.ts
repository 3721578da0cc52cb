// The guards of the servlet model.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const servlet = 'packages/server/src/models/servlet'
const tests = 'packages/server/test/models/servlet'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${servlet}/call.ts`,
    [`${tests}/call.test.ts`, `${tests}/desk.test.ts`, `${tests}/dialogue.test.ts`],
    [
      [
        'a late result is sent',
        "else if (this.#isGivenUp) this.#end('closed')\n    else this.#end(this",
        'else this.#end(this',
      ],
      [
        'an iterator that is promised too late runs',
        'if (this.#isGivenUp) this.#stop()\n      else ',
      ],
      [
        'a late failure is told to the client',
        'if (this.#isGivenUp) {\n      dialogue.report',
        'if (this.id === null) {\n      dialogue.report',
      ],
      [
        'a late value is sent',
        "if (this.#isGivenUp) {\n      if (!this.#isReturning) this.#end('closed')\n    } else if (this.#sendStep(step)) this.#pull()",
        'if (this.#sendStep(step)) this.#pull()',
      ],
      [
        'a handler counts as ended while its iterator returns',
        "if (!this.#isReturning) this.#end('closed')",
        "this.#end('closed')",
      ],
      [
        'an iterator is asked for more than is read',
        "if (sent === 'queued') this.#desk.whenRoom(this.#pull)",
        "if (sent === 'queued') return true",
      ],
      [
        'a reply that cannot be sent ends nothing',
        '      this.#stop()\n      return false\n    }\n    const sent',
        '      return false\n    }\n    const sent',
      ],
      [
        'a requester is not told of the deadline',
        "dialogue.refuseFor('ERR_REQUEST_DEADLINE', this.id)\n",
      ],
      [
        'an operator is not told of the deadline',
        "dialogue.connection.report('ERR_REQUEST_DEADLINE')\n",
      ],
      [
        'a handler is not told of the deadline',
        "this.exchange.abort(new HoldlineError('ERR_REQUEST_DEADLINE'))\n",
      ],
      ['a deadline comes after the answer', 'this.#desk.dialogue.connection.wheel.remove(this)\n'],
      [
        'an iterator without return is waited for for ever',
        "if (!this.#isReturning) this.#end('closed')\n",
      ],
      [
        'a reply that waits lets the next request pass',
        "if (sent === 'queued') this.#desk.whenRoom(lane.leave)\n    else lane.leave()",
        'lane.leave()',
      ],
      ['a place is given back twice', '    if (!this.#hasPlace) return\n'],
    ],
  ),
  ...guardsOf(
    `${servlet}/call.ts`,
    [`${tests}/servlet.test.ts`],
    [
      [
        'an iterator that never waits holds the event loop',
        'if (this.#stepsLeft-- > 0) return true',
        'if (this.#stepsLeft-- > -1e9) return true',
      ],
    ],
    'never waits',
  ),
  ...guardsOf(
    `${servlet}/desk.ts`,
    [`${tests}/desk.test.ts`, `${tests}/dialogue.test.ts`],
    [
      [
        'stragglers pile up',
        'return this.#calls.length >= this.dialogue.service.concurrency',
        'return false',
      ],
      [
        'who waits for a straggler waits for ever',
        'while (this.#behindStragglers.length > 0 && !this.isFull) {',
        'while (this.isClosed && this.#behindStragglers.length > 0 && !this.isFull) {',
      ],
      ['an id is in use for ever', '    this.#byId?.delete(call.id)\n'],
      [
        'a request that was given up is handled after all',
        'if (at >= 0) this.#behindStragglers.splice(at, 1)\n',
      ],
      ['no deadline runs', 'connection.wheel.schedule(call, service.deadlineMs)'],
      [
        'who waits for room is woken once and never again',
        '    this.#waitingForRoom = []\n    for',
        '    for',
      ],
      [
        'handlers do not hear of the close',
        'for (const call of this.#calls.slice()) call.abandon(this.closedReason)\n',
      ],
    ],
  ),
  ...guardsOf(
    `${servlet}/dialogue.ts`,
    [`${tests}/dialogue.test.ts`, `${tests}/desk.test.ts`, `${tests}/call.test.ts`],
    [
      ['bytes change under a handler that goes on', '    this.service.keepsBytes = true\n'],
      [
        'a signal is that of several requests',
        '    if (!exchange.isUnused) this.#exchange = null\n    return this.reply',
        '    return this.reply',
      ],
      [
        'two requests of one id run at once',
        "if (desk !== null && desk.has(id)) return this.refuseFor('ERR_REQUEST_ID', id)\n",
      ],
      [
        'handlers overlap a straggler',
        'if (desk !== null && desk.isFull) {',
        'if (desk !== null && desk.isFull && id === null) {',
      ],
      [
        'a handler that heeds its signal has failed',
        'if (exchange.isOwnEnd(error) || error instanceof RequestError) return\n',
      ],
      ['an error is swallowed', '    this.report(error, exchange)\n'],
      [
        'a reply waits and the next request does not',
        "if (sent === 'queued') this.#desk?.keepPlaceUntilRoom()\n",
      ],
    ],
  ),
  ...guardsOf(
    `${servlet}/request-form.ts`,
    [`${tests}/request-form.test.ts`],
    [
      ['an id may be of any length', ' && id.length <= MAX_ID_LENGTH'],
      [
        'an id may be a number that JSON has not',
        'return Number.isSafeInteger(id)',
        "return typeof id === 'number'",
      ],
      ['bytes are sent as an object of numbers', 'ArrayBuffer.isView(value) ? undefined : '],
      [
        'a request may come without data',
        "if (!Object.hasOwn(value, 'data')) return notAnEnvelope(id)\n",
      ],
      [
        'what a schema throws is lost',
        'return new Refusal(JSON.stringify({ ...named, error }), cause)',
        'return new Refusal(JSON.stringify({ ...named, error }))',
      ],
    ],
  ),
]
