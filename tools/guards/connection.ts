// The guards of a connection: what it bounds, what it puts an end to, what it never does twice.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const connection = 'packages/server/src/connection'
const tests = 'packages/server/test/connection'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${connection}/held-connection.ts`,
    [`${tests}/held-connection.test.ts`, `${tests}/outgoing.test.ts`],
    [
      ['close() may say what cannot be sent', 'checkCloseArguments(code, reason)'],
      [
        'a second close() sends a second frame',
        'if ((this.bits & Bit.STATE) !== State.OPEN) return\n    this.take',
        'this.take',
      ],
      ['bytes beyond the rate are read', "this.fail('ERR_BYTE_RATE')\n        return"],
      ['messages beyond the rate are delivered', "this.fail('ERR_MESSAGE_RATE')\n        return"],
      [
        'bytes overtake those that are held',
        'if (held !== null) {\n        this.hold(bytes, start, end)\n        return\n      }',
      ],
      [
        'frames of one chunk pass a pause',
        'return (this.bits & (PAUSED | Bit.DEAF)) !== 0',
        'return (this.bits & Bit.DEAF) !== 0',
      ],
      [
        'messages behind close() are delivered',
        'if ((this.bits & Bit.STATE) !== State.OPEN) return\n    this.context.counters.messagesReceived++',
        'this.context.counters.messagesReceived++',
      ],
      [
        'publications follow a close frame that leaves at once',
        'this.enter(State.CLOSING)\n    this.writeFrame(Opcode.CLOSE, closePayload(code, reason), false)',
        'this.writeFrame(Opcode.CLOSE, closePayload(code, reason), false)\n    this.enter(State.CLOSING)',
      ],
      [
        'pings are answered behind close()',
        'if ((this.bits & Bit.STATE) !== State.OPEN) return\n    const payload',
        'const payload',
      ],
      [
        'a flood of pings fills the memory with pongs',
        'if (!this.isBlocked) {\n      if (this.rare',
        'if (true) {\n      if (this.rare',
      ],
      [
        'a flood of pings goes on for ever',
        "else if (rare.pendingPings > MAX_PENDING_PINGS) this.fail('ERR_PING_FLOOD')",
        'else if (this.isGone) return',
      ],
      [
        'the answer to a ping is overtaken by messages because an earlier write is under way',
        'rare.pendingPings <= PROMPT_PONGS) this.writeFrame',
        'rare.pendingPings === 0) this.writeFrame',
      ],
      [
        'only the first pings into a blocked line are ever answered in its place',
        'rare.pendingPings > 0 && !this.isBlocked',
        'rare.pendingPong !== null && !this.isBlocked',
      ],
      [
        'a kept pong is a view of memory that is overwritten',
        'rare.pendingPong = new Uint8Array(payload)',
        'rare.pendingPong = payload',
      ],
      [
        'a line that is gone is held for ever',
        "this.context.observer.failed(this, 'ERR_KEEPALIVE', undefined)\n    this.terminate()",
      ],
      [
        'close may come twice',
        'if ((this.bits & Bit.STATE) === State.CLOSED) return\n    this.enter(State.CLOSED)',
        'this.enter(State.CLOSED)',
      ],
      ['a deadline stays when the line is gone', 'this.context.wheel.remove(this)'],
      [
        'a subscription stays when the line is gone',
        'this.context.wheel.remove(this)\n    if (this.subscriptions !== null) this.context.hub.leave(this)',
        'this.context.wheel.remove(this)',
      ],
      [
        'a failed connection fails again',
        'if ((this.bits & Bit.STATE) === State.CLOSED || (this.bits & Bit.DEAF) !== 0) {',
        'if (this.bits === -1) {',
      ],
      [
        'the messages of one who takes no answers are handled',
        'if (this.isCongested) this.pauseFor(PausedBy.FLOW)',
      ],
      [
        'one who took the answers at last is not read on',
        'this.resumeFor(PausedBy.FLOW)\n  }',
        '}',
      ],
      [
        'a ping of a program may be longer than a control frame',
        'bytesOf(payload).subarray(0, MAX_CONTROL_BYTES)',
        'bytesOf(payload)',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/watched.ts`,
    [`${tests}/watched.test.ts`],
    [
      [
        'a paused line that takes nothing is held for ever',
        'return this.blockedSinceMs + keepalive.pingMs + keepalive.timeoutMs',
        'return Infinity',
      ],
      [
        'a paused line that takes nothing is held until something else happens',
        'if (!this.isWriting) return wheel',
        'if (!this.isBlocked) return wheel',
      ],
      [
        "the state is lost with the timing wheel's slot",
        '(this.bits & ~Bit.WHEEL_SLOT) | ((slot + 1) << WHEEL_SHIFT)',
        '(slot + 1) << WHEEL_SHIFT',
      ],
      ['a message may take for ever to arrive', "this.fail('ERR_MESSAGE_INCOMPLETE')"],
      ['an idle line is held for ever', "this.fail('ERR_IDLE')"],
      [
        'a line whose other side does not close is held for ever',
        'if ((this.bits & Bit.STATE) === State.CLOSING) {\n      this.transport.destroy(this.line)',
        'if ((this.bits & Bit.STATE) === State.CLOSING) {',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/outgoing.ts`,
    [`${tests}/outgoing.test.ts`, `${tests}/held-connection.test.ts`],
    [
      ['messages go out behind a close frame', "if (!this.isOpen) return 'closed'"],
      [
        'a slow reader takes memory without bound',
        "this.fail('ERR_SLOW_CONSUMER')\n    return false",
        'return true',
      ],
      [
        'the stream of a slow reader goes on behind a hole',
        "if (!this.sendText(message)) return 'closed'",
        'this.sendText(message)',
      ],
      [
        'a second write begins before the first was taken',
        'if (this.isGone || (outbox !== null && outbox.underWay !== null)) return',
        'if (this.isGone) return',
      ],
      [
        'large messages wait for the end of the turn',
        'if (outbox.unflushedBytes >= LARGE_BYTES && outbox.underWay === null) this.handOver()',
      ],
      [
        'a line whose write is of this turn is taken for slow',
        'return outbox.sinceTurn !== this.context.turn.endedCount',
        'return true',
      ],
      [
        'a line that takes nothing is not taken for slow',
        'return outbox.sinceTurn !== this.context.turn.endedCount',
        'return false',
      ],
      [
        'an answer as long as the question closes a line that has read all',
        'waitingBytes <= bufferedBytes / 2 || ',
        '',
      ],
      [
        'drain comes although nothing was queued',
        '    if ((this.bits & Bit.WANTS_DRAIN) !== 0) {',
        '    if (true) {',
      ],
      ['drain comes more than once', 'this.bits &= ~Bit.WANTS_DRAIN\n        if', 'if'],
      [
        'a closing connection is told to go on',
        'if (this.isOpen) this.drained()',
        'this.drained()',
      ],
      [
        'the line ends before its last byte',
        'if (isEnding && this.bufferedBytes === 0) {',
        'if (isEnding) {',
      ],
      [
        'a publication overtakes what was sent before',
        'finishPiece(outbox)\n    outbox.pieces ??= []\n    outbox.unflushedBytes',
        'outbox.pieces ??= []\n    outbox.unflushedBytes',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/outgoing.ts`,
    [`${tests}/outgoing-memory.test.ts`],
    [
      ['a slab under way is written a second time', '    pin(written, 1)\n'],
      ['a slab that was taken is never written again', '    pin(written, -1)\n'],
      [
        'bytes go into memory that a write under way reads from',
        'if (outbox.underWay !== null || count > LARGE_BYTES) return this.privateRoom',
        'if (count > LARGE_BYTES) return this.privateRoom',
      ],
      [
        'a frame begins where another connection has written',
        'outbox.slab === arena.slab && outbox.end === arena.position && arena',
        'outbox.slab === arena.slab && arena',
      ],
      [
        'private memory is written over its end',
        'if (isPrivate && slab.bytes.length - outbox.end >= count) return outbox',
        'if (isPrivate) return outbox',
      ],
      ['an idle line keeps its outbox', 'this.#outbox = null\n      giveOutbox(outbox)'],
      [
        'a line that is gone keeps its pins',
        'this.#outbox = null\n    this.unpin(outbox)\n',
        'this.#outbox = null\n',
      ],
      [
        'a subscriber takes an outbox to find that nothing waits',
        'if (outbox === null && this.context.hub.lagBytes(this as never) === 0) return',
      ],
      ['large memory is not used again', 'if (written.pins === 0) pool.give(written)'],
      [
        'large memory among pieces is not used again',
        'for (const { slab } of written) if (slab.pins === 0) pool.give(slab)',
        'return',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/outbox.ts`,
    [`${tests}/outbox.test.ts`],
    [
      ['an outbox that nobody has keeps pieces alive', '  outbox.pieces = null\n'],
      ['an outbox that nobody has keeps a slab alive', '  outbox.slab = null\n'],
      ['outboxes of a burst are kept for ever', 'if (pool.length < MOST_POOLED) pool', 'pool'],
    ],
  ),
  ...guardsOf(
    `${connection}/slab.ts`,
    [`${tests}/slab.test.ts`],
    [
      [
        'a slab is a part of memory that others use',
        'Buffer.allocUnsafeSlow(size)',
        'Buffer.allocUnsafe(size)',
      ],
      [
        'small and very large slabs are pooled',
        'if (size < POOLED_BYTES || size > LARGEST_POOLED_BYTES) return new Slab(size)\n',
      ],
      ['a slab that is given twice is taken twice', 'slab.isPooled = false\n    const', 'const'],
      ['slabs of others are pooled', 'if (!slab.isPooled) return\n'],
      ['the memory of a burst is kept', 'if (this.#keptBytes + size > KEPT_BYTES) return\n'],
      ['the pool takes itself for full', 'if (kept !== undefined) this.#keptBytes -= rounded\n'],
      ['a pool that was cleared takes itself for full', '    this.#keptBytes = 0\n'],
    ],
  ),
  ...guardsOf(
    `${connection}/lane.ts`,
    [`${tests}/lane.test.ts`],
    [
      [
        'handlers overtake one another',
        'if (this.#running < this.#width && this.#waiting.length === 0) {',
        'if (this.#waiting.length === 0) {',
      ],
      [
        'a step runs beside a handler',
        "if (typeof next === 'function' && this.#running > 0) break\n",
      ],
      ['handlers run beside a step', '    this.#running += others\n'],
      ['a place is not free after a step', '(this.#running -= others)', 'others'],
      [
        'a message that waits is overwritten',
        "typeof message === 'string' ? message : message.slice()",
        'message',
      ],
      ['messages pile up behind a slow handler', 'this.#waiting.length >= MAX_WAITING ||'],
      ['bytes pile up behind a slow handler', '|| this.#waitingBytes >= MAX_WAITING_BYTES'],
      [
        'the running handler does not hear that the line is gone',
        "this.#abort?.abort(new DOMException('The connection is closed', 'AbortError'))",
      ],
      [
        'a line is not read on after its queue has run',
        'if (this.#waiting.length === 0) this.#connection.resumeFor(PausedBy.MODEL)',
      ],
      ['a rejection is lost', "this.#connection.fail('ERR_HANDLER', error)"],
    ],
  ),
  ...guardsOf(
    `${connection}/rate-limit.ts`,
    [`${tests}/rate-limit.test.ts`],
    [
      ['any number of messages passes', 'return --this.#messages >= 0', 'return true'],
      ['any number of bytes passes', 'return this.#bytes >= 0', 'return true'],
      [
        'silence saves up for a burst without bound',
        'return Math.min(perSecond, tokens + (perSecond * elapsedMs) / 1_000)',
        'return tokens + (perSecond * elapsedMs) / 1_000',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/limits.ts`,
    [`${tests}/limits.test.ts`],
    [
      [
        'a misspelt limit is ignored',
        'if (!Object.hasOwn(defaultLimits, name)) {',
        'if (name === undefined) {',
      ],
      ['a limit may be no whole number', '!Number.isSafeInteger(value) || '],
      ['a limit may be too small', 'value < lowest || '],
      ['a limit may be beyond what a timer takes', ' || value > 0x7fff_ffff'],
      [
        'drain may be awaited above the high mark',
        'if (limits.lowWaterBytes > limits.highWaterBytes) {',
        'if (limits.lowWaterBytes < 0) {',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/arguments.ts`,
    [`${tests}/arguments.test.ts`],
    [
      [
        'a typed array as close reason leaks memory',
        "if (typeof reason !== 'string') throw new TypeError('A close reason is a string')",
      ],
      [
        'a reason without a code is lost',
        "if (reason !== '') throw new HoldlineError('ERR_CLOSE_ARGUMENT', 'a reason needs a code')",
      ],
      [
        'any close code may be sent',
        "if (typeof code !== 'number' || !isSendableCloseCode(code)) {",
        'if (code === null) {',
      ],
      [
        'a reason may be too long for its frame',
        "if (Buffer.byteLength(reason, 'utf8') > MAX_REASON_BYTES) {",
        'if (reason === undefined) {',
      ],
      [
        'what is no message is sent',
        "throw new TypeError('A message is a string, a Uint8Array, or another view of bytes')",
        'return message as Uint8Array',
      ],
      [
        'a view gives away the memory around it',
        'return new Uint8Array(message.buffer, message.byteOffset, message.byteLength)',
        'return new Uint8Array(message.buffer)',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/timing-wheel.ts`,
    [`${tests}/timing-wheel.test.ts`],
    [['the timer runs on with nothing to do', 'if (this.#size === 0) this.#stop()']],
  ),
  ...guardsOf(
    `${connection}/upgrade-request.ts`,
    [`${tests}/upgrade-request.test.ts`, `${tests}/request-head.test.ts`],
    [
      [
        'the second cookie of a name wins',
        "if (name !== '' && !(name in cookies)) cookies[name]",
        "if (name !== '') cookies[name]",
      ],
      ['the key is kept for as long as the line', '    this.#key = null\n'],
      [
        'a key may be anything',
        "problem === null && !isKey(this.key) ? 'ERR_UPGRADE_KEY' : problem",
        'problem',
      ],
      [
        'one of two keys is taken',
        "if (place >= 0) return { block: rawHeaders.join('\\n'), key: null }\n",
      ],
      [
        'a key in another case is part of a shared head',
        'name.toLowerCase() !== KEY',
        'name !== KEY',
      ],
      [
        'the key is not counted against the length of a head',
        'return this.#head.bytes + keyBytes',
        'return this.#head.bytes',
      ],
      [
        'who writes to headers is not told that it is of no use',
        'return Object.freeze(withKey)',
        'return withKey',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/send-arena.ts`,
    [`${tests}/send-arena.test.ts`],
    [
      ['a frame runs over the end of the slab', 'if (this.fits(count)) return\n', 'return\n'],
      [
        'a slab under way is rewound',
        'if (this.slab.pins === 0) this.position = 0',
        'this.position = 0',
      ],
      ['a slab is never rewound', 'if (this.slab.pins === 0) this.position = 0'],
      ['a slab is rewound with bytes of this turn in it', 'this.#isHandedOver = false\n'],
      ['a slab under way is taken for a free one', 'slab.pins === 0 && '],
      ['a slab that this turn has filled is taken again', ' && !this.#filled.includes(slab)'],
      ['a slab that an earlier turn has filled is not free', '    this.#filled.length = 0\n'],
      [
        'slabs that slow connections keep pile up',
        'if (this.#slabs.length === KEPT_SLABS) this.#slabs.shift()\n',
      ],
    ],
  ),
]
