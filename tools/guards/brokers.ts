// The guards of the brokers: who belongs to the mesh of processes, what is read of it, and what happens to a
// process that takes nothing.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const brokers = 'packages/server/src/brokers'
const tests = 'packages/server/test/brokers'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${brokers}/memory/memory-broker.ts`,
    [`${tests}/memory/memory-broker.test.ts`, `${tests}/contract.test.ts`],
    [
      [
        'a publication before the start throws',
        'if (this.#sink === null) return Promise.reject(stopped(topic))\n    this.#sink.deliver',
        'this.#sink!.deliver',
      ],
      ['a stopped broker delivers', '    this.#sink = null\n'],
    ],
    'memory, 1|started again',
  ),
  ...guardsOf(
    `${brokers}/process/mesh-frame.ts`,
    [`${tests}/process/mesh-frame.test.ts`],
    [
      ['a topic without a name is sent', 'topicBytes === 0 || '],
      ['a topic name is longer than its length field', ' || topicBytes > MAX_TOPIC_BYTES'],
      [
        'a publication may have any length',
        'if (messageBytes > MAX_PUBLICATION_BYTES) {',
        'if (messageBytes < 0) {',
      ],
      [
        'a publication is written over the end of its chunk',
        'if (this.#chunk.length - this.#end >= count) return',
        'return',
      ],
      ['what was taken is taken again', '    this.#start = this.#end\n'],
      [
        'what was gathered is lost when memory runs out',
        '    chunk.set(this.#chunk.subarray(this.#start, this.#end))\n',
      ],
      [
        'a stranger may send frames of any length',
        'maxFrameBytes = 256',
        'maxFrameBytes = MAX_FRAME_BYTES',
      ],
      [
        'a frame that came in pieces may have any length',
        'if (missing < 0) return false',
        'if (missing < 0) return true',
      ],
      [
        'a frame that came in pieces may be longer than its bound',
        'if (length < 1 || length > this.maxFrameBytes) return -1',
        'if (length < 1) return -1',
      ],
      [
        'a frame may be empty or longer than its bound',
        'if (length < 1 || length > this.maxFrameBytes) return false',
      ],
      [
        'what follows a refused frame is read',
        'if (!this.#onFrame(chunk[start]!, chunk, start + 1, end)) return false',
        'this.#onFrame(chunk[start]!, chunk, start + 1, end)',
      ],
      [
        'what follows a refused frame that came in pieces is read',
        'if (!this.#onFrame(frame[LENGTH_BYTES]!, frame, LENGTH_BYTES + 1, frame.length)) return false',
        'this.#onFrame(frame[LENGTH_BYTES]!, frame, LENGTH_BYTES + 1, frame.length)',
      ],
      [
        'a length field that came in pieces is read beyond its end',
        'if (this.#parts.length > 1 && this.#parts[0]!.length < LENGTH_BYTES) {',
        'if (this.#parts.length < 0) {',
      ],
      ['a frame that has not come in whole is delivered', 'if (end > chunk.length) break'],
      ['an empty body is read', 'if (start >= end) return false'],
      ['a topic is read from beyond the frame', 'topicEnd > end || '],
      ['a topic without a name is delivered', ' || topicEnd === topicStart'],
      [
        'a topic is taken for the one before',
        'if (bytes.compare(known, 0, known.length, topicStart, topicEnd) !== 0) {',
        'if (known.length === 0) {',
      ],
      [
        'a slice of a message is a view where programs expect a copy',
        'return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)',
        'return bytes.subarray(start, end)',
      ],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/mesh-place.ts`,
    [`${tests}/process/mesh-place.test.ts`],
    [
      [
        'an address is longer than a Unix socket takes',
        "tmpdir().length > 64 ? '/tmp' : tmpdir()",
        'tmpdir()',
      ],
      ['sockets stay behind the end', 'rmSync(this.path, { recursive: true, force: true })'],
      ['removing twice throws', ', force: true'],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/peer-link.ts`,
    [`${tests}/process/peer-link.test.ts`],
    [
      ['a process that takes nothing is kept', "if (out.writableLength > 0) this.cut('stuck')"],
      [
        'a process that is sent nothing is given up',
        "if (out.writableLength > 0) this.cut('stuck')",
        "this.cut('stuck')",
      ],
      ['a write is answered twice', 'if (this.#waiting.delete(onWritten)) onWritten', 'onWritten'],
      ['a process that goes leaves us waiting for it', "socket.on('close', () => this.#gone())"],
      [
        'a goodbye is not understood',
        'if (kind === FrameKind.GOODBYE) this.#reason = null\n    else if',
        'if',
      ],
      [
        'a process that begins to hear is not understood',
        'else if (kind === FrameKind.HEAR) this.hears = true',
        'else if (kind === FrameKind.HEAR) this.hears ||= false',
      ],
      [
        'a process is given up twice',
        '    if (this.#isGone) return\n    this.#reason = reason',
        '    this.#reason = reason',
      ],
      [
        'what a cut process missed passes for sent',
        "this.#wasCut = reason !== 'line'",
        'this.#wasCut = false',
      ],
      [
        'a process that died fails publications',
        "this.#wasCut = reason !== 'line'",
        'this.#wasCut = true',
      ],
      [
        'a cut process that never called is never gone',
        '    if (this.#in === null) this.#gone()\n  }\n\n  /** Says goodbye',
        '  }\n\n  /** Says goodbye',
      ],
      [
        'a process that never called is never gone',
        'there is nothing to read.\n    if (this.#in === null) this.#gone()',
        '',
      ],
      [
        'a goodbye waits for ever',
        '        this.#out.destroy()\n        resolve()\n      }, patienceMs)',
        '      }, patienceMs)',
      ],
      ['who is not let in is read', 'if (this.#link === null) return false'],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/process-links.ts`,
    [`${tests}/process/process-links.test.ts`],
    [
      [
        'a process that does not answer is waited for',
        "setTimeout(() => link.cut('line'), this.#stuckMs)",
        'setTimeout(() => {}, this.#stuckMs)',
      ],
      ['a process that answered is cut', '    clearTimeout(timer)\n'],
      ['a process of another format is let in', 'version !== String(MESH_VERSION) || '],
      ['what is no number of a process is let in', ' || !/^\\d{1,9}$/.test(idText)'],
      ['who has no token is let in', '!isSame(token, this.#place.token) || '],
      ['a process may be itself to another', ' || id === this.id'],
      ['a process that has ended is let in', '    if (this.#ended.has(id)) return null\n'],
      ['a process may call twice', 'if (known?.hasIncoming === true) return null'],
      ['a process that is gone is written to', '    this.#links.delete(link.id)\n'],
      ['a goodbye passes for a death', 'reason !== null && !this.#isStopped', '!this.#isStopped'],
      [
        'the first who stops ends the links of all',
        'if (--this.#userCount > 0) return',
        'this.#userCount--',
      ],
      [
        'a frame that nobody takes is malformed',
        'return take === null || take',
        'return take !== null && take',
      ],
      ['a token may be a part of the right one', 'if (one.length !== other.length) return false'],
      [
        'a wrong token of the right length passes',
        'return difference === 0',
        'return difference >= 0',
      ],
    ],
    '^(?!a process that slowly)',
  ),
  ...guardsOf(
    `${brokers}/process/process-links.ts`,
    [`${tests}/process/process-broker.test.ts`],
    [
      [
        'a process that cannot listen says nothing',
        "reject(new HoldlineError('ERR_BROKER_START', detail, { cause: error }))",
      ],
      [
        'a process that does not want to hear is sent everything',
        "link.hears = hears === '1'",
        'link.hears = true',
      ],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/process-broker.ts`,
    [`${tests}/process/process-broker.test.ts`],
    [
      ['a backlog may grow without end', 'if (full !== null) {', 'if (full?.id === -1) {'],
      [
        'a refused publication is delivered here',
        'if (refusal !== null) return Promise.reject(refusal)',
      ],
      [
        'what one turn publishes waits without end',
        'if (this.#batch.length >= EARLY_FLUSH_BYTES) this.#flush()\n      else this.#schedule()',
        'this.#schedule()',
      ],
      [
        'one long publication is refused for ever',
        'backlogBytes > room && backlogBytes > 0',
        'backlogBytes > room',
      ],
      ['a publication is handed over before the last process has it', '      handover.pending++\n'],
      ['a failed handover passes for done', 'handover.error ??= error'],
      ['who does not want to hear is sent publications', 'if (!link.hears) continue'],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/process-broker.ts`,
    [`${tests}/contract.test.ts`],
    [
      [
        'a publication of a broker that does not run throws',
        'if (this.#sink === null) return stopped(topic)\n    let done',
        'let done',
      ],
      [
        'what was published last is lost at the end',
        '    this.#isStopped = true\n    this.#flush()',
        '    this.#isStopped = true',
      ],
      ['a stopped broker delivers', '    this.#sink = null\n    await', '    await'],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/keeper-frame.ts`,
    [`${tests}/process/keeper-frame.test.ts`],
    [
      [
        'a message is read from beyond its frame',
        'if (at > end) this.#isBad = true',
        'if (at < 0) this.#isBad = true',
      ],
      ['what is cut short is read', 'if (at + count > this.#end) {', 'if (count < 0) {'],
      [
        'numbers that cannot be are taken',
        'if (Number.isSafeInteger(value) && value >= lowest) return value',
        'return value',
      ],
      ['a topic without a name is kept', "if (topic === '') this.#isBad = true"],
      [
        'a publication of a page is longer than its page',
        'if (length > this.#end - this.#at) return null',
      ],
      [
        'what is told is a view of all that came with it',
        "typeof message === 'string' ? message : new Uint8Array(message)",
        'message',
      ],
      [
        'a publication of any length is asked for',
        'if (byteLengthOf(message) > MAX_PUBLICATION_BYTES) {',
        'if (byteLengthOf(message) < 0) {',
      ],
      [
        'a key is longer than its length field',
        'name !== null && Buffer.byteLength(name) > MAX_NAME_BYTES',
        'name !== null && name === undefined',
      ],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/recent-name.ts`,
    [`${tests}/process/recent-name.test.ts`],
    [
      ['a name is taken for the one before', 'if (known[i] !== bytes[start + i]) return false', ''],
      [
        'a name that was read changes with the bytes that it came in',
        'Buffer.from(bytes.subarray(start, end))',
        'bytes.subarray(start, end)',
      ],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/topic-keeper.ts`,
    [`${tests}/process/topic-keeper.test.ts`],
    [
      [
        'a known idempotency key is told again',
        'if (publication !== null) {\n      for',
        'if (publication !== undefined) {\n      for',
      ],
      [
        'who appends when it is told is told first',
        'if (this.#last !== undefined && members.delete(this.#last)) members.add(this.#last)',
      ],
      [
        'a member that has left is told',
        'for (const topic of this.#histories.all()) this.#leave(topic, member)',
      ],
      ['who has detached is told', 'if (topic !== undefined) this.#leave(topic, member)'],
      ['a page is longer than a frame', 'bytes: Math.min(bytes, MOST_OF_PAGE.bytes)', 'bytes'],
      [
        'a page has any number of publications',
        'count: Math.min(count, MOST_OF_PAGE.count)',
        'count',
      ],
      [
        'a topic that somebody is attached to is forgotten',
        '      topic.audience = null\n      this.#histories.hold(topic)',
        '      topic.audience = null',
      ],
      [
        'a topic that nobody is attached to stays',
        'if (topic.members.size === 0) this.#histories.release(topic)',
      ],
      ['what was forgotten is told late', 'if (this.#histories.find(topic.name) !== topic) return'],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/keeper-client.ts`,
    [`${tests}/process/keeper-client.test.ts`],
    [
      [
        'a keeper that is silent is waited for',
        "giveUp(asked, 'ERR_BROKER_AWAY')\n    }\n    if (this.#asked.length > 0)",
        '}\n    if (this.#asked.length > 0)',
      ],
      [
        'what is not answered has no bound',
        'if (this.#unansweredBytes < this.#backlogBytes) return null',
        'if (this.#unansweredBytes >= 0) return null',
      ],
      [
        'all pages are asked for at once',
        'if (this.#readCount < MOST_READS) return read()',
        'return read()',
      ],
      ['pages that wait are never asked for', 'this.#waitingReads.shift()?.ask()'],
      [
        'what is asked of a keeper that is gone waits',
        "if (this.#keeper === null) return new HoldlineError('ERR_BROKER_AWAY', topic)",
      ],
      ['nobody is told that the keeper is gone', 'this.#sink?.interrupted(', 'void ('],
      ['who is not the keeper is believed', 'if (from !== KEEPER_ID) return false'],
      [
        'an answer to nothing is taken',
        'if (asked === undefined) return false',
        'if (asked === undefined) return true',
      ],
      [
        'an answer is taken for another one',
        'if (kind !== FrameKind.REFUSED && isRead !== (kind === FrameKind.PAGE)) return false',
      ],
      [
        'a refusal passes for an answer',
        'if (answer instanceof HoldlineError) asked.reject(answer)\n    else asked',
        'asked',
      ],
      ['a stopped broker is told', '    this.#sink = null\n    this.#flush()', '    this.#flush()'],
      [
        'answers are not waited for at the end',
        'if (this.#unansweredBytes > 0) await this.#idle()',
      ],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/keeper-host.ts`,
    [`${tests}/process/keeper-host.test.ts`],
    [
      [
        'a process that takes nothing takes the memory of the supervisor',
        'if (this.#waitingBytes > this.#backlogBytes) this.#isFull = true',
      ],
      [
        'what a slow process has missed it never learns',
        'for (const topic of missed) this.#keeper.tellLatest(this, topic)',
      ],
      [
        'a pattern that is none ends the supervisor',
        'if (!isRealPattern(request.topic)) return false',
      ],
      [
        'one topic too many ends the supervisor',
        '      this.#batch.refused(error.code)\n',
        '      throw error\n',
      ],
      [
        'what is malformed is passed over',
        'if (request === null) return false',
        'if (request === null) return true',
      ],
      ['what cannot be carried is kept', 'if (refusal !== null) throw refusal'],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/process-mesh.ts`,
    [`${tests}/process/process-mesh.test.ts`],
    [
      [
        'a mesh starts twice',
        'if (this.#started !== null || this.#isStopped) {',
        'if (this.#isStopped) {',
      ],
      [
        'what a turn sends leaves in many writes',
        'if (out.batch.length >= EARLY_FLUSH_BYTES) this.#flush(out)',
        'this.#flush(out)',
      ],
      [
        'nobody is told to hold back',
        "if (out.waitingBytes <= this.#highBytes) return 'sent'",
        "return 'sent'",
      ],
      ['what is with the kernel still waits', '      out.waitingBytes -= length\n'],
      ['drained is told again and again', '      out.isFull = false\n'],
      [
        'drained is told of those that are gone',
        ' || !out.link.isOpen) return\n      out',
        ') return\n      out',
      ],
      [
        'a worker that is gone is sent to',
        'return known.link.isOpen ? known : null',
        'return known',
      ],
      [
        'the supervisor is sent messages',
        'workerId === 0 ? undefined : this.#links.all.get(workerId)',
        'this.#links.all.get(workerId)',
      ],
      [
        'a message of any length is sent',
        'if (bytes.length > MAX_MESH_MESSAGE_BYTES) {',
        'if (bytes.length < 0) {',
      ],
      [
        'what was sent last is lost at the end',
        '    this.#flushAll()\n    this.#listener = null',
        '    this.#listener = null',
      ],
      [
        'a stopped mesh delivers',
        '    this.#listener = null\n    this.closeNames',
        '    this.closeNames',
      ],
      ['what was asked waits for ever', '    this.closeNames()\n'],
      [
        'an answer waits for a worker for ever',
        "for (const end of this.#ends.values()) end.reject(new HoldlineError('ERR_MESH_STOPPED'))",
      ],
      ['an answer is not asked for again', '    this.#ends.get(workerId)?.resolve()\n'],
      [
        'an answer names a worker that cannot be sent to',
        'if (this.#links.all.get(owner)?.isOpen === true) return owner',
        'if (owner > 0) return owner',
      ],
      ['names are asked before the others hear', '.then(() => this.#names.open())'],
      [
        'a listener that throws takes the next message away',
        'plainBytes(bytes, start, end))\n    } catch (error) {\n      reportUncaught(error)',
        'plainBytes(bytes, start, end))\n    } catch (error) {\n      throw error',
      ],
      [
        'a listener that throws when a worker is gone takes others down',
        'f(this.#listener)\n    } catch (error) {\n      reportUncaught(error)',
        'f(this.#listener)\n    } catch (error) {\n      throw error',
      ],
    ],
  ),
  ...guardsOf(
    `${brokers}/process/peer-link.ts`,
    [`${tests}/process/process-broker.test.ts`, `${tests}/process/process-links.test.ts`],
    [
      ['a member may not send long frames', '      this.#reader.trust()\n'],
      ['a member that breaks the format stays', "else this.#link.cut('frame')"],
    ],
    'taken when nothing waits|is given up and reported',
  ),
]
