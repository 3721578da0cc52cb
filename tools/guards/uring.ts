// The guards of the io_uring engine: what is ordinary, who waits how long, and what the kernel may refuse.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const uring = 'packages/server/src/engines/uring'
const tests = 'packages/server/test/engines/uring'
const server = 'packages/server/src/server'
const serverTests = 'packages/server/test/server'

export const guards: readonly Guard[] = [
  ...guardsOf(
    'packages/server/src/native/node-ffi.ts',
    ['packages/server/test/native/node-ffi.test.ts'],
    [
      [
        'a worker that is terminated aborts the process',
        "if (!isMainThread) return 'a worker thread that is terminated would abort the whole process'",
      ],
      ['who uses node:ffi is warned of it', 'process.emitWarning = () => {}'],
    ],
  ),
  ...guardsOf(
    `${uring}/reactor.ts`,
    [`${tests}/ticks.test.ts`, `${tests}/reactor.test.ts`],
    [
      [
        'handlers run in a callback that Node does not know',
        'this.#eventCount)\n    this.soon()',
        'this.#eventCount)\n    this.#turn()',
      ],
      [
        'an idle process turns for ever, as the kernel announces work that it does not have',
        'if (this.#hasWork()) this.soon()\n  }',
        'if (this.#mayHaveWork()) this.soon()\n  }',
      ],
      [
        'handlers see the AsyncLocalStorage of another connection',
        'this.#inOwnContext(this.#turn)',
        'this.#turn()',
      ],
    ],
  ),
  ...guardsOf(
    `${uring}/ordinary-head.ts`,
    [`${tests}/ordinary-head.test.ts`],
    [
      ['a request with a body is ordinary', 'if (unusual.has(name)) return false'],
      ['headers may stand twice', 'if ((found & bit) !== 0) return false'],
      [
        'any protocol is WebSocket',
        "if (name === 'upgrade' && value.toLowerCase() !== 'websocket') return false",
      ],
      [
        'any connection is an upgrade',
        "if (name === 'connection' && !isUpgradeOption(value)) return false",
      ],
      ['headers may be missing', 'return found === (1 << once.length) - 1', 'return true'],
      [
        'any version of HTTP is ordinary',
        "if (bytes.toString('latin1', at, at + 11) !== ' HTTP/1.1\\r\\n') return null",
      ],
      [
        'a header needs no name',
        'if (at === start || bytes[at] !== COLON) return -1',
        'if (bytes[at] !== COLON) return -1',
      ],
      [
        'a header line may end as it likes',
        'if (at + 1 >= end || bytes[at] !== CR || bytes[at + 1] !== LF) return -1',
        'if (at + 1 >= end) return -1',
      ],
      ['a head may end with a bare CR', 'if (at + 1 >= end || bytes[at + 1] !== LF) return null'],
      ['targets may hold any octet', 'return byte > SPACE && byte < 127', 'return byte > SPACE'],
      [
        'values may hold any octet',
        'return (byte >= SPACE && byte < 127) || byte === TAB',
        'return byte !== CR',
      ],
      [
        'headers are read that node:http leaves out',
        'if (rawHeaders.length >= MAX_HEADERS * 2) return null',
      ],
    ],
  ),
  ...guardsOf(
    `${uring}/head-cache.ts`,
    [`${tests}/head-cache.test.ts`],
    [
      ['anything stands for a key', 'isKey.test(key)', "key !== ''"],
      [
        'what stands before the key may differ',
        'if (bytes.compare(before, 0, before.length, start, keyAt) !== 0) continue',
      ],
      [
        'what stands behind the key may differ',
        'if (bytes.compare(behind, 0, behind.length, behindAt, headEnd) !== 0) continue',
      ],
      ['half of a head is found', 'if (headEnd > end) continue'],
      ['a key may stand twice', ' || !isUnique'],
    ],
  ),
  ...guardsOf(
    `${uring}/doorway.ts`,
    [`${tests}/doorway.test.ts`],
    [
      ['a closed listener refuses a later line', 'if (line.isCut) return\n'],
      [
        'a line that says nothing stays',
        'if (now - line.since < this.#acceptor.limits.handshakeMs) break',
        'break',
      ],
      ['a head of any length is taken', 'length > this.#acceptor.limits.headerBytes || '],
      [
        'a judgement may take for ever',
        "this.#refuse(line, refusalResponse(503, 'ERR_UPGRADE_TIMEOUT'))",
      ],
      ['who was accepted too late is counted for ever', 'if (settled.accepted) settled.abandon()'],
      [
        'a line that went is opened',
        'settled.accepted && this.#hasGone(line, headLength)',
        'line.isPeeking',
      ],
      ['an acceptance that ended is not made again', 'else this.#accept()'],
      ['the request is read as frames', 'lines.slots.skip[slot] = headLength'],
    ],
  ),
  ...guardsOf(
    `${uring}/doorway.ts`,
    [`${tests}/uring-engine.test.ts`],
    [
      [
        'whom a proxy names is not looked at',
        'if (!this.#readsForwardedFor) return true',
        'return true',
      ],
      ['a silent line holds up the end', 'if (line.isPeeking) this.#cancelPeek(line)'],
    ],
  ),
  ...guardsOf(
    `${uring}/doorway.ts`,
    [`${tests}/descriptors.test.ts`],
    [
      [
        'accepting spins where there is no descriptor',
        'else if (isShortOfDescriptors(result)) this.#acceptLater()',
      ],
      [
        'accepting ends for good where there was no descriptor',
        'if (this.#stopping === null && !this.#isAccepting) this.#accept()',
      ],
    ],
  ),
  ...guardsOf(
    `${uring}/ring.ts`,
    [`${tests}/ring.test.ts`],
    [
      ['a kernel without the newest flags has no ring', 'if (result !== EINVAL) break', 'break'],
      ['a ring that cannot be mapped stays open', 'native.close(result)'],
      [
        'what finds the queue full is written over what is there',
        'this.#spilledCount === 0 && this.#hasRoom()',
        'this.#hasRoom() || this.#spilledCount === 0',
      ],
      ['what waits is overtaken', 'this.#spilledCount === 0 && this.#hasRoom()', 'this.#hasRoom()'],
      [
        'a kernel that is busy is an error',
        'if (result === EINTR || result === EAGAIN || result === EBUSY) return false',
      ],
      [
        'a kernel that takes nothing is asked for ever',
        'if (this.#spilledCount > 0 && this.#taken === before) return',
      ],
      [
        'completions that the kernel holds back stay there',
        '(SQ_CQ_OVERFLOW | SQ_TASKRUN)',
        'SQ_TASKRUN',
      ],
      [
        'the kernel reads no submissions through an array',
        'if (hasArray) for (',
        'if (!hasArray) for (',
      ],
      ['a ring is closed twice', 'if (this.#isClosed) return\n'],
      ['the ring wakes a loop that is awake', 'isMuted ? CQ_EVENTFD_DISABLED : 0', '0'],
    ],
  ),
  ...guardsOf(
    `${uring}/ring.ts`,
    [`${tests}/teardown.test.ts`],
    [
      ['a ring stays mapped', 'for (const memory of this.#memory) memory.release()'],
      ['a ring stays open', 'this.#native.close(this.#fd)'],
    ],
  ),
  ...guardsOf(
    `${uring}/ffi.ts`,
    [`${tests}/teardown.test.ts`],
    [
      ['memory stays mapped', 'munmap(address, size)'],
      ['a callback stays registered', 'functions.callbacks.unregisterCallback(callback)'],
    ],
  ),
  ...guardsOf(
    `${uring}/ffi.ts`,
    [`${tests}/ffi.test.ts`],
    [
      [
        'the kernel writes to memory that moves',
        'if (bytes.buffer.byteLength <= 64)',
        'if (bytes === null)',
      ],
      ['a late access reaches memory that was given back', 'buffer.transfer(0)'],
    ],
  ),
  ...guardsOf(
    `${uring}/receive-buffers.ts`,
    [`${tests}/receive-buffers.test.ts`],
    [
      ['the memory of a burst is kept', 'this.#lentCount > this.#mostLent', 'this.#lentCount < 0'],
      ['a kernel without a buffer gets no more', 'this.#wantsMore = true'],
      ['an older kernel has no buffers', 'if (!this.isIncremental) {', 'if (!incremental) {'],
      ['bytes are read where others are', 'this.#filled[id] = this.#filled[id]! + length'],
      ['a buffer that comes back is read behind its end', 'this.#filled[id] = 0\n'],
      ['a group cannot be made again', 'this.#ring.register(UNREGISTER_PBUF_RING, argument, 1)'],
    ],
  ),
  ...guardsOf(
    `${uring}/self-test.ts`,
    [`${tests}/self-test.test.ts`],
    [
      ['descriptors that are none are used', 'if (near < 0)', 'if (near === 0)'],
      [
        'a ring that never answers is waited for',
        'setTimeout(finish, PATIENCE_MS)',
        'setTimeout(() => {}, 1)',
      ],
      ['a self-test that failed leaves a descriptor', 'native.close(near)'],
    ],
  ),
  ...guardsOf(
    `${server}/choose-engine.ts`,
    [`${serverTests}/choose-engine.test.ts`],
    [
      ['TLS is asked of an engine that has none', 'needs.isEncrypted', 'needs === null'],
      [
        'the operator overrules the program',
        "wanted === 'auto' ? operatorsChoice(needs.operator) : null",
        'operatorsChoice(needs.operator)',
      ],
      [
        'what the operator cannot have ends the start',
        "if (name === 'uring' && byOperator === null) {",
        "if (name === 'uring') {",
      ],
      [
        'who asks for an engine by name gets another',
        "if (name === 'uring' && byOperator === null) {",
        "if (name === 'node') {",
      ],
      [
        'an operator may ask for anything',
        "throw new HoldlineError('ERR_OPTION_INVALID', detail)",
        "return detail === '' ? 'auto' : null",
      ],
    ],
  ),
]
